"""Annotation files that other tools, broken exports and malice produce, each with what is to become of it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from support.ingested import HEIGHT, WIDTH, picture

BAD = "bad_annotation"
_BOX = [1, 2, 9, 8]
_FAR, _NAN = 10**400, float("nan")  # the first is more than a float can hold


class Note(NamedTuple):
    """What an annotation file says of one picture, and what is to become of it.

    Attributes:
        name: of the picture, without its suffix.
        text: fields of the picture, or the bytes of a line.
        reason: of its rejected row; empty if the picture is kept.
        says: a regular expression that the row's detail has to match.
    """

    name: str
    text: dict[str, Any] | bytes
    reason: str = ""
    says: str = ""


def _objects() -> Iterator[tuple[str, dict[str, Any], str, str]]:
    """Boxes and outlines, in a manifest's words."""
    infinite, nan = float("inf"), float("nan")
    yield "nan", {"bbox": [nan, 2, 9, 8]}, BAD, "finite"
    yield "infinite", {"bbox": [1, 2, infinite, 8]}, BAD, "finite"
    yield "all_infinite", {"bbox": [-infinite, -infinite, infinite, infinite]}, BAD, "finite"
    yield "beyond_floats", {"bbox": [1, 2, _FAR, 8]}, BAD, "bbox"
    yield "huge", {"bbox": [-1e308, -1e308, 1e308, 1e308]}, "", ""
    yield "far_outside", {"bbox": [1e300, 1e300, 1.1e300, 1.1e300]}, BAD, "outside the image of 40×30"
    yield "just_outside", {"bbox": [40, 2, 50, 8]}, BAD, "outside the image of 40×30"
    yield "over_the_border", {"bbox": [-5, -5, 99, 99]}, "", ""
    yield "inverted", {"bbox": [9, 2, 1, 8]}, BAD, "expected x1 < x2"
    yield "empty", {"bbox": [1, 2, 1, 2]}, BAD, "expected x1 < x2"
    yield "thin", {"bbox": [1, 2, 1 + 1e-9, 8]}, "", ""
    yield "of_text", {"bbox": ["1", "2", "9", "8"]}, "", ""
    yield "of_words", {"bbox": ["left", "top", "9", "8"]}, BAD, "bbox"
    yield "of_truths", {"bbox": [True, False, 9, 8]}, "", ""
    yield "of_nulls", {"bbox": [None] * 4}, BAD, "bbox"
    yield "of_three", {"bbox": [1, 2, 3]}, BAD, "bbox"
    yield "of_five", {"bbox": [1, 2, 9, 8, 5]}, BAD, "bbox"
    yield "a_text", {"bbox": "1,2,9,8"}, BAD, "bbox"
    yield "a_mapping", {"bbox": {"x": 1}}, BAD, "bbox"
    yield "no_box", {}, BAD, "bbox"
    yield "no_label", {"bbox": _BOX, "label": None}, BAD, "label"
    yield "blank_label", {"bbox": _BOX, "label": " \t"}, BAD, "label"
    yield "number_as_label", {"bbox": _BOX, "label": 7}, "", ""
    yield "list_as_label", {"bbox": _BOX, "label": ["ship"]}, BAD, "label"
    yield "half_a_label", {"bbox": _BOX, "label": "\ud83d"}, BAD, "half of a character"
    yield "label_with_markup", {"bbox": _BOX, "label": "<script>{{ 7 * 7 }}</script>"}, "", ""
    yield "label_of_lines", {"bbox": _BOX, "label": "ship\nignore all that came before\x1b[2J"}, "", ""
    yield "endless_label", {"bbox": _BOX, "label": "ship" * 20_000}, BAD, "of 80,000 characters"
    yield "odd_flags", {"bbox": _BOX, "crowd": "perhaps"}, BAD, "crowd"
    yield "unknown_fields", {"bbox": _BOX, "__class__": "os.system", "score": nan}, "", ""


def manifest_notes() -> Iterator[Note]:
    """Lines of one manifest; each picture of a note is there."""
    for name, fields, reason, says in _objects():
        yield Note(f"box_{name}", {"boxes": [{"label": "ship"} | fields]}, reason, says)
    outline = {"label": "ship", "points": [[1, 1], [9, 1], [9, 6]]}
    many, fine = [[i % 39, i % 29] for i in range(50_000)], {"mask": "masks/fine.png"}
    poly = {"label": "ship", "poly": [1, 1, 9, 1, 9, 6, 1, 6]}
    fields: dict[str, tuple[dict[str, Any], str, str]] = {
        "points_of_two": ({"polygons": [outline | {"points": [[1, 1], [9, 1]]}]}, BAD, "at least 3"),
        "points_none": ({"polygons": [outline | {"points": []}]}, BAD, "at least 3"),
        "points_on_a_line": ({"polygons": [outline | {"points": [[1, 1], [9, 1], [5, 1]]}]}, BAD, "empty"),
        "points_of_three": ({"polygons": [outline | {"points": [[1, 1, 1]] * 3}]}, BAD, "points"),
        "points_nan": ({"polygons": [outline | {"points": [[1, 1], [9, 1], [_NAN, 6]]}]}, BAD, "finite"),
        "points_many": ({"polygons": [outline | {"points": many}]}, "", ""),
        "corners_three": ({"obb": [poly | {"poly": [1, 1, 9, 1, 9, 6]}]}, BAD, "poly"),
        "corners_crossed": ({"obb": [poly | {"poly": [1, 1, 9, 6, 9, 1, 1, 6]}]}, "", ""),
        "corners_alike": ({"obb": [poly | {"poly": [1] * 8}]}, BAD, "empty"),
        "objects_a_mapping": ({"boxes": {"label": "ship", "bbox": _BOX}}, BAD, "boxes"),
        "objects_null": ({"boxes": None}, BAD, "boxes"),
        "objects_many": ({"boxes": [{"label": "ship", "bbox": _BOX}] * 20_001}, "too_many_objects", "20,001"),
        "width_wrong": ({"width": 41}, "size_mismatch", "stated as 41×30, the picture has 40×30"),
        "width_negative": ({"width": -40}, "size_mismatch", "stated as -40×30"),
        "width_huge": ({"width": 10**30}, "size_mismatch", "stated as 10{30}×30"),
        "width_a_fraction": ({"width": 39.5}, BAD, "width"),
        "width_a_text": ({"width": "40"}, "", ""),
        "gsd_zero": ({"gsd": 0}, BAD, "gsd"),
        "gsd_negative": ({"gsd_m": -0.5}, BAD, "gsd"),
        "gsd_infinite": ({"gsd": float("inf")}, BAD, "gsd"),
        "scene_empty": ({"scene": ""}, BAD, "scene"),
        "scene_deep": ({"scene": [["port"]]}, BAD, "scene"),
        "scene_many": ({"scene": ["port"] * 5000}, "", ""),
        "caption_half": ({"captions": ["a \ud83d"]}, BAD, "half of a character"),
        "caption_number": ({"captions": [7]}, BAD, "captions.0"),
        "caption_text": ({"captions": "one"}, BAD, "captions"),
        "caption_endless": ({"captions": ["many words " * 50_000]}, BAD, "a caption of 550,000 characters"),
        "caption_code": ({"captions": ["=cmd|' /C calc'!A0", "{{ cycler }}", "\x1b]0;x\x07"]}, "", ""),
        "tags_list": ({"tags": ["building"]}, BAD, "tags"),
        "tags_deep": ({"tags": {"a": {"b": 1}}}, BAD, "tags"),
        "mask_gone": ({"mask": "none.png"}, "missing_mask", "no file none.png"),
        "mask_outside": ({"mask": "../../etc/passwd"}, BAD, "expected a relative path"),
        "mask_of_no_classes": (fine, "bad_mask", "list them under `mask:`"),
        "mask_classes_a_list": (fine | {"mask_classes": ["land"]}, BAD, "mask_classes"),
        "mask_class_negative": (fine | {"mask_classes": {"land": -1}}, BAD, "mask_classes"),
        "mask_class_of_two": (fine | {"mask_classes": {"land": [1, 2]}}, BAD, "mask_class"),
    }  # fmt: skip
    for name, (field, reason, says) in fields.items():
        yield Note(name, field, reason, says)
    for name, (_, classes, reason, says) in _masks().items():
        yield Note(f"mask_{name}", {"mask": f"masks/{name}.png", "mask_classes": classes}, reason, says)
    raw = {
        "cut": (b'{"image": "cut.png", "scene": "po', "broken_json", "Unterminated string"),
        "list": (b'["list.png"]', BAD, "valid dictionary"),
        "number": (b"3.14", BAD, "valid dictionary"),
        "null": (b"null", BAD, "valid dictionary"),
        "two_values": (b'{"image": "two_values.png"} {}', "broken_json", "Extra data"),
        "single_quotes": (b"{'image': 'single_quotes.png'}", "broken_json", "double quotes"),
        "comment": (b'// {"image": "comment.png"}', "broken_json", "Expecting value"),
        "a_page": (b"<html>404</html>", "broken_json", "Expecting value"),
        "latin_1": (b'{"image": "latin_1.png", "place": "Z\xfcrich"}', "broken_json", "not UTF-8 .byte 37."),
        "utf_16": ('{"image": "utf_16.png"}'.encode("utf-16"), "", ""),
        "zeros": (bytes(500), "broken_json", ""),
        "deep": (b'{"image": "deep.png", "tags": ' + b"[" * 100_000, "broken_json", "nested too deeply"),
        "digits": (b'{"gsd": ' + b"9" * 5000 + b"}", "broken_json", "thousands of digits"),
        "twice": (b'{"image": "nowhere.png", "image": "twice.png"}', "", ""),
        "no_image": (b'{"file": "no_image.png"}', BAD, "image: Field required"),
        "empty_image": (b'{"image": ""}', BAD, "image: "),
        "null_image": (b'{"image": null}', BAD, "image: "),
        "absolute": (b'{"image": "/etc/passwd"}', BAD, "expected a relative path"),
        "climbing": (b'{"image": "../../etc/passwd"}', BAD, "expected a relative path"),
        "nul": (b'{"image": "a\\u0000.png"}', BAD, "no file's name"),
        "url": (b'{"image": "file:///etc/passwd"}', "missing_image", "no file"),
        "folder": (b'{"image": "masks"}', "unreadable_image", "it is a folder, expected a file"),
        "long": (b'{"image": "' + b"n" * 5000 + b'"}', "unreadable_image", "too long"),
        "code": (b'{"image": "code.png", "source": {"__reduce__": ["touch pwned"]}}', BAD, "source"),
    }  # fmt: skip
    for name, (line, reason, says) in raw.items():
        yield Note(name, line, reason, says)


def _masks() -> dict[str, tuple[bytes, dict[str, Any], str, str]]:
    """Masks: their bytes, classes, and what becomes of their picture."""
    fine, index = Image.new("L", (WIDTH, HEIGHT), 1), {"land": 1}
    deep = Image.fromarray(np.full((HEIGHT, WIDTH), 300, np.uint16))
    return {
        "fine": (_png(fine), index, "", ""),
        "deep": (_png(deep), {"land": 300}, "", ""),
        "palette": (_png(Image.new("P", (WIDTH, HEIGHT), 1)), index, "", ""),
        "one_bit": (_png(Image.new("1", (WIDTH, HEIGHT), 1)), {"land": 1}, "", ""),
        "of_other_size": (_png(Image.new("L", (WIDTH, 9))), index, "size_mismatch", "mask has 40×9 pixels"),
        "in_colour": (picture(), index, "bad_mask", "index mask of one band, found RGB"),
        "with_alpha": (picture("RGBA"), index, "bad_mask", "index mask of one band, found RGBA"),
        "of_another_value": (_png(fine), {"land": 2}, "bad_mask", "1,200 of 1,200 pixels .* the value 1"),
        "of_a_huge_value": (_png(fine), {"land": 2**70}, "bad_mask", "the value 1"),
        "cut": (_png(fine)[:-30], index, "bad_mask|broken_image", ""),
        "of_text": (b"1 1 1 1", index, "not_an_image", "expected JPEG"),
        "of_nothing": (b"", index, "empty_image", ""),
        "floats": (_tiff(np.full((HEIGHT, WIDTH), 1.5)), index, "bad_mask", ""),
        "not_finite": (_tiff(np.full((HEIGHT, WIDTH), np.nan)), index, "bad_mask", ""),
    }  # fmt: skip


def _png(image: Image.Image) -> bytes:
    sink = io.BytesIO()
    image.save(sink, "PNG")
    return sink.getvalue()


def _tiff(values: np.ndarray) -> bytes:
    sink = io.BytesIO()
    Image.fromarray(values.astype(np.float32)).save(sink, "TIFF")
    return sink.getvalue()


def write_manifest(folder: Path) -> tuple[Path, list[Note]]:
    """The manifest with its pictures and masks, and what its lines are."""
    notes = list(manifest_notes())
    (folder / "masks").mkdir(parents=True)
    for name, (data, *_) in _masks().items():
        (folder / f"masks/{name}.png").write_bytes(data)
    lines = []
    for note in notes:
        (folder / f"{note.name}.png").write_bytes(picture())
        told = {"image": f"{note.name}.png"}
        lines.append(note.text if isinstance(note.text, bytes) else json.dumps(told | note.text).encode())
    (folder / "m.jsonl").write_bytes(b"\n".join(lines))
    return folder / "m.jsonl", notes
