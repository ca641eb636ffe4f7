"""What the open families of multimodal models expect: the size of an image token, and how boxes are written.

A model is recognised offline, by its name or by the architecture that its ``config.json`` names. The size of
a token comes from the family's image processor in transformers, the box convention from its authors; each
row says where the latter was read. A family that is not listed gets ``UNKNOWN``: no grid, no boxes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from mpgi_ray.engines.adapter import adapter_of
from mpgi_ray.engines.settings import BoxStyle


@dataclass(frozen=True, slots=True)
class Family:
    """One family of models.

    Attributes:
        name: as its authors write it.
        marks: a name or an architecture that holds one of these, in small letters and digits alone.
        grid: pixels along each side of one image token; None where tokens do not follow the picture's size.
        boxes: as its boxes were written in training: ``pixels`` of the scaled picture, ``thousandths`` of
            width and height, or ``none`` if it was trained with none, or in a way that is not known.
        tile_tokens, tiles: where a picture is cut into tiles of fixed size: tokens of a tile, and how many
            there are at most, with the small whole picture beside them.
        row_breaks: one more token ends each row of the grid.
    """

    name: str
    marks: tuple[str, ...]
    grid: int | None = None
    boxes: BoxStyle = "none"
    tile_tokens: int = 0
    tiles: int = 0
    row_breaks: bool = False

    def image_tokens(self, width: int, height: int) -> int | None:
        """Tokens that a picture of this size in pixels takes at most; None if unknown. For planning."""
        if self.grid is not None:
            across, down = ceil(width / self.grid), ceil(height / self.grid)
            return down * (across + 1) if self.row_breaks else down * across
        return self.tile_tokens * self.tiles or None


UNKNOWN = Family("unknown", ())

FAMILIES = (
    # Qwen2-VL paper (arXiv 2409.12191), 2.1: coordinates "normalized within [0, 1000)"
    Family("Qwen2-VL", ("qwen2vl",), grid=28, boxes="thousandths"),
    # authors in thread 676 of QwenLM/Qwen3-VL: absolute, of the picture after the processor's scaling
    Family("Qwen2.5-VL", ("qwen25vl",), grid=28, boxes="pixels"),
    # authors' notes, quoted in thread 1741 of QwenLM/Qwen3-VL: relative, 0 to 1000
    Family("Qwen3-VL", ("qwen3vl",), grid=32, boxes="thousandths"),
    # authors in thread 4 of QwenLM/Qwen3.8-Flash-Next: still relative, 0 to 1000
    Family("Qwen3.5", ("qwen35",), grid=32, boxes="thousandths"),
    # InternVL documentation, "Chat Data Format": [0, 1000]; 12 tiles of 448 pixels and the whole picture
    Family("InternVL", ("internvl",), boxes="thousandths", tile_tokens=256, tiles=13),
    # authors in threads 114 and 161 of zai-org/GLM-V: thousandths
    Family(
        "GLM-4.xV",
        ("glm41v", "glm45v", "glm46v", "glm4vforconditional", "glm4vmoe"),
        grid=28,
        boxes="thousandths",
    ),
    # no box convention in its model card; 256 tokens whatever the size, without pan and scan
    Family("Gemma 3", ("gemma3",), tile_tokens=256, tiles=1),
    # authors in thread 982 of OpenBMB/MiniCPM-V, of 4.5; older are not known. 9 slices and the whole picture
    Family("MiniCPM-V 4.5", ("minicpmv45",), boxes="thousandths", tile_tokens=64, tiles=10),
    Family("MiniCPM-V", ("minicpmv26", "minicpmv4"), tile_tokens=64, tiles=10),
    # no box convention in their model cards
    Family("Pixtral", ("pixtral",), grid=16, row_breaks=True),
    Family("Mistral Small", ("mistralsmall31", "mistralsmall32", "mistral3for"), grid=28, row_breaks=True),
    Family("Kimi-VL", ("kimivl",), grid=28),  # thread 56 of MoonshotAI/Kimi-VL: fractions of 1
    # boxes are fractions of 1 (LLaVA-1.5 paper, arXiv 2310.03744, table 7); 24 × 24 patches of 336 pixels
    Family("LLaVA-1.5", ("llava15", "llavaforconditional"), tile_tokens=576, tiles=1),
    Family("LLaVA", ("llava",)),  # NeXT and OneVision: tiles by aspect ratio, not estimated
)


def family_of(model: str) -> Family:
    """The family of a hub id or a local folder; ``UNKNOWN`` if neither name nor architecture tells.

    The architectures in a folder's ``config.json`` come before its name, which can be anything. An adapter is
    of the family of its base. An engine without a model has no family.
    """
    if not model:
        return UNKNOWN
    if (adapter := adapter_of(model)) is not None:
        return family_of(adapter.base)
    for name in (*_architectures(Path(model)), "/".join(model.rstrip("/").split("/")[-2:])):
        plain = re.sub("[^a-z0-9]", "", name.lower())
        for family in FAMILIES:
            if any(mark in plain for mark in family.marks):
                return family
    return UNKNOWN


def _architectures(folder: Path) -> list[str]:
    try:
        config = json.loads((folder / "config.json").read_text())
    except (OSError, ValueError):
        return []
    return [str(name) for name in config.get("architectures") or ()]
