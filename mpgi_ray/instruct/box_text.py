"""Boxes as text, in the convention of the model that is to learn them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mpgi_ray.data.box import Box
from mpgi_ray.engines.families import family_of
from mpgi_ray.errors import RecipeError

Style = Literal["shares", "thousandths", "pixels"]


@dataclass(frozen=True, slots=True)
class BoxText:
    """How boxes are written.

    Attributes:
        style: ``shares`` of width and height with three digits, ``thousandths`` of them, or ``pixels``.
        grid: in pixels: the model's processor scales pictures to multiples of it; pixels are those of the
            scaled picture. None leaves pictures as they are.
    """

    style: Style = "shares"
    grid: int | None = None

    @classmethod
    def of_model(cls, model: str) -> BoxText:
        """As the family of a model was trained to write them.

        Raises:
            RecipeError: the family was trained with no boxes, or it is not known how.
        """
        family = family_of(model)
        if family.boxes == "none":
            raise RecipeError(
                f"it is not known how {model} ({family.name}) writes boxes: set boxes to shares, thousandths "
                "or pixels"
            )
        return cls(family.boxes, family.grid if family.boxes == "pixels" else None)

    def text(self, box: Box, size: tuple[int, int]) -> str:
        """``[120, 300, 250, 440]``.

        Args:
            box: in shares of the picture.
            size: of the picture in pixels.
        """
        if self.style == "shares":
            return f"[{', '.join(f'{value:.3f}' for value in box)}]"
        width, height = (1000, 1000) if self.style == "thousandths" else self._shown(size)
        scaled = (box.x1 * width, box.y1 * height, box.x2 * width, box.y2 * height)
        return f"[{', '.join(str(round(value)) for value in scaled)}]"

    def how(self, size: tuple[int, int]) -> str:
        """The end of a request that says how to answer."""
        if self.style == "pixels":
            width, height = self._shown(size)
            return f" as [x1, y1, x2, y2] in pixels of a picture of {width} by {height}"
        shares = "shares" if self.style == "shares" else "thousandths"
        return f" as [x1, y1, x2, y2] in {shares} of the width and the height"

    def _shown(self, size: tuple[int, int]) -> tuple[int, int]:
        grid = self.grid or 1
        width, height = (max(1, round(side / grid)) * grid for side in size)
        return width, height
