"""A linear probe: multinomial logistic regression on the features of an image tower.

The penalty is that on the squared weights, not on the bias. How strong it is, is chosen on a part of the
pictures with known classes, by the likelihood of their classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax

from mpgi_ray.data.place import place_of
from mpgi_ray.evaluate.ranking import Features

STRENGTHS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)  # of the penalty, the strongest first
HELD = 5  # one of so many pictures of a class is kept back to choose the strength
_ENOUGH = 1e-8  # length of the gradient at the end

Weights = NDArray[np.float64]  # (dim + 1, classes), the bias last


@dataclass(frozen=True, slots=True, eq=False)
class LinearProbe:
    """What was fitted.

    Attributes:
        weights: for centred and scaled features, (dim + 1, classes), the bias last.
        centre: the mean of the features, (dim,).
        scale: the root of the mean squared distance from it, so that a strength means the same for towers
            whose features lie close together and for others.
        strength: of the penalty.
    """

    weights: Weights
    centre: NDArray[np.float64]
    scale: float
    strength: float

    @classmethod
    def fit(
        cls, features: Features, labels: Sequence[int], classes: int, ids: Sequence[str], seed: int = 0
    ) -> LinearProbe:
        """A probe of pictures with known classes.

        Args:
            features: (pictures, dim), unit rows.
            labels: the class of each picture; every class has one.
            ids: of the pictures: by hash of them some are kept back to choose the strength.
        """
        centre = features.mean(axis=0, dtype=np.float64)
        scale = float(np.sqrt(np.square(features - centre).sum(axis=1).mean())) or 1.0
        inputs, right = _inputs(features, centre, scale), np.asarray(labels, dtype=np.intp)
        held = kept_back(right, ids, seed)
        losses = []
        weights = np.zeros((inputs.shape[1], classes))
        for strength in STRENGTHS:  # each begins where the last one ended
            weights = _fitted(inputs[~held], right[~held], strength, weights)
            losses.append(_losses(inputs[held] @ weights, right[held]).sum())
        strength = STRENGTHS[int(np.argmin(losses))]  # where nothing is kept back, the strongest
        return cls(_fitted(inputs, right, strength, np.zeros_like(weights)), centre, scale, strength)

    def votes(self, features: Features) -> NDArray[np.float64]:
        """The probability of each class, (pictures, classes)."""
        logits = _inputs(features, self.centre, self.scale) @ self.weights
        return np.asarray(softmax(logits, axis=1))


def kept_back(labels: NDArray[np.intp], ids: Sequence[str], seed: int) -> NDArray[np.bool_]:
    """Which pictures choose the strength: a fifth of each class by hash, and one at least of two or more."""
    held = np.zeros(len(labels), dtype=bool)
    places = np.array([place_of(one, seed) for one in ids], dtype=np.uint64)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        rows = rows[np.argsort(places[rows], kind="stable")]
        held[rows[: max(len(rows) // HELD, int(len(rows) > 1))]] = True
    return held


def _fitted(inputs: Weights, labels: NDArray[np.intp], strength: float, start: Weights) -> Weights:
    """The weights with the least mean loss and penalty; there is one such minimum but for the biases' sum.

    Args:
        inputs: (pictures, dim + 1), the last column ones.
    """
    penalty = np.full((len(start), 1), strength)
    penalty[-1] = 0  # the bias is free
    true = np.eye(start.shape[1])[labels]

    def value(flat: Weights) -> tuple[float, Weights]:
        weights = flat.reshape(start.shape)
        logits = inputs @ weights
        loss = _losses(logits, labels).mean() + (penalty * weights**2).sum() / 2
        slope = inputs.T @ (softmax(logits, axis=1) - true) / len(labels) + penalty * weights
        return float(loss), slope.ravel()

    def curvature(flat: Weights, way: Weights) -> Weights:
        """The second derivative along ``way``."""
        weights, step = flat.reshape(start.shape), way.reshape(start.shape)
        likely, change = softmax(inputs @ weights, axis=1), inputs @ step
        change = likely * (change - (likely * change).sum(axis=1, keepdims=True))
        return np.asarray(inputs.T @ change / len(labels) + penalty * step).ravel()

    # Newton's method in a trust region (Nocedal and Wright 2006, algorithm 7.2): few steps, and to the end
    found = minimize(
        value, start.ravel(), jac=True, hessp=curvature, method="trust-ncg", options={"gtol": _ENOUGH}
    )
    weights: Weights = found.x.reshape(start.shape)
    return weights


def _inputs(features: Features, centre: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    return np.column_stack([(features - centre) / scale, np.ones(len(features))])


def _losses(logits: NDArray[np.float64], labels: NDArray[np.intp]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = logsumexp(logits, axis=1) - logits[np.arange(len(labels)), labels]
    return found
