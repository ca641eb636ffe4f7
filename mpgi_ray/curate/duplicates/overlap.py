"""Whether two pictures show the same ground in part, by local features (extra ``duplicates``).

Corners of one picture are found again in the other (ORB: Rublee et al., "ORB: an efficient alternative to
SIFT or SURF", 2011), and a turn, a size and a shift are sought that most of them agree on (RANSAC: Fischler
and Bolles, 1981). Rows of crops and of parked cars agree by chance, too, so the pictures are laid over each
other, and what they share must look alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

VIEW = 320  # pixels of the longer side: larger pictures are reduced to it
LEAST_INLIERS = 10
# pairs of ucm that show the same ground have 0.88 and more, others that fit by their features up to 0.70
LEAST_ALIKE = 0.8
LEAST_SHARED = 0.5  # of the smaller picture: those that share less are not the same picture
LARGEST_ZOOM = 2.5
_FEATURES = 500
_LEAST_CONTRAST = 7  # of a corner; OpenCV's 20 finds none in smooth pictures
_BORDER = 15  # pixels without corners; OpenCV's 31 would be a quarter of a small picture
_RATIO = 0.8  # of the distances to the nearest and the second feature (Lowe, 2004)
_TOLERANCE = 3.0  # pixels
_FINE, _BROAD = 1.0, 4.0  # pixels: what is finer is noise, what is broader fits where grounds differ, too
_EDGE = 9  # pixels: half of them are left out at the borders of what is shared
Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class View:
    """A picture in grey, and its features.

    Attributes:
        points: x and y of each feature, of shape (n, 2).
        bits: the feature's 256 bits as bytes, of shape (n, 32).
    """

    grey: Grey
    points: NDArray[np.float32]
    bits: Grey


@dataclass(frozen=True, slots=True)
class Overlap:
    """What two pictures share.

    Attributes:
        inliers: features that agree on one turn, size and shift.
        shared: the share of the smaller picture that lies in the other one.
        alike: the correlation of the fine detail there, without broad light and dark.
    """

    inliers: int = 0
    shared: float = 0.0
    alike: float = 0.0

    @property
    def confirmed(self) -> bool:
        return self.inliers >= LEAST_INLIERS and self.shared >= LEAST_SHARED and self.alike >= LEAST_ALIKE


def grey_view(picture: Image.Image) -> Grey:
    """A picture in grey, of at most `VIEW` pixels a side."""
    grey = picture.convert("L")
    grey.thumbnail((VIEW, VIEW), Image.Resampling.LANCZOS)
    return np.asarray(grey)


def view_of(grey: Grey) -> View:
    """The features of a grey picture of shape (height, width)."""
    cv2.setNumThreads(1)  # a task has one CPU
    finder = cv2.ORB.create(_FEATURES, edgeThreshold=_BORDER, fastThreshold=_LEAST_CONTRAST)
    points, bits = finder.detectAndCompute(np.ascontiguousarray(grey), None)
    if bits is None:
        return View(grey, np.empty((0, 2), np.float32), np.empty((0, 32), np.uint8))
    return View(grey, np.array([point.pt for point in points], np.float32), bits.astype(np.uint8, copy=False))


def overlap(one: View, other: View) -> Overlap:
    """What two pictures share; a mirror image has to be turned back first."""
    if min(len(one.bits), len(other.bits)) < 2:
        return Overlap()
    nearest = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(one.bits, other.bits, k=2)
    good = [a for a, b in nearest if a.distance < _RATIO * b.distance]
    if len(good) < LEAST_INLIERS:
        return Overlap()
    cv2.setRNGSeed(0)
    matrix, agree = cv2.estimateAffinePartial2D(
        one.points[[match.queryIdx for match in good]],
        other.points[[match.trainIdx for match in good]],
        method=cv2.RANSAC,
        ransacReprojThreshold=_TOLERANCE,
        maxIters=1000,
    )
    if matrix is None:
        return Overlap()
    inliers = int(agree.sum())
    zoom = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if inliers < LEAST_INLIERS or not 1 / LARGEST_ZOOM <= zoom <= LARGEST_ZOOM:
        return Overlap(inliers)
    return Overlap(inliers, *_laid_over(one.grey, other.grey, matrix, zoom))


def _laid_over(one: Grey, other: Grey, matrix: NDArray[Any], zoom: float) -> tuple[float, float]:
    """The share of the smaller picture that lies in both, and the correlation of their detail there."""
    size = other.shape[1], other.shape[0]
    laid = cv2.warpAffine(one, matrix, size, flags=cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR)
    inside = cv2.warpAffine(np.ones_like(one), matrix, size, flags=cv2.INTER_NEAREST)
    shared = float(inside.sum() / min(one.size * zoom**2, other.size))
    within = cv2.erode(inside, np.ones((_EDGE, _EDGE), np.uint8)) > 0
    a, b = _detail(np.asarray(laid, np.uint8))[within], _detail(other)[within]
    a, b = a - a.sum() / max(1, len(a)), b - b.sum() / max(1, len(b))
    norm = np.sqrt((a @ a) * (b @ b))
    return min(1.0, shared), float(a @ b / norm) if norm else 0.0


def _detail(grey: Grey) -> NDArray[np.float64]:
    picture = grey.astype(np.float64)
    fine, broad = (cv2.GaussianBlur(picture, (0, 0), sigma) for sigma in (_FINE, _BROAD))
    return np.asarray(fine - broad, np.float64)
