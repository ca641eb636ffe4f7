"""Masks in which every object has a value or colour of its own: the objects of a picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage

from mpgi_ray.data.image import ImageError
from mpgi_ray.ingest.mask import ClassMask, values_of

_SHARE = 0.5  # of an object's pixels that its class must have: less is a mask of another picture


def objects_of(data: bytes, size: tuple[int, int], classes: ClassMask) -> tuple[dict[str, Any], ...]:
    """An object for each value or colour but 0 (black), with the class that most of its pixels have.

    Args:
        data: the mask of objects as a picture, of one band or in colour.
        size: width and height of the picture.
        classes: its mask of classes; objects of what is left out there are left out, too.

    Returns:
        Fields of `Object`, each with the box around its pixels.

    Raises:
        ImageError: ``bad_mask``: it cannot be decoded, or an object has pixels of many classes.
    """
    values = values_of(data, size, in_colour=None)
    codes, numbered = np.unique(values, return_inverse=True)
    numbered = numbered.reshape(values.shape)
    found = []
    for number, place in enumerate(ndimage.find_objects(numbered + 1)):
        if codes[number] == 0 or place is None:
            continue
        of_classes = np.bincount(
            classes.index[place][numbered[place] == number], minlength=len(classes.names)
        )
        main = int(of_classes.argmax())
        if of_classes[main] < _SHARE * of_classes.sum():
            raise ImageError("bad_mask", f"the object of value {codes[number]} has pixels of many classes")
        if label := classes.names[main]:
            rows, columns = place
            box = (float(columns.start), float(rows.start), float(columns.stop), float(rows.stop))
            found.append({"label": label, "box": box})
    return tuple(found)
