"""Annotations of the real data sets."""

from __future__ import annotations

from mpgi_ray.data.sample import Annotation, Box, LabelClass, Object


def annotate(row: dict, exhaustive: bool) -> Annotation:
    """The manifest's annotation as the program holds it."""
    objects = []
    for item in row.get("boxes", []) + row.get("obb", []) + row.get("polygons", []):
        flat = item.get("bbox") or item.get("poly") or [v for point in item["points"] for v in point]
        points = tuple(zip(flat[::2], flat[1::2], strict=True))
        xs, ys = zip(*points, strict=True)
        shape = {"obb": points} if "poly" in item else {"polygons": (points,)} if "points" in item else {}
        box = Box(min(xs), min(ys), max(xs), max(ys))
        difficult = bool(item.get("difficult"))
        objects.append(Object(label=item["label"], box=box, difficult=difficult, **shape))
    vocabulary = {o.label: LabelClass(exhaustive=exhaustive) for o in objects}
    return Annotation(width=row["width"], height=row["height"], vocabulary=vocabulary, objects=tuple(objects))
