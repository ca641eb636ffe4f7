"""Caption files of Karpathy's layout, as UCM-captions, Sydney-captions and RSICD have them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mpgi_ray.config import first_problem
from mpgi_ray.data.sample import Rejected
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.item import Entry, Item, Listing
from mpgi_ray.ingest.pictures import Pictures
from mpgi_ray.ingest.tables import read_json_file
from mpgi_ray.ingest.texts import captions_of, is_empty

_SPLITS = {"restval": "train"}  # Karpathy's name for pictures of COCO's validation set that train
_log = logging.getLogger(__name__)


class _Sentence(BaseModel):
    model_config = ConfigDict(frozen=True)
    raw: str


class _Image(BaseModel):
    model_config = ConfigDict(frozen=True)
    filename: str = Field(min_length=1)
    filepath: str = ""
    split: str | None = None
    sentences: tuple[_Sentence, ...] = Field(min_length=1)


def karpathy(
    captions: Annotated[str, typer.Argument(help="The JSON file, with a list `images`.")],
    images: Annotated[str, typer.Option(help="The folder of pictures.")],
    scene: Annotated[bool, typer.Option(help="A folder above a picture names its scene class.")] = False,
) -> Listing:
    """Read captions of Karpathy's layout: `filename`, `sentences` with `raw`, and `split` of each image.

    A file of `{"a.jpg": {"captions": […], "split": …}}`, as of RSITMD, is read as well. Pictures are found by
    path or file name, with another suffix, too. Empty captions, and pictures of the folder that have none,
    are left out, and counted in a warning.

    Raises:
        InputError: the file or folder cannot be read, or is not of this layout.
    """
    content, fingerprint = read_json_file(captions)
    listed, pictures = _images(content, captions), Pictures(images)

    def entries() -> Iterator[Entry]:
        used, empty = set[str](), 0
        for position, raw in enumerate(listed):
            try:
                image = _Image.model_validate(raw)
                name = pictures.find(f"{image.filepath}/{image.filename}".lstrip("/"))
                used.add(name)
                texts = captions_of(dict.fromkeys(sentence.raw for sentence in image.sentences))
                if not texts:
                    raise ValueError("the picture has no caption")
            except ValueError as error:
                detail = first_problem(error) if isinstance(error, ValidationError) else str(error)
                called = raw.get("filename") if isinstance(raw, dict) else None
                yield Rejected(str(called or f"image {position}"), 0, "bad_annotation", detail)
                continue
            empty += sum(is_empty(sentence.raw) for sentence in image.sentences)
            classes = (name.split("/")[0],) if scene and "/" in name else ()
            split = _SPLITS.get(image.split or "", image.split)
            yield Item(pictures.root, name, {"captions": texts, "split": split, "scene": classes})
        if empty:
            _log.warning("%s: captions that are empty, and left out: %d", captions, empty)
        pictures.tell_others(used)

    return Listing("karpathy", f"{captions} {images} {scene}", fingerprint, entries)


def _images(content: Any, path: str) -> list[Any]:
    images = content.get("images") if isinstance(content, dict) else None
    if images is None and isinstance(content, dict) and all(map(_is_by_name, content.values())):
        return [_image(name, told) for name, told in content.items()]
    if not isinstance(images, list):
        raise InputError(f"{path} has no list 'images': expected a caption file of Karpathy's layout")
    return images


def _is_by_name(told: Any) -> bool:
    return isinstance(told, dict) and isinstance(told.get("captions"), list)


def _image(name: str, told: dict[str, Any]) -> dict[str, Any]:
    """What a file that lists captions by file name says of one, as an entry of `images`."""
    sentences = [{"raw": text} for text in told["captions"]]
    return {"filename": name, "sentences": sentences, "split": told.get("split")}
