"""Baselines of a retrieval table: chance, and a model that knows the scene class and nothing else.

Chance alone is a poor baseline: test sets of remote sensing hold many pictures of few classes, and a model
that recognises only the class is far above chance.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mpgi_ray.evaluate.protocol import Protocol
from mpgi_ray.evaluate.ranking import Features
from mpgi_ray.evaluate.retrieval import Retrieval, score


def chance(
    images: int, image_of_text: Sequence[int], texts: Sequence[str] = (), protocol: Protocol = Protocol.A
) -> Retrieval:
    """Expected recalls of a model that gives every pair the same score.

    Args:
        texts: the prepared texts; protocol A does not look at them.
    """
    return score(protocol, np.ones((images, 1)), np.ones((len(image_of_text), 1)), image_of_text, texts)


def class_oracle(
    scenes: Sequence[str],
    image_of_text: Sequence[int],
    texts: Sequence[str] = (),
    protocol: Protocol = Protocol.A,
) -> Retrieval:
    """Expected recalls of a model that knows the scene class of every picture and text, and nothing else.

    Under protocol A a text has the class of its image. Under the others a text that several images share has
    the classes of all of them, and a picture scores the same with every text of its class.

    Args:
        scenes: class of each image.
        texts: the prepared texts; protocol A does not look at them.
    """
    of_image, of_text = _classes(scenes, image_of_text, texts, protocol)
    return score(protocol, of_image, of_text, image_of_text, texts)


def within_class(
    images: Features,
    text_features: Features,
    scenes: Sequence[str],
    image_of_text: Sequence[int],
    texts: Sequence[str] = (),
    protocol: Protocol = Protocol.A,
) -> Retrieval:
    """Recalls of a model that is told the scene class of every picture and text and ranks inside it.

    Its lead over the class oracle is what it knows beyond the class.

    Args:
        images, text_features: L2-normalised, (images, dim) and (texts, dim); the others: see `class_oracle`.
    """
    of_image, of_text = _classes(scenes, image_of_text, texts, protocol)
    # cosines lie between -1 and 1, so adding 4 puts every candidate of the class before all others
    return score(
        protocol,
        np.hstack([images, 2 * of_image]),
        np.hstack([text_features, 2 * of_text]),
        image_of_text,
        texts,
    )


def _classes(
    scenes: Sequence[str], image_of_text: Sequence[int], texts: Sequence[str], protocol: Protocol
) -> tuple[Features, Features]:
    """One column for each class: 1 where an image or a text has this class."""
    _, classes = np.unique(np.asarray(scenes), return_inverse=True)
    of_image = np.eye(classes.max() + 1)[classes]
    of_text = of_image[np.asarray(image_of_text)]
    if protocol is not Protocol.A:
        shared: dict[str, np.ndarray] = {}
        for text, own in zip(texts, of_text, strict=True):
            shared[text] = np.maximum(own, shared.get(text, own))
        of_text = np.stack([shared[text] for text in texts])
    return of_image, of_text
