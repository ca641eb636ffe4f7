"""What an annotation of any format may look like and cannot be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mpgi_ray.data.image import ImageError
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.item import require_label


def require_pixels(objects: Iterable[Mapping[str, Any]]) -> None:
    """Refuse boxes that were given in shares of the picture's sides.

    Args:
        objects: fields of `Object`, of a format whose coordinates are pixels.

    Raises:
        ImageError: all lie within the first pixel, and some side of them between its borders.
    """
    sides = [side for thing in objects for side in thing["box"]]
    if all(0 <= side <= 1 for side in sides) and any(0 < side < 1 for side in sides):
        detail = (
            "all its boxes lie within the first pixel, so they seem to be shares of its width and height: "
            "expected pixels, multiply them by these"
        )
        raise ImageError("bad_annotation", detail)


def require_labels(fields: Mapping[str, Any]) -> None:
    """Refuse classes without a name that one could tell.

    Raises:
        ImageError: see `require_label`.
    """
    of_objects = (thing["label"] for thing in fields["objects"])
    try:
        for label in {*of_objects, *fields["labels"], *fields.get("scene", ())}:
            require_label(label)
    except InputError as error:
        raise ImageError("bad_annotation", str(error)) from error
