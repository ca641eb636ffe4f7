"""What a training task owns: the arrays of a sample, the features that are contrasted, the losses.

A task is one module of this package. It holds ``Settings``, which is what reading processes know of it (so it
imports torch in its methods), and makes a `Task`, which is what runs beside a model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from mpgi_ray.config import Config

if TYPE_CHECKING:
    from torch import Tensor

    from mpgi_ray.models.conversation import Limits
    from mpgi_ray.train.batch import Batch
    from mpgi_ray.train.source import Source
    from mpgi_ray.train.view import View

Arrays = dict[str, NDArray[np.generic]]
Tensors = dict[str, "Tensor"]


class TaskSettings(Config):
    """What ``Settings`` of a task's module derive from: ``--set task_settings.NAME=VALUE`` sets their fields.

    Attributes:
        answers: whether the task trains models that answer questions.
    """

    answers: ClassVar[bool] = False

    @property
    def reads_texts(self) -> bool:
        """Whether the task learns from texts. One that does not takes every sample of the split."""
        return True

    def arrays(self, view: View) -> Arrays:
        """What a sample gives beside its picture and its texts.

        It runs in the reading processes and depends on nothing but the view. The samples of a batch are
        stacked, so an array has the same shape for every sample: pad where samples have more and fewer.
        Arrays of uint8 are pictures, (…, 3, height, width), and are normalised as the model's inputs are. One
        that is named ``images`` stands in place of the sample's whole picture, which is not made then.
        """
        return {}

    def words(self, source: Source) -> Iterable[str]:
        """The texts that the tokenizer of a fresh small model is made of."""
        return source.all_texts()

    def limits(self) -> Limits | None:
        """How much a multimodal model looks at; None for a task that trains none."""
        return None

    def weigh(self, samples: Sequence[str]) -> Sequence[float] | None:
        """How often each sample is drawn, relative to the others; None if each comes once an epoch.

        Args:
            samples: their `short_id`.

        Raises:
            InputError: none of them has a weight above 0.
        """
        return None

    def fingerprints(self) -> dict[str, str]:
        """What changes with the tables that a run learns from beside its shards, by what they hold."""
        return {}

    def check(self, source: Source) -> None:
        """Whether the samples of a run hold what the task learns from; called before anything is learnt.

        Raises:
            InputError: they do not; the message says what was expected.
        """

    def task(self, model: Any) -> Task:
        """The task of a run with these settings.

        Args:
            model: with the weights that the run starts from. A run that goes on has later ones here, and what
                the task made of the first ones is in its saved state.

        Raises:
            RecipeError: the task does not work with such a model.
        """
        raise NotImplementedError


class Task(Protocol):
    """What runs beside a model; each worker has one.

    Losses are float32 scalars, weighted, by name. Their mean over workers is the loss of the whole batch, so
    every worker gives the same names, even where its samples have nothing to learn from.

    A task with weights of its own (heads, a teacher) is a ``torch.nn.Module`` too: what it holds is trained
    with the model's parameters unless it is frozen, and saved and resumed with the optimiser's state. Its
    class then stands in a module below `train`, which `TaskSettings.task` imports.

    Every parameter that is not frozen must take part in every step: workers wait for its gradient.
    """

    def prepare(self, model: Any) -> None:
        """Initialise what open_clip leaves undone in a model with fresh weights."""
        ...

    def begin(self, model: Any, batch: Batch) -> Mapping[str, int]:
        """Begin a step; called once, before anything is computed, with this worker's share of the batch.

        Returns:
            How many items each of its own losses is a mean over. They are summed over parts and workers.
        """
        ...

    def features(self, model: Any, batch: Batch) -> Tensors:
        """What is contrasted over the whole batch, for the samples at hand: rows, or one number for all.

        Under accumulation these are computed twice and must be the same both times.
        """
        ...

    def outputs(self, model: Any, batch: Batch) -> Tensors:
        """The same features and what the task's own losses need, in one pass through the model."""
        ...

    def contrast(self, features: Tensors, batch: Batch) -> Tensors:
        """The losses of the features, for this worker's share of the batch.

        Other workers have the other rows: see `losses.gather`. In one pass ``features`` are what `outputs`
        gave, in its precision.
        """
        ...

    def own_losses(self, model: Any, batch: Batch, out: Tensors, shares: Mapping[str, float]) -> Tensors:
        """The losses that need no other sample, for the samples at hand.

        Args:
            out: what `outputs` gave.
            shares: the weight of one item, by the names of `begin`: a sum over items times its share is,
                over parts and workers, the mean over all items of the step.
        """
        ...

    def end(self, model: Any, done: float) -> None:
        """End a step: the model has learnt from it. A teacher that follows the model's weights is moved here.

        Args:
            done: the share of the run's steps that are over, with this one: above 0, at most 1.
        """
        ...

    def files(self) -> Mapping[str, bytes]:
        """What lies beside the model once it is trained, by file name: the head of a scorer."""
        ...
