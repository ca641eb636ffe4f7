"""Object boxes in relay prompts, written as the model's family was trained to read them."""

from __future__ import annotations

from collections.abc import Sequence

from mpgi_ray.data.sample import Box, Object
from mpgi_ray.engines.families import family_of
from mpgi_ray.engines.settings import BoxStyle, EngineSettings
from mpgi_ray.prompts import Boxes

_MOST = 20  # boxes: more would cost more tokens than they tell
_READ_AS = {
    "pixels": "[x1, y1, x2, y2] in pixels of a picture of {width} by {height}",
    "thousandths": "[x1, y1, x2, y2] in thousandths of the width and the height",
}


def box_style(engine: EngineSettings) -> tuple[BoxStyle, int | None]:
    """How boxes are written for an engine, and the grid of its model's image tokens in pixels.

    The style is that of its settings, or else of its model's family.
    """
    family = family_of(engine.model)
    return engine.boxes or family.boxes, family.grid


def boxes(
    objects: Sequence[tuple[str, Object]],
    style: BoxStyle,
    grid: int | None,
    annotated: tuple[int, int],
    shown: tuple[int, int],
) -> Boxes | None:
    """The boxes of named objects, at most the first 20.

    Args:
        grid: of the model's image tokens in pixels: its processor scales pictures to multiples of it.
        annotated, shown: width and height of the picture that the boxes were drawn in, and of the one that
            the model gets, in pixels.

    Returns:
        None if there are no objects or the model reads no boxes.
    """
    if style == "none" or not objects:
        return None
    width, height = (1000, 1000)
    if style == "pixels":
        width, height = (max(1, round(side / (grid or 1))) * (grid or 1) for side in shown)
    scale = width / annotated[0], height / annotated[1]
    lines = tuple(f"{name}: {_scaled(o.box, *scale)}" for name, o in objects[:_MOST])
    return Boxes(_READ_AS[style].format(width=width, height=height), lines)


def _scaled(box: Box, x: float, y: float) -> list[int]:
    return [round(box.x1 * x), round(box.y1 * y), round(box.x2 * x), round(box.y2 * y)]
