"""The training loop: steps over batches, on one worker. It knows neither Ray nor the task."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist

from mpgi_ray.errors import TrainingError
from mpgi_ray.models.tokenizer import PAD
from mpgi_ray.train.batch import Batch
from mpgi_ray.train.losses import workers
from mpgi_ray.train.optimizer import adamw, clamp_logit_scale, learning_rate
from mpgi_ray.train.step import Learned, backward, check_parts, check_used
from mpgi_ray.train.tasks.base import Task

_NAMED = 16  # samples of a worker that an error names


@dataclass(frozen=True, slots=True)
class Schedule:
    """How a model learns.

    Attributes:
        steps: of the whole run.
        lr: the learning rate's peak.
        warmup: share of the steps until the peak.
        max_gradient: gradients of a larger norm are scaled down to it.
        accumulate: in how many parts a worker's batch is computed, to save memory; see `step`.
        bf16: compute in bfloat16 where autocast says so.
    """

    steps: int
    lr: float
    warmup: float = 0.1
    weight_decay: float = 0.2
    max_gradient: float = 1.0
    accumulate: int = 1
    bf16: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What is logged of a step; all but ``cut`` and ``data_wait`` cover all workers.

    Attributes:
        step: from 1.
        loss: the weighted sum of ``losses``.
        grad_norm: before clipping.
        logit_scale: after the step; None for a model that has none.
        cut: share of the texts that fill the context, hence are probably cut.
        data_wait: share of the time since the last step that was spent waiting for data.
    """

    step: int
    loss: float
    losses: dict[str, float]
    lr: float
    grad_norm: float
    logit_scale: float | None
    cut: float
    samples_per_second: float
    data_wait: float


class Learner:
    """A model in training with its task: their optimiser, and how many steps are done.

    Args:
        model: as `kept.build` makes it.
        wrap: prepares a module for distributed training.

    Raises:
        RecipeError: the model cannot be computed in parts; see `check_parts`.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        task: Task,
        schedule: Schedule,
        wrap: Callable[[torch.nn.Module], torch.nn.Module] = lambda module: module,
    ) -> None:
        self.model, self.schedule, self.done = model, schedule, 0
        self.learned = Learned(model, task, bf16=schedule.bf16)
        self._wrapped = wrap(self.learned)
        self.optimizer = adamw(self.learned, schedule.lr, schedule.weight_decay)
        self._wrapped.train()
        for module in self.learned.modules():  # what is frozen keeps its batch statistics too
            own = list(module.parameters())
            if own and not any(parameter.requires_grad for parameter in own):
                module.eval()
        check_parts(self.learned, schedule.accumulate)

    def state(self) -> dict[str, Any]:
        """What another learner of the same model needs, beside the model's weights, to go on."""
        beside = {k: v for k, v in self.learned.state_dict().items() if not k.startswith("model.")}
        return {"done": self.done, "optimizer": self.optimizer.state_dict(), "task": beside}

    def resume(self, state: dict[str, Any]) -> None:
        """Go on where ``state`` was taken; the model already has the weights of that step."""
        self.done = state["done"]
        self.optimizer.load_state_dict(state["optimizer"])
        self.learned.load_state_dict(state.get("task", {}), strict=False)  # the model's weights are not in it

    def fit(self, batches: Iterable[Batch], stop: Callable[[], bool] = lambda: False) -> Iterator[Step]:
        """Train in place, one step at a time, to the schedule's end.

        Args:
            batches: on the model's device, from the next step on; equally many on every worker.
            stop: whether to stop before the next step; all workers do if one of them is asked.

        Raises:
            RecipeError: there are several workers and weights that the task does not use; see `check_used`.
            TrainingError: a loss or gradient is not finite (names the step and samples; the weights stay as
                they were), or the batches run out.
        """
        schedule, source = self.schedule, iter(batches)
        warmup = max(1, round(schedule.warmup * schedule.steps))
        ended = time.perf_counter()
        while self.done < schedule.steps and not self._any(stop()):
            step = self.done + 1
            asked = time.perf_counter()
            batch = next(source, None)
            if batch is None:
                raise TrainingError(f"the data ended at step {step} of {schedule.steps}: the shards changed")
            waited = time.perf_counter() - asked
            rate = learning_rate(step, schedule.steps, warmup, schedule.lr)
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            self.optimizer.zero_grad(set_to_none=True)
            losses = backward(self._wrapped, batch, schedule.accumulate)
            if workers() > 1:
                check_used(self.learned)
            means = _mean_over_workers(losses)
            if not all(map(math.isfinite, means.values())):
                bad = not all(loss.isfinite() for loss in losses.values())
                told = ", ".join(f"{name} loss {value}" for name, value in means.items())
                raise _not_finite(told, step, batch, bad)
            norm = float(torch.nn.utils.clip_grad_norm_(self.learned.parameters(), schedule.max_gradient))
            if not math.isfinite(norm):  # by now all workers have the same gradients
                raise _not_finite(f"gradient norm {norm}", step, batch, bad=True)
            self.optimizer.step()
            self.learned.task.end(self.model, step / schedule.steps)
            self.done = step
            scale = clamp_logit_scale(self.model)
            before, ended = ended, time.perf_counter()
            yield Step(
                step=step,
                loss=sum(means.values()),
                losses=means,
                lr=rate,
                grad_norm=norm,
                logit_scale=scale,
                cut=_cut(batch),
                samples_per_second=len(batch.keys) * workers() / (ended - before),
                data_wait=waited / (ended - before),
            )

    def _any(self, here: bool) -> bool:
        """Whether something is so on any worker."""
        if workers() == 1:
            return here
        found = torch.tensor(int(here), device=next(self.model.parameters()).device)
        dist.all_reduce(found, dist.ReduceOp.MAX)
        return bool(found)


def _cut(batch: Batch) -> float:
    ends = batch.tokens[..., -1]
    return float((ends > PAD).float().mean()) if ends.numel() else 0.0


def _not_finite(told: str, step: int, batch: Batch, bad: bool) -> TrainingError:
    """An error that names the samples of the workers where something is ``bad``; all workers must call this.

    A contrastive loss takes the features of all workers, so if it is not finite, it is so on all of them.
    """
    found: list[Any] = [(bad, batch.keys)] * workers()
    if workers() > 1:
        dist.all_gather_object(found, (bad, batch.keys))
    samples = "; ".join(
        f"of worker {rank}: {', '.join(keys[:_NAMED])}"
        + (f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else "")
        for rank, (its_bad, keys) in enumerate(found)
        if its_bad
    )
    return TrainingError(f"{told} at step {step}: lower lr, or look at samples {samples}")


def _mean_over_workers(losses: dict[str, torch.Tensor]) -> dict[str, float]:
    total = torch.stack(list(losses.values()))
    if workers() > 1:
        dist.all_reduce(total)
    return dict(zip(losses, (total / workers()).tolist(), strict=True))
