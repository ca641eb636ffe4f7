"""COCO files as tools write, cut and mangle them: pictures of one file, and files that are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from support.ingested import HEIGHT, WIDTH, picture

BAD = "bad_annotation"
_FULL = HEIGHT * WIDTH


class CocoPicture(NamedTuple):
    """A picture of a COCO file with its annotations, and what is to become of it.

    Attributes:
        image: fields of the picture; those that are not given are right.
        notes: fields of its annotations, likewise.
        reason: of its rejected row; empty if the picture is kept.
        says: a regular expression that the row's detail has to match.
    """

    name: str
    image: dict[str, Any]
    notes: tuple[Any, ...] = ()
    reason: str = ""
    says: str = ""


_MANY = tuple({"bbox": [1 + number / 40_000, 1, 5, 5]} for number in range(20_001))


def coco_pictures() -> list[CocoPicture]:
    nan, infinite = float("nan"), float("inf")

    def box(*values: Any) -> tuple[dict[str, Any]]:
        return ({"bbox": list(values)},)

    def mask(counts: Any, height: Any = HEIGHT, width: Any = WIDTH) -> tuple[dict[str, Any]]:
        return ({"bbox": None, "segmentation": {"counts": counts, "size": [height, width]}},)

    def outline(*numbers: Any) -> tuple[dict[str, Any]]:
        return ({"bbox": None, "segmentation": [list(numbers)]},)

    cases: dict[str, tuple[Any, ...]] = {
        "no_notes": ({},),
        "box_nan": ({}, box(nan, 2, 9, 8), BAD, "annotation 1: .*finite|objects.*finite"),
        "box_infinite": ({}, box(1, 2, infinite, 8), BAD, "finite"),
        "box_beyond_floats": ({}, box(1, 2, 10**400, 8), BAD, "bbox.2"),
        "box_overflowing": ({}, box(1.7e308, 2, 1.7e308, 8), BAD, "finite"),
        "box_negative": ({}, box(9, 8, -5, -5), BAD, "inverted or empty"),
        "box_of_nothing": ({}, box(1, 2, 0, 0), BAD, "inverted or empty"),
        "box_outside": ({}, box(100, 2, 9, 8), BAD, "outside the image of 40×30"),
        "box_over_the_border": ({}, box(-5, -5, 100, 100)),
        "box_of_text": ({}, box("1", "2", "9", "8")),
        "box_of_words": ({}, box("a", "b", "c", "d"), BAD, "bbox.0: .*found 'a'"),
        "box_of_three": ({}, box(1, 2, 3), BAD, "bbox"),
        "box_a_number": ({}, ({"bbox": 7},), BAD, "bbox: .*found 7"),
        "neither": ({}, ({"bbox": None},), BAD, "neither bbox nor segmentation"),
        "outline_of_two": ({}, outline(1, 1, 9, 9), BAD, "an outline of 4 numbers"),
        "outline_of_five": ({}, outline(1, 1, 9, 9, 5), BAD, "an outline of 5 numbers"),
        "outline_of_none": ({}, outline(), BAD, "an outline of 0 numbers"),
        "outline_nan": ({}, outline(1, 1, 9, 9, nan, 1), BAD, "finite"),
        "outline_flat": ({}, outline(1, 1, 9, 1, 5, 1), BAD, "inverted or empty"),
        "outlines_none": ({}, ({"bbox": None, "segmentation": []},), BAD, "neither"),
        "outline_long": ({}, outline(*(n % 29 for n in range(4_000)))),
        "mask_full": ({}, mask([0, _FULL])),
        "mask_empty": ({}, mask([_FULL]), BAD, "the mask is empty"),
        "mask_short": ({}, mask([5, 6]), BAD, "add up to 11, expected 1200"),
        "mask_negative": ({}, mask([-5, _FULL + 5]), BAD, "none below 0"),
        "mask_beyond": ({}, mask([10**30]), BAD, "expected 1200"),
        "mask_of_fractions": ({}, mask([0.5, _FULL - 0.5]), BAD, "segmentation"),
        "mask_none": ({}, mask([]), BAD, "add up to 0"),
        "mask_of_zeros": ({}, mask([0] * 50_000 + [_FULL]), BAD, "the mask is empty"),
        "mask_of_noise": ({}, mask("~~~~"), BAD, "character '~' at position 0"),
        "mask_cut": ({}, mask("o"), BAD, "ends inside a number"),
        "mask_endless": ({}, mask("o" * 50_000), BAD, "more than 60 bits"),
        "mask_of_bytes": ({}, mask("\u0000\ud800"), BAD, "character"),
        "mask_of_4_Gpx": ({"width": ...}, mask([2**32], 2**16, 2**16), BAD, "expected 1 to 400,000,000"),
        "mask_of_nothing": ({"height": ...}, mask([0], 0, 0), BAD, "expected 1 to 400,000,000"),
        "mask_of_another": ({}, mask([0, 99], 9, 11), BAD, "11×9 pixels, expected the image's 40×30"),
        "mask_of_unstated": ({"width": ..., "height": ...}, mask([0, _FULL])),
        "mask_without_size": ({}, ({"bbox": None, "segmentation": {"counts": [1]}},), BAD, "size"),
        "crowd": ({}, ({"iscrowd": 1},)),
        "crowd_of_words": ({}, ({"iscrowd": "many"},), BAD, "iscrowd: .*found 'many'"),
        "crowd_of_nine": ({}, ({"iscrowd": 9},), BAD, "iscrowd"),
        "class_unknown": ({}, ({"category_id": 99},), BAD, "unknown category_id 99: expected one of 1, 2"),
        "class_null": ({}, ({"category_id": None},), BAD, "category_id"),
        "class_missing": ({}, ({"category_id": ...},), BAD, "category_id: Field required"),
        "class_a_list": ({}, ({"category_id": [1]},), BAD, "category_id"),
        "class_a_text": ({}, ({"category_id": "1"},)),
        "class_a_float": ({}, ({"category_id": 1.0},)),
        "note_ids_alike": ({}, ({"id": 7}, {"id": 7, "bbox": [2, 2, 5, 5]})),
        "note_many": (
            {},
            tuple({"bbox": [1 + i / 40_000, 1, 5, 5]} for i in range(20_001)),
            "too_many_objects",
            "20,001 objects",
        ),
        "note_deep": ({}, ({"attributes": [[[[[[[[]]]]]]]]},)),
        "width_wrong": ({"width": 41}, (), "size_mismatch", "stated as 41×30, the picture has 40×30"),
        "width_negative": ({"width": -1}, (), "size_mismatch", "stated as -1×30"),
        "width_a_text": ({"width": "40"},),
        "width_nan": ({"width": nan}, (), BAD, "width"),
        "id_a_text": ({"id": "seven"},),
        "id_digits": ({"id": "70001"}, ({"image_id": 70_001},)),
        "id_a_float": ({"id": 70_002}, ({"image_id": 70_002.0},)),
        "id_null": ({"id": None}, (), BAD, "id"),
        "id_a_list": ({"id": [1]}, (), BAD, "id"),
        "id_missing": ({"id": ...}, (), BAD, "id: Field required"),
        "file_missing": ({"file_name": ...}, (), BAD, "file_name: Field required"),
        "file_empty": ({"file_name": ""}, (), BAD, "file_name"),
        "file_null": ({"file_name": None}, (), BAD, "file_name"),
        "file_gone": ({"file_name": "nowhere.png"}, (), "missing_image", "no file nowhere.png"),
        "file_absolute": ({"file_name": "/etc/passwd"}, (), BAD, "expected a relative path"),
        "file_climbing": ({"file_name": "a/../../m"}, (), BAD, "expected a relative path"),
        "file_nul": ({"file_name": "a\0.png"}, (), BAD, "no file's name"),
        "file_half": ({"file_name": "\ud83d.png"}, (), BAD, "file_name: .*ud83d"),
        "file_a_folder": ({"file_name": "folder"}, (), "unreadable_image", "it is a folder"),
        "file_long": ({"file_name": "n" * 5000}, (), "unreadable_image", "too long"),
        "file_a_url": ({"file_name": "https://h/a.png"}, (), "missing_image", "no file"),
        "file_a_number": ({"file_name": 7}, (), BAD, "file_name: .*found 7"),
    }
    return [CocoPicture(name, *case) for name, case in cases.items()]


def write_coco(folder: Path) -> tuple[Path, list[CocoPicture]]:
    """One file of all pictures, beside them."""
    (folder / "folder").mkdir(parents=True)
    pictures = coco_pictures()
    images, notes = [], []
    for number, one in enumerate(pictures, start=1):
        (folder / f"{one.name}.png").write_bytes(picture())
        image = {"id": number, "file_name": f"{one.name}.png", "width": WIDTH, "height": HEIGHT} | one.image
        images.append(_given(image))
        for note in one.notes:
            right = {"id": len(notes), "image_id": image["id"], "category_id": 1, "bbox": [1, 2, 9, 8]}
            notes.append(_given(right | note))
    content = {"images": images, "annotations": notes, "categories": _CATEGORIES}
    (folder / "instances.json").write_text(json.dumps(content))
    return folder / "instances.json", pictures


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not ...}


_CATEGORIES = [{"id": 1, "name": "ship"}, {"id": 2, "name": "tank"}]


def bad_files() -> dict[str, tuple[bytes, str]]:
    """Whole files that cannot be used, each with what the one line of its error has to match."""
    whole = {"images": [], "annotations": [], "categories": []}

    def changed(**parts: Any) -> bytes:
        return json.dumps(whole | parts).encode()

    named, other, long = ({"id": 1, "name": name} for name in ("a", "b", "b" * 90_000))
    return {
        "empty": (b"", "not valid JSON: Expecting value"),
        "cut": (changed()[:-5], "not valid JSON"),
        "a_page": (b"<html>404</html>", "not valid JSON"),
        "a_list": (b"[]", "has no list 'images': expected a COCO instances file"),
        "a_text": (b'"COCO"', "has no list 'images': expected"),
        "null": (b"null", "has no list 'images': expected"),
        "two_values": (changed() * 2, "not valid JSON: Extra data"),
        "lines": (b'{"image": "a.png"}\n{"image": "b.png"}', "not valid JSON: Extra data"),
        "latin_1": (b'{"images": ["\xe9"]}', "is not UTF-8 .byte 14.: save it as UTF-8"),
        "zeros": (bytes(999), "not valid JSON"),
        "deep": (b'{"images":' + b"[" * 200_000, "nested too deeply"),
        "digits": (b'{"images":' + b"9" * 9000 + b"}", "thousands of digits"),
        "no_images": (b'{"annotations": [], "categories": []}', "has no list 'images'"),
        "no_annotations": (b'{"images": [], "categories": []}', "has no list 'annotations'"),
        "images_a_mapping": (changed(images={}), "has no list 'images'"),
        "categories_null": (changed(categories=None), "has no list 'categories'"),
        "nothing": (changed(), "holds no entries: expected one picture"),
        "class_a_text": (changed(categories=["ship"]), "category 0: .*found 'ship'"),
        "class_unnamed": (changed(categories=[{"id": 1}]), "category 0: name: Field required"),
        "class_empty": (changed(categories=[{"id": 1, "name": ""}]), "category 0: name"),
        "class_null_id": (changed(categories=[{"id": None, "name": "a"}]), "category 0: id"),
        "class_twice": (changed(categories=[named, other]), "category id 1 is both 'a' and 'b'"),
        "class_long": (changed(categories=[named, long]), "is both 'a' and 'b+[.]"),
    }  # fmt: skip
