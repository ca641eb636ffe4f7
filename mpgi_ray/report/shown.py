"""What a notebook shows of jobs: pictures with their boxes, and texts with the verdicts on their claims.

Pictures are JPEG and tables are bare HTML, without a style: code hosts, where notebooks are read, take all
else out.
"""

from __future__ import annotations

import builtins
import io
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.image import decode
from mpgi_ray.data.sample import Annotation
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.data.shards import ShardFields
from mpgi_ray.data.storage import absolute
from mpgi_ray.report.cards import Card, read_cards
from mpgi_ray.report.html import environment
from mpgi_ray.report.overlay import Colours, overlay
from mpgi_ray.report.painted import Titled, contact_sheet
from mpgi_ray.report.sampling import Sampler


@dataclass(frozen=True, slots=True)
class Shown:
    """Pictures and tables that a notebook displays.

    Attributes:
        parts: in their order: a picture as the bytes of a JPEG, a table as HTML.
    """

    parts: tuple[bytes | str, ...] = field(repr=False)

    def _ipython_display_(self) -> None:
        display = vars(builtins)["display"]  # which IPython gives to every cell
        for part in self.parts:
            display(_Table(part) if isinstance(part, str) else _Picture(part))


@dataclass(frozen=True, slots=True)
class _Picture:
    jpeg: bytes = field(repr=False)

    def _repr_jpeg_(self) -> bytes:
        return self.jpeg


@dataclass(frozen=True, slots=True)
class _Table:
    html: str = field(repr=False)

    def _repr_html_(self) -> str:
        return self.html


def show_pictures(
    rows: Iterable[Mapping[str, Any]], titles: Sequence[str] = (), *, columns: int = 3, boxes: bool = True
) -> Shown:
    """Pictures on one sheet, with what is annotated drawn over them.

    Args:
        rows: of `read_shards` or `read_final`, as dicts or rows of a data frame.
        titles: a line below each; by default its key and what is annotated.
        boxes: False shows the bare pictures.
    """
    colours, pictures = Colours(), []
    for number, row in enumerate(rows):
        note = Annotation.model_validate_json(row["annotation"]) if row.get("annotation") else None
        over = overlay(note, colours) if note and boxes else None
        told = (row["key"], ", ".join(over.described if over else ()))
        lines = (titles[number],) if titles else tuple(line for line in told if line)
        pictures.append(Titled(decode(row["image"]).pixels, over, lines))
    return Shown((contact_sheet(pictures, columns),))


def show_captions(captions: str, *, cards: int = 3, rejected: bool = False, seed: int = 0) -> Shown:
    """Samples of a caption run: each picture with its boxes, and a table of its texts.

    In a text, what is known of the picture underlines what it supports and strikes out what it contradicts;
    claims that it cannot decide are italic, and all else claims nothing that is checked.

    Args:
        captions: the output of `mpgi caption`, finished or not.
        cards: how many samples.
        rejected: show samples with texts that a check refused, and why, in place of good ones.
        seed: another one shows other samples.

    Raises:
        InputError: it is not the folder of a caption run, or its shards are gone.
    """
    folder = CaptionFolder(absolute(captions))
    given = folder.run_record()["recipe"]["input"]
    chunks = folder.chunks()
    sampler = Sampler((chunk.shard for chunk in chunks), cards, seed)
    for chunk in chunks:
        sampler.add(folder.table(chunk))
    picks = sampler.rejected() if rejected else sampler.good()
    gallery = read_cards(picks, find_shards(given["shards"]), ShardFields.model_validate(given["fields"]))
    template = environment().get_template("texts.html.j2")
    parts: list[bytes | str] = []
    for card in map(gallery.card, picks):
        parts += [*_picture(card), template.render(card=card)]
    return Shown(tuple(parts) or ("No sample to show.",))


def _picture(card: Card) -> list[bytes]:
    if not card.picture:
        return []
    return [contact_sheet([Titled(opened(card.picture), card.overlay, (card.description,))])]


def opened(uri: str) -> Image.Image:
    """The picture in a ``data:`` URI."""
    return Image.open(io.BytesIO(b64decode(uri.partition(",")[2])))
