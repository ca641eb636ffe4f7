"""The settings of a training run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from importlib.metadata import version
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from mpgi_ray.config import Config, assigned, named, parse, read_assignment, read_yaml
from mpgi_ray.data.storage import absolute
from mpgi_ray.errors import RecipeError
from mpgi_ray.models import OWN, SMALL
from mpgi_ray.train.source import OTHERS, Source
from mpgi_ray.train.tasks import task_settings
from mpgi_ray.train.tasks.base import TaskSettings

# what does not change what is learnt: where and how it is computed
_PLACEMENT = {
    "output",
    "shards",
    "workers",
    "gpu",
    "cpus",
    "readers",
    "save_every",
    "restarts",
    "accumulate",
    "checkpoint_activations",
}
_OF_TEXTS = {"texts", "texts_per_step", "single_sentences"}

Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Folder = Annotated[str, AfterValidator(absolute)]


class Tower(StrEnum):
    """A part of a model that can be frozen."""

    IMAGE = "image"
    TEXT = "text"


class Turning(StrEnum):
    """How pictures may be turned, as far as the text that was drawn stays true."""

    NONE = "none"
    FLIPS = "flips"
    ALL = "all"  # flips and turns by 90 degrees


class AugmentConfig(Config):
    """How pictures vary from epoch to epoch.

    Attributes:
        turning: which flips and turns are allowed.
        crop: the least share of a picture's area that a random window keeps; None takes whole pictures.
    """

    turning: Turning = Turning.NONE
    crop: float | None = Field(default=None, ge=0.9, le=1)


class TrainConfig(Config):
    """A training run.

    Attributes:
        shards: folder of final shards, local or ``s3://…``.
        output: folder for the run, which all nodes see: checkpoints, log, at the end the model.
        model: ``small``, ``small-vit``, ``small-coca``, an open_clip model name,
            ``hf-hub:ORGANISATION/MODEL``, or the folder of a checkpoint to start from; for the task
            ``preference`` also a multimodal model of Qwen2-VL's kind; for the task ``instruction``
            ``small-bridge``, ``small-bridge-nova``, a multimodal model of that kind, which
            gets an adapter, or the folder of such a run.
        weights: what a model named by open_clip starts from: one of its pretrained tags (``openai``), or a
            file of weights; None starts from fresh ones.
        init: folder of a run whose image tower the model starts with, e.g. one that learnt from pictures
            alone; all else is as ``model`` and ``weights`` say.
        split: train on samples of this split only; None takes all.
        texts: a sample's text is drawn from all that the shards hold, in each step of one perspective for all
            samples that have it, each with weight 1 except those named here; ``*`` names all others, so
            that ``{"*": 0, "long": 1}`` leaves one.
        texts_per_step: texts of each picture in a step, drawn without replacement; a sample that has fewer
            gives some of them twice.
        single_sentences: share of the texts of which one sentence is learned in place of the whole.
        task: what is learnt: a module of `mpgi_ray.train.tasks`; None takes ``coca`` for a model that writes
            captions, ``clip`` for others.
        task_settings: settings of that module.
        context: tokens of a text. The small models are made for so many; if it is given for another one,
            whose own are fewer, its positions are stretched (248 from 77), and the first 20 are not learnt.
        epochs, steps: how long the run is; exactly one of the two is given.
        batch: samples of a step over all workers; all are each other's negatives.
        accumulate: in how many parts a worker computes its share of a batch, to save memory.
        lr: the learning rate's peak; half a cosine follows.
        warmup: share of the steps in which the learning rate rises to its peak.
        weight_decay: of AdamW, for weights that are matrices; biases and gains have none.
        max_gradient: gradients of a larger norm are scaled down to it.
        caption_weight: of the captioning loss against the contrastive one, for models that write.
        bf16: compute in bfloat16; None does so where there is a GPU.
        checkpoint_activations: compute activations again in the backward pass, to save memory.
        freeze: towers that stay as they are.
        save_every: steps between two checkpoints that a stopped run goes on from.
        restarts: how often lost workers are replaced before the run gives up.
        seed: of fresh weights, of the order of samples, and of what is drawn.
        workers: processes that share each batch.
        gpu: whether each worker has one.
        cpus: CPUs of each worker.
        readers: tasks that read and decode at a time, one CPU each; None takes all CPUs that are left.
    """

    shards: Folder
    output: Folder
    model: str = SMALL
    weights: str | None = None
    init: Folder | None = None
    split: str | None = None
    texts: Mapping[str, Weight] = {}
    texts_per_step: int = Field(default=1, ge=1, le=100)
    single_sentences: float = Field(default=0.0, ge=0, le=1)
    task: str | None = None
    task_settings: Mapping[str, Any] = {}
    context: int = Field(default=77, ge=8, le=10_000)
    epochs: int | None = Field(default=None, ge=1)
    steps: int | None = Field(default=None, ge=1)
    batch: int = Field(default=128, ge=2, le=1_000_000)
    accumulate: int = Field(default=1, ge=1)
    lr: float = Field(default=1e-3, gt=0)
    warmup: float = Field(default=0.1, ge=0, lt=1)
    weight_decay: float = Field(default=0.2, ge=0)
    max_gradient: float = Field(default=1.0, gt=0)
    caption_weight: float = Field(default=2.0, ge=0)
    augment: AugmentConfig = AugmentConfig()
    bf16: bool | None = None
    checkpoint_activations: bool = False
    freeze: frozenset[Tower] = frozenset()
    save_every: int = Field(default=500, ge=1)
    restarts: int = Field(default=3, ge=0, le=1000)
    seed: int = 0
    workers: int = Field(default=1, ge=1, le=10_000)
    gpu: bool = False
    cpus: float = Field(default=1, gt=0, le=1024)
    readers: int | None = Field(default=None, ge=1, le=10_000)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.epochs is None) == (self.steps is None):
            raise ValueError("give either epochs or steps (--epochs 20, or --steps 5000)")
        if self.batch % (self.workers * self.accumulate):
            raise ValueError(
                f"batch {self.batch} cannot be shared evenly by {self.workers} workers "
                f"in {self.accumulate} parts"
            )
        if self.texts.get(OTHERS) == 0 and not any(self.texts.values()):
            raise ValueError(f"texts {dict(self.texts)}: expected a weight above 0")
        if self.task is not None:
            learns = task_settings(self.task, self.task_settings)
            if not learns.reads_texts and (told := self.model_fields_set & _OF_TEXTS):
                raise ValueError(f"task {self.task} reads no texts: leave {', '.join(sorted(told))} out")
            if learns.answers and not learns.reads_texts and self.augment != AugmentConfig():
                raise ValueError("augment: answers tell places of whole pictures: leave it out")
            if "caption_weight" in self.model_fields_set:
                raise ValueError("caption_weight is not for a task: expected task_settings.caption_weight")
        elif self.task_settings:
            raise ValueError("task_settings belong to a task: name it as task")
        return self

    @property
    def share(self) -> int:
        """Samples of a worker in a step."""
        return self.batch // self.workers

    @property
    def stretches(self) -> bool:
        """Whether a model that has a context of its own is to take longer texts."""
        return "context" in self.model_fields_set and self.model not in OWN

    @property
    def weights_of_texts(self) -> Mapping[str, float] | None:
        """``texts``; None if the task learns from pictures alone."""
        return self.texts if self.learns(writes=False).reads_texts else None

    @property
    def computes_bf16(self) -> bool:
        return self.gpu if self.bf16 is None else self.bf16

    def total_steps(self, samples: int) -> int:
        """Steps of a run over so many samples: an epoch has whole batches only."""
        return self.steps or (self.epochs or 0) * (samples // self.batch)

    def learns(self, *, writes: bool) -> TaskSettings:
        """The task, for a model that writes captions or one that does not."""
        if self.task is None and writes:
            return task_settings("coca", {"caption_weight": self.caption_weight})
        return task_settings(self.task or "clip", self.task_settings)

    def recipe(self, source: Source) -> dict[str, Any]:
        """The settings that decide what is learnt: a run that goes on must have the same ones.

        Raises:
            RecipeError: a step takes more texts of a picture than are learned.
        """
        if source.texts is not None and self.texts_per_step > len(source.texts):
            raise RecipeError(
                f"texts_per_step {self.texts_per_step}: expected at most {len(source.texts)}, the number of "
                f"texts that are learned ({', '.join(sorted(source.texts))}); lower it, or give another text "
                "a weight"
            )
        values = self.model_dump(mode="json", exclude=_PLACEMENT)
        if self.texts_per_step == 1:  # runs of before there were several can go on
            del values["texts_per_step"]
        if not self.single_sentences:
            del values["single_sentences"]
        if self.init is None:
            del values["init"]
        if self.task is None:  # CLIP and CoCa do not read annotations
            del values["task"], values["task_settings"]
        else:
            values |= {"annotations": source.annotations} | self.learns(writes=False).fingerprints()
            del values["caption_weight"]
        values["texts"] = dict(source.texts or {})
        values["freeze"] = sorted(values["freeze"])
        values["bf16"] = self.computes_bf16
        return {**values, "samples": source.fingerprint, "torch": version("torch").partition("+")[0]}


def load_config(
    recipe: str | None, overrides: Mapping[str, object], assignments: Sequence[str]
) -> TrainConfig:
    """The settings of a shipped recipe by name or of a YAML file, or none, and what is told besides.

    A model that is told does not start from the recipe's weights; steps that are told stand in place of its
    epochs, and the other way round.

    Args:
        overrides: settings that the command line gives as options of their own.
        assignments: ``a.b=c`` of ``--set``.

    Raises:
        RecipeError: unknown name, unknown key (names the nearest), or a wrong value.
    """
    values = {} if recipe is None else read_yaml(named("recipe", recipe, "mpgi_ray.train.recipes"))
    for told, replaced in (("model", "weights"), ("steps", "epochs"), ("epochs", "steps")):
        if told in overrides:
            values.pop(replaced, None)
    for key, value in [*overrides.items(), *map(read_assignment, assignments)]:
        values = assigned(values, key, value)
    return parse(TrainConfig, values, "mpgi train")
