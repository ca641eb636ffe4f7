"""Pictures with what is annotated drawn over them, as JPEG: what any reader of notebooks shows."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from PIL import Image, ImageDraw, ImageFont

from mpgi_ray.report.overlay import Overlay

_TILE = 256  # px: the longer side of a picture
_GAP = 10  # px
_FONT = 12  # px
_LINE = 16  # px
_LETTER = 6.4  # px: mean width of one
_PAPER, _INK = (255, 255, 255), (34, 38, 42)
_QUALITY = 70
_WIDTH = {"": 2, "crowd": 2, "region": 1, "answer": 3}  # px, of lines


@dataclass(frozen=True, slots=True)
class Titled:
    """A picture of a sheet.

    Attributes:
        picture: 8-bit RGB.
        overlay: what is drawn over it.
        told: lines below it; long ones are broken.
    """

    picture: Image.Image
    overlay: Overlay | None = None
    told: tuple[str, ...] = ()


def contact_sheet(pictures: Sequence[Titled], columns: int = 3) -> bytes:
    """Pictures in rows, each with its lines below it, as one JPEG."""
    columns = max(1, min(columns, len(pictures)))
    tiles = [_tile(each) for each in pictures] or [Image.new("RGB", (_TILE, _TILE), _PAPER)]
    rows = [tiles[at : at + columns] for at in range(0, len(tiles), columns)]
    heights = [max(tile.height for tile in row) + _GAP for row in rows]
    sheet = Image.new("RGB", (columns * (_TILE + _GAP) - _GAP, sum(heights) - _GAP), _PAPER)
    for number, row in enumerate(rows):
        for place, tile in enumerate(row):
            sheet.paste(tile, (place * (_TILE + _GAP), sum(heights[:number])))
    sink = io.BytesIO()
    sheet.save(sink, "JPEG", quality=_QUALITY)
    return sink.getvalue()


def _tile(each: Titled) -> Image.Image:
    picture = each.picture.convert("RGB")
    scale = _TILE / max(picture.size)
    width, height = (max(1, round(side * scale)) for side in picture.size)
    picture = picture.resize((width, height))
    if each.overlay:
        _draw(picture, each.overlay)
    told = (line.replace("×", "x") for line in each.told)  # which Pillow's own font does not have
    lines = [part for line in told for part in wrap(line, int(_TILE / _LETTER)) or [""]]
    tile = Image.new("RGB", (_TILE, height + _LINE * len(lines) + (4 if lines else 0)), _PAPER)
    tile.paste(picture, ((_TILE - width) // 2, 0))
    pen, font = ImageDraw.Draw(tile), ImageFont.load_default(_FONT)
    for number, line in enumerate(lines):
        pen.text((0, height + 4 + number * _LINE), line, _INK, font)
    return tile


def _draw(picture: Image.Image, over: Overlay) -> None:
    x, y = picture.width / over.width, picture.height / over.height
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(max(6, over.font * x))
    for shape in over.shapes:
        pen.polygon([(a * x, b * y) for a, b in shape.points], outline=shape.colour, width=_WIDTH[shape.kind])
    for chip in over.chips:
        box = chip.box
        pen.rectangle((box.x1 * x, box.y1 * y, box.x2 * x, box.y2 * y), fill=chip.colour)
        pen.text((box.x1 * x + 2, box.y1 * y), chip.label, "#101214", font)
