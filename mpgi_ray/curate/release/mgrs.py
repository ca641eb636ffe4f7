"""MGRS-200k's JSON, which FarSLIP trains on: a list of pictures with captions and boxes of named objects.

Its reader takes ``global_caption``, or else ``detailed_caption``, and unpacks a box by the order of its keys,
so that order is a part of the form.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mpgi_ray.data.storage import Storage

MGRS = "text_info.json"
_LONG, _SHORT = "long", "short"


def picture_of(path: str, note: Mapping[str, Any], text: str) -> dict[str, Any]:
    """A picture as an element of the list, without the numbers of its categories.

    The text ``long`` is the detailed caption and ``short`` the brief one. Where there is no ``long``,
    the main text is the global caption. Boxes that hold a group are left out, as none shows one
    object.

    Args:
        note: the ``.json`` of the final sample.
        text: its main text.
    """
    annotation, texts = note["annotation"], note["texts"]
    captions = {"detailed_caption": texts[_LONG]} if _LONG in texts else {"global_caption": text}
    captions |= {"brief_caption": texts[_SHORT]} if _SHORT in texts else {}
    classes, size = annotation.get("vocabulary", {}), (annotation["width"], annotation["height"])
    parts = [
        {
            "bbox": dict(zip(("x1", "y1", "x2", "y2", "W", "H"), (*thing["box"], *size), strict=True)),
            "category": classes.get(thing["label"], {}).get("name") or thing["label"],
        }
        for thing in annotation.get("objects", ())
        if not thing.get("crowd", False)
    ]
    return {"global_filepath": path, **captions, "segment": parts}


def numbered(work: Storage, names: Sequence[str], labels: Sequence[str]) -> Iterator[bytes]:
    """The whole file, a picture a line: those of each part with the numbers of their categories.

    Args:
        names: of the parts in the work folder.
        labels: all categories, in the order of their numbers.
    """
    number = {label: place for place, label in enumerate(labels)}
    before = b"[\n"
    for name in names:
        for picture in json.loads(work.read(name)):
            for part in picture["segment"]:
                part["category_id"] = number[part["category"]]
            yield before + json.dumps(picture, ensure_ascii=False).encode()
            before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"
