"""Bars for a retrieval table: what chance reaches, and what a model reaches that knows the scene class.

Chance alone is a poor bar: test sets of remote sensing hold many pictures of few classes, and a model that
tells nothing but the class is far above it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mpgi_ray.evaluate.retrieval import Retrieval, retrieval


def chance(images: int, image_of_text: Sequence[int]) -> Retrieval:
    """Expected recalls of a model that gives every pair the same score."""
    return retrieval(np.ones((images, 1)), np.ones((len(image_of_text), 1)), image_of_text)


def class_oracle(scenes: Sequence[str], image_of_text: Sequence[int]) -> Retrieval:
    """Expected recalls of a model that knows the scene class of every picture and text, and nothing else.

    Args:
        scenes: class of each image.
    """
    _, classes = np.unique(np.asarray(scenes), return_inverse=True)
    one_hot = np.eye(classes.max() + 1)[classes]
    return retrieval(one_hot, one_hot[np.asarray(image_of_text)], image_of_text)
