"""What a model with a bridge is, without its weights: its image tower, its bridge and its language model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mpgi_ray.models.architecture import Architecture
from mpgi_ray.models.bridge import Variant
from mpgi_ray.models.bridge_inputs import BridgedInputs
from mpgi_ray.models.normalise import Normalise
from mpgi_ray.models.tokenizer import TextTokenizer


@dataclass(frozen=True, slots=True)
class Bridged:
    """A model with a bridge, without its weights.

    Attributes:
        clip: of which the image tower is taken.
        variant: of the bridge.
        queries: that stand for a picture, over all levels.
        blocks, heads: of the bridge.
        language: ``hidden_size``, ``num_hidden_layers`` … of a Llama of transformers.
        tokens: of a conversation, without the picture.
        tokenizer: JSON of the language model's.
        question: that it learnt to answer with a caption.
    """

    clip: Architecture
    variant: Variant
    queries: int
    blocks: int
    heads: int
    language: Mapping[str, int]
    tokens: int
    tokenizer: str
    question: str

    writes = False  # no captions in the way of a CoCa: it answers

    def inputs(self) -> BridgedInputs:
        """Its pictures, and its texts as answers."""
        taken = asdict(self.clip.inputs())
        return BridgedInputs(taken["preprocess_cfg"], self.tokens, self.tokenizer, self.question)

    def normalise(self) -> Normalise:
        """How pixels become numbers."""
        return self.clip.normalise()

    def codec(self) -> TextTokenizer:
        """Its tokenizer."""
        return TextTokenizer.from_json(self.tokenizer, self.tokens)

    def told(self) -> dict[str, Any]:
        """All but the tokenizer, as JSON."""
        held = {**asdict(self.clip), "tokenizer": None}
        own = {name: getattr(self, name) for name in self.__slots__ if name not in ("clip", "tokenizer")}
        return {"clip": held, **own, "language": dict(self.language)}

    @classmethod
    def of(cls, told: Mapping[str, Any], tokenizer: str) -> Bridged:
        """What `told` gave."""
        own = {**told, "clip": Architecture(**told["clip"]), "variant": Variant(told["variant"])}
        return cls(**own, tokenizer=tokenizer)
