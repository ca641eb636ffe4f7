"""By which signs the beginning of a file tells its format. Each sign gives the format and what was seen."""

from __future__ import annotations

import csv
import re

Sign = tuple[str, str]  # the format, and what was seen, as the end of a sentence

_NUMBER = r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_SHARE = r"-?[01]?(?:\.\d+)?(?:[eE]-\d+)?"
_JSON = (  # words that all stand in it
    (('"FeatureCollection"',), "osm", "is GeoJSON"),
    (('"images"', '"sentences"'), "karpathy", "holds images with sentences"),
    (('": {"captions": ["',), "karpathy", "holds captions by file name, as RSITMD has them"),
    (('"image_name"', '"bbox"'), "auair", "holds frames with image_name and boxes"),
    (('"images"', '"file_name"'), "coco", "holds images with file names, as COCO does"),
    (('"annotations"', '"category_id"'), "coco", "holds annotations with category ids, as COCO does"),
    (('"location"', '"cap"'), "lhrs", "holds captions with a location, as LHRS-Align has them"),
    (('"global_caption"',), "mgrs", "holds captions of MGRS-200k's kinds"),
)
_BESIDE_JSON = (
    (('"shapes"', '"points"'), "labelme", "JSON files with shapes and points"),
    (('"bounding_boxes"', '"category"'), "fmow", "JSON files with bounding_boxes and categories"),
)
_DOTA = re.compile(rf"(?:{_NUMBER}\s+){{8}}[A-Za-z]\S*(?:\s+\S+)*$")
_YOLO = re.compile(rf"\d+(?:\s+{_SHARE}){{4,}}$")
_LINES = (
    (_DOTA, "dota", "text files of eight numbers and a class a line"),
    (re.compile(r"(?:-?\d+,){7}-?\d+,?$"), "visdrone", "text files of eight integers with commas a line"),
    (re.compile(r'(?:\d+ ){9}"\w+"$'), "stanford_drone", "tracks: nine numbers and a class a line"),
    (re.compile(r"\d+(?: \d+){3} 1$"), "carpk", "text files of four integers and a 1 a line"),
    (_YOLO, "yolo", "text files of a class and shares of the picture a line"),
    (
        re.compile(r"[123](?:[\s,]+\d+){4}$"),
        "levir",
        "text files of a class from 1 to 3 and a box a line",
    ),
)
_HEADER = re.compile(r"(?:imagesource|gsd)\s*:", re.IGNORECASE)
_XML = (("<HRSC_Image", "hrsc", "XML files of HRSC2016"), ("<annotation", "voc", "XML files of Pascal VOC"))
_BOXES = {"xmin", "x1", "x_min", "geometry", "polygon"}


def of_json(head: str) -> Sign | None:
    return _by_words(head, _JSON)


def of_json_lines(head: str) -> Sign | None:
    first = head.partition("\n")[0]
    if '"tile_coords_4096"' in first or '"geometry"' in first:
        return "osm", "holds a map feature a line"
    return ("manifest", "holds a JSON object with an image a line") if '"image"' in first else None


def of_table(head: str) -> Sign | None:
    """A CSV or TSV file: by its first two rows."""
    lines = [line for line in head.splitlines()[:2] if line.strip()]
    if not lines:
        return None
    rows = list(csv.reader(lines, delimiter=max("\t,;", key=lines[0].count)))
    first = [cell.strip().lower() for cell in rows[0]]
    if _BOXES & set(first) or (len(first) >= 6 and all(_is_number(cell) for cell in first[1:5])):
        return "boxes", "is a table of boxes"
    if {"caption", "title", "text"} & set(first) and "boxes" not in first:
        return "captions", "is a table of captions"
    if len(rows) > 1 and len(first) > 1 and all(cell.strip() in ("0", "1") for cell in rows[1][1:]):
        return "labels", "is a table of classes, 0 or 1 for each picture"
    return ("manifest", "is a table with a column `image`") if "image" in first else None


def beside(suffix: str, head: str) -> Sign | None:
    """A file that belongs to one picture, by its suffix and beginning."""
    if suffix == ".xml":
        return next(((format, seen) for word, format, seen in _XML if word in head), None)
    if suffix == ".json":
        return _by_words(head, _BESIDE_JSON)
    lines = [line.strip() for line in head.splitlines()[:20] if not _HEADER.match(line.strip())]
    told = [line for line in lines if line][:3]
    for pattern, format, seen in _LINES if told else ():
        if all(pattern.match(line) for line in told):
            return format, seen
    return None


def _by_words(head: str, signs: tuple[tuple[tuple[str, ...], str, str], ...]) -> Sign | None:
    return next(((format, seen) for words, format, seen in signs if all(w in head for w in words)), None)


def _is_number(cell: str) -> bool:
    return bool(re.fullmatch(_NUMBER, cell)) or cell == ""
