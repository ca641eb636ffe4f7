"""Tiny models with random weights, in the layout of the hub: what an engine needs to start, made on the spot.

Their texts mean nothing, but tokens, caches, schemas and errors behave as with a real model. The same call
writes the same weights and the same tokenizer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen2VLImageProcessor,
)

from mpgi_ray.models import kept, multimodal_folder
from mpgi_ray.models.conversation import Limits

_SPECIAL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
_CORPUS = (
    "Describe this aerial image.",
    "How many objects of each class are there, and where?",
    "Name the land use and the surroundings in one sentence.",
    "A harbor with five ships, three of them at the pier.",
    "Two airplanes stand on the apron beside the terminal.",
    "Farmland surrounds a village; a river crosses it from north to south.",
    '{"short": "a text", "long": "another text", "count": 12}',
)
_CHAT = """{%- for message in messages -%}
<|im_start|>{{ message.role }}
{% if message.content is string -%}
{{ message.content }}
{%- else -%}
{%- for part in message.content -%}
{%- if part.type == 'image' -%}<|vision_start|><|image_pad|><|vision_end|>
{%- elif part.type == 'text' -%}{{ part.text }}
{%- endif -%}
{%- endfor -%}
{%- endif -%}<|im_end|>
{% endfor -%}
{%- if add_generation_prompt -%}<|im_start|>assistant
{% endif -%}"""


def make_mllm(folder: Path, version: str = "2") -> Path:
    """A Qwen2-VL of 0.6 million weights: 28 pixels an image token, 4096 tokens of context.

    Args:
        version: ``2.5`` for a Qwen2.5-VL.
    """
    tokenizer = _tokenizer(folder)
    token = tokenizer.convert_tokens_to_ids
    vision: dict[str, Any] = {
        "depth": 1,
        "num_heads": 2,
        "patch_size": 14,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "initializer_range": 0.3,
    }
    kinds: dict[str, tuple[type[PretrainedConfig], type[PreTrainedModel], dict[str, Any]]] = {
        "2": (
            Qwen2VLConfig,
            Qwen2VLForConditionalGeneration,
            {"embed_dim": 64, "hidden_size": 128, "mlp_ratio": 2},
        ),
        "2.5": (
            Qwen2_5_VLConfig,
            Qwen2_5_VLForConditionalGeneration,
            {
                "hidden_size": 64,
                "out_hidden_size": 128,
                "intermediate_size": 128,
                "fullatt_block_indexes": [0],
            },
        ),
    }
    configured, kind, sizes = kinds[version]
    config = configured(
        text_config=_text_config(len(tokenizer))
        | {"rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [4, 6, 6]}},
        vision_config=vision | sizes,
        image_token_id=token("<|image_pad|>"),
        video_token_id=token("<|video_pad|>"),
        vision_start_token_id=token("<|vision_start|>"),
        vision_end_token_id=token("<|vision_end|>"),
    )
    Qwen2VLImageProcessor(
        patch_size=14, merge_size=2, size={"shortest_edge": 56 * 56, "longest_edge": 448 * 448}
    ).save_pretrained(folder)
    return _save(folder, kind, config)


def make_scorer(base: Path, output: Path, side: int = 84) -> Path:
    """A scorer on a model of `make_mllm`, with a random head; the folder."""
    architecture = multimodal_folder.read_architecture(base, Limits(side, 40))
    torch.manual_seed(1)
    model = multimodal_folder.build(architecture)
    multimodal_folder.load_weights(model, base)
    kept.save(output, architecture, model)
    return output


def make_llm(folder: Path) -> Path:
    """A Qwen2 of 0.4 million weights, text only: 4096 tokens of context."""
    return _save(folder, Qwen2ForCausalLM, Qwen2Config(**_text_config(len(_tokenizer(folder)))))


def _text_config(vocabulary: int) -> dict[str, Any]:
    return {
        "vocab_size": vocabulary,
        "hidden_size": 128,
        "intermediate_size": 256,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 4096,
        "tie_word_embeddings": False,
        "initializer_range": 0.3,  # large enough that replies differ from prompt to prompt
        "bos_token_id": 0,
        "eos_token_id": 2,
    }


def _tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer with Qwen's special tokens and a chat template, saved to ``folder``."""
    pieces = Tokenizer(models.BPE())
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())  # every text can be written
    pieces.train_from_iterator(
        _CORPUS,
        trainers.BpeTrainer(
            vocab_size=420, special_tokens=list(_SPECIAL), initial_alphabet=alphabet, show_progress=False
        ),
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=pieces,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=list(_SPECIAL[1:]),
        model_max_length=4096,
    )
    tokenizer.chat_template = _CHAT
    tokenizer.save_pretrained(folder)
    return tokenizer


def _save(folder: Path, kind: type[PreTrainedModel], config: PretrainedConfig) -> Path:
    torch.manual_seed(0)
    kind(config).to(torch.float32).save_pretrained(folder)
    return folder
