"""Models of true size without weights, for ``load_format: dummy`` where nothing can be downloaded.

    python benchmarks/true_size.py FOLDER

leaves ``FOLDER/mllm`` and ``FOLDER/llm``: configurations with the sizes of Qwen2-VL-7B and Qwen2-7B, beside
the tokenizer of the tests' tiny models. Its tokens are shorter than real ones, so prompts have more than
twice as many: images a second are too low, and what counts are tokens a second and ratios.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from support.tiny_models import make_llm, make_mllm

TEXT = {
    "vocab_size": 152_064,
    "hidden_size": 3584,
    "intermediate_size": 18_944,
    "num_hidden_layers": 28,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "max_position_embeddings": 32_768,
    "dtype": "bfloat16",
}
VISION = {"depth": 32, "embed_dim": 1280, "hidden_size": 3584, "num_heads": 16, "mlp_ratio": 4}
ROPE = {"rope_type": "default", "rope_theta": 1_000_000.0}


def main(folder: Path) -> None:
    for name, make in (("llm", make_llm), ("mllm", make_mllm)):
        (folder / name).mkdir(parents=True)
        make(folder / name)
        for weights in (folder / name).glob("*.safetensors"):
            weights.unlink()
        for file, change in (
            ("config.json", grown),
            ("tokenizer.json", filled),
            ("tokenizer_config.json", longer),
        ):
            path = folder / name / file
            path.write_text(json.dumps(change(json.loads(path.read_text()))))


def filled(tokenizer: dict[str, Any]) -> dict[str, Any]:
    """A tokenizer with a name for every token that the model can write."""
    known = tokenizer["model"]["vocab"]
    known |= {f"filler{number}": number for number in range(len(known), TEXT["vocab_size"])}
    return tokenizer


def longer(settings: dict[str, Any]) -> dict[str, Any]:
    return settings | {"model_max_length": TEXT["max_position_embeddings"]}


def grown(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration of the tiny model with true sizes."""
    if "vision_config" not in config:
        return _text(config)
    text = _text(config["text_config"], mrope_section=[16, 24, 24])
    return config | {
        "text_config": text,
        "vision_config": config["vision_config"] | VISION,
        "dtype": "bfloat16",
    }


def _text(config: dict[str, Any], **rope: Any) -> dict[str, Any]:
    layers = (
        {"layer_types": ["full_attention"] * TEXT["num_hidden_layers"]} if "layer_types" in config else {}
    )
    return config | TEXT | layers | {"rope_parameters": ROPE | rope}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
