"""What a multimodal scorer is, without its weights: the small files of its folder, and how it is asked."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mpgi_ray.errors import InputError, RecipeError
from mpgi_ray.models.conversation import Around, ConversationInputs, Limits, encoded
from mpgi_ray.models.messages import Message, messages
from mpgi_ray.models.model_folder import HUB_CONFIG
from mpgi_ray.models.normalise import Normalise

_QUESTION, _ANSWER = "\ue000", "\ue001"  # stand for them while the chat template is filled
_PIXELS = ("preprocessor_config.json", "processor_config.json")


@dataclass(frozen=True)
class Multimodal:
    """A multimodal scorer without its weights.

    Attributes:
        name: for messages.
        files: `HUB_FILES` of a folder of transformers: configuration, tokenizer, chat template, pictures.

    Raises:
        RecipeError: the model cannot look at so much, or has no chat template.
        InputError: one of the files is damaged, or missing.
    """

    name: str
    files: Mapping[str, bytes]
    limits: Limits

    def __post_init__(self) -> None:
        vision, side = self.config.vision_config, self.limits.pixels
        step = vision.patch_size * vision.spatial_merge_size
        if side % step:
            raise RecipeError(
                f"pixels {side}: expected a multiple of {step}, the side of what {self.name} makes a token of"
            )
        most = self.config.text_config.max_position_embeddings
        if self.inputs().context_length > most:
            raise RecipeError(
                f"pixels {side} and tokens {self.limits.tokens}: {self.name} reads at most {most} tokens, "
                "those of the picture among them: expected less"
            )

    writes = False  # no captions

    @cached_property
    def config(self) -> Any:
        """The configuration of transformers."""
        from transformers import AutoConfig

        return self._opened(AutoConfig, "configuration", (HUB_CONFIG,))

    def inputs(self) -> ConversationInputs:
        """The pictures that it takes, and texts as captions: answers to no question."""
        around = self.around("")
        return ConversationInputs(
            self.preprocess_cfg,
            len(around.before) + self.limits.tokens + len(around.after),
            self.tokenizer,
            around,
        )

    @property
    def preprocess_cfg(self) -> dict[str, Any]:
        """Its pictures: squares, whatever their proportions."""
        return {"size": self.limits.pixels, "resize_mode": "squash", "interpolation": "bicubic"}

    def normalise(self) -> Normalise:
        """How pixels become numbers."""
        for name in _PIXELS:
            if name in self.files:
                told = self._json(name)
                told = told.get("image_processor", told)
                if {"image_mean", "image_std"} <= set(told):
                    return Normalise(tuple(told["image_mean"]), tuple(told["image_std"]))
        raise InputError(
            f"model {self.name} does not say how its pictures are normalised: expected image_mean and "
            f"image_std in {' or '.join(_PIXELS)}"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return Multimodal, (self.name, self.files, self.limits)  # without what was opened here

    @cached_property
    def tokenizer(self) -> str:
        """The JSON of its tokenizer."""
        return str(self._tokenizer.backend_tokenizer.to_str())

    def around(self, question: str, *, picture: bool = True) -> Around:
        """What its chat template puts around an answer: the same in training and in serving.

        Args:
            question: is read as text, whatever it holds; what goes beyond the limit of an answer is cut.
        """
        filled = self.filled(messages(_QUESTION if question else "", _ANSWER, picture=picture))
        before, answered, after = filled.partition(_ANSWER)
        start, asked, rest = before.partition(_QUESTION)
        if not answered or bool(asked) != bool(question):
            raise RecipeError(f"model {self.name}: its chat template leaves out a question or an answer")
        told = encoded(self.tokenizer, [question])[0][: self.limits.tokens] if question else []
        tokens = [*self.special(start), *told, *self.special(rest)]
        return Around(tuple(self.spread(tokens)), tuple(self.special(after)))

    def filled(self, told: list[Message]) -> str:
        """Its chat template, filled."""
        return str(self._tokenizer.apply_chat_template(told, tokenize=False, add_generation_prompt=False))

    @property
    def stop(self) -> int:
        """The token that ends what it says."""
        return int(self._tokenizer.eos_token_id)

    def special(self, text: str) -> list[int]:
        """The tokens of a part of the template; special ones are what they look like."""
        return list(self._tokenizer.encode(text, add_special_tokens=False)) if text else []

    def spread(self, tokens: list[int]) -> list[int]:
        """With the one token that stands for a picture as often as it has parts."""
        vision, image = self.config.vision_config, self.config.image_token_id
        parts = (self.limits.pixels // (vision.patch_size * vision.spatial_merge_size)) ** 2
        return [one for token in tokens for one in [token] * (parts if token == image else 1)]

    @cached_property
    def _tokenizer(self) -> Any:
        from transformers import AutoTokenizer

        found = self._opened(AutoTokenizer, "tokenizer", self.files)
        if not found.chat_template and "chat_template.json" in self.files:  # of before transformers 4.50
            found.chat_template = self._json("chat_template.json").get("chat_template")
        if not found.chat_template:
            raise RecipeError(
                f"model {self.name} has no chat template: expected one that was taught to answer, e.g. "
                "Qwen/Qwen2-VL-2B-Instruct"
            )
        return found

    def _opened(self, kind: Any, what: str, names: Iterable[str]) -> Any:
        with tempfile.TemporaryDirectory() as folder:  # transformers takes files by their folder
            for name in names:
                Path(folder, name).write_bytes(self.files[name])
            try:
                return kind.from_pretrained(folder, trust_remote_code=False)
            except Exception as error:  # each file has errors of its own
                said = " ".join(str(error).split())[:200]
                raise InputError(f"model {self.name}: its {what} cannot be read: {said}") from error

    def _json(self, name: str) -> dict[str, Any]:
        try:
            told = json.loads(self.files[name])
        except (KeyError, ValueError) as error:
            raise InputError(f"model {self.name} has no {name} that can be read ({error!r})") from error
        if not isinstance(told, dict):
            raise InputError(f"model {self.name}: its {name} is no JSON object")
        return told
