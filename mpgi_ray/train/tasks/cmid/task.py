"""What runs beside a tower that learns from pictures alone."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from mpgi_ray.errors import RecipeError
from mpgi_ray.models.feature_map import added, beside_grid, feature_map, sizes, stem
from mpgi_ray.train.batch import Batch
from mpgi_ray.train.losses import gather
from mpgi_ray.train.tasks.base import Tensors
from mpgi_ray.train.tasks.clip import ClipTask
from mpgi_ray.train.tasks.cmid import losses
from mpgi_ray.train.tasks.cmid.heads import Heads, decoder, predictor
from mpgi_ray.train.tasks.cmid.settings import Against, Settings
from mpgi_ray.train.teacher import follow


class CmidTask(nn.Module, ClipTask):
    """Filling in what is hidden, and saying what a teacher says, of windows and of their cells.

    The text tower takes no part and is frozen. A window is shown to the tower with its hidden cells in its
    mean colour and a learnt token added there; the teacher, a running mean of tower and heads, sees it whole.

    Args:
        model: with the weights that the run starts from, of which the teacher is made.

    Raises:
        RecipeError: the tower is frozen, its grids are not known, or they do not fit the cells.
    """

    queue: nn.Parameter | None
    centre: Tensor
    done: Tensor

    def __init__(self, settings: Settings, model: Any) -> None:
        nn.Module.__init__(self)
        ClipTask.__init__(self)
        self.settings = settings
        if not any(weight.requires_grad for weight in model.visual.parameters()):
            raise RecipeError("freeze image: task cmid learns the image tower and nothing else")
        for name, weight in model.named_parameters():
            if not name.startswith("visual."):
                weight.requires_grad_(False)
        name = type(model).__name__
        channels, grid, said = sizes(model.visual, stem(model.visual, name))
        width, rows, columns = grid
        if rows % settings.cells or columns % settings.cells:
            fitting = ", ".join(str(n) for n in range(2, min(grid[1:]) + 1) if rows % n == columns % n == 0)
            raise RecipeError(
                f"task_settings.cells={settings.cells}: the tower's last grid has {rows}×{columns} places, "
                f"which must be a whole multiple: expected one of {fitting or 'none: choose another model'}"
            )
        if settings.reconstruct and _side(model.visual) % rows:
            raise RecipeError(
                f"model {name!r}: its last grid has {rows} rows for {_side(model.visual)} px, no whole "
                "number each: expected another model, or task_settings.reconstruct=0"
            )
        for weight in [] if settings.contrast else beside_grid(model.visual):
            weight.requires_grad_(False)  # several workers wait for the gradients of all others
        self.token = nn.Parameter(torch.zeros(channels, 1, 1))
        self.decoder = decoder(width, _side(model.visual) // rows) if settings.reconstruct else None
        self.heads = Heads(settings, said, width)
        byol = settings.contrast and settings.against is Against.PREDICTOR
        self.predictor = predictor(settings) if byol else None
        self.teacher = nn.ModuleList([deepcopy(model.visual), deepcopy(self.heads)]).requires_grad_(False)
        keys = functional.normalize(torch.randn(settings.queue, settings.dim), dim=1)
        queued = settings.contrast and not byol
        # not a buffer: those are sent from the first worker to all others in every step
        self.queue = nn.Parameter(keys, requires_grad=False) if queued else None
        self.register_buffer("centre", torch.zeros(settings.prototypes))
        self.register_buffer("done", torch.zeros(()))
        self._keys: list[Tensor] = []
        self._scores: list[Tensor] = []

    def begin(self, model: Any, batch: Batch) -> Mapping[str, int]:
        """Count the pictures of a step."""
        for module in self.teacher.modules():  # they take the statistics of what the teacher sees
            module.training = isinstance(module, _BatchNorm)
        self._keys, self._scores = [], []
        return {"pictures": len(batch.keys)}

    def features(self, model: Any, batch: Batch) -> Tensors:
        return {}

    def outputs(self, model: Any, batch: Batch) -> Tensors:
        """Each loss of each picture, the mean over its two windows, (pictures)."""
        windows = torch.cat([batch.images, batch.arrays["others"]])
        hidden = batch.arrays["hidden"].transpose(0, 1).flatten(0, 1)[:, None].to(windows.dtype)
        pixels = functional.interpolate(hidden, windows.shape[-2:])
        shown = torch.where(pixels > 0, windows.mean(dim=(2, 3), keepdim=True), windows)
        place = stem(model.visual, type(model).__name__)
        with added(place, self.token * hidden):
            pooled, grid = feature_map(model.visual, shown)
        with torch.no_grad():
            tower, heads = self.teacher
            seen, whole = feature_map(tower, windows)
            keys, scores = heads(seen, whole)
        said, cells = self.heads(pooled, grid)
        found: Tensors = {}
        with torch.autocast(windows.device.type, enabled=False):
            if self.decoder is not None:
                made = self.decoder(grid.float())
                errors = losses.hidden_errors(made, windows, pixels)
                filled = losses.filled(made, windows, pixels)
                found["reconstruct"] = errors + losses.focal_frequency(filled, windows)
            if self.settings.contrast:
                found["contrast"] = self._contrast(said.float(), keys.float())
            if self.settings.local:
                found["local"] = self._local(cells.float(), scores.float(), batch.arrays["matches"])
        return {name: torch.stack(each.chunk(2)).mean(dim=0) for name, each in found.items()}

    def contrast(self, features: Tensors, batch: Batch) -> Tensors:
        return {}

    def own_losses(self, model: Any, batch: Batch, out: Tensors, shares: Mapping[str, float]) -> Tensors:
        weights = {name: getattr(self.settings, name) for name in out}
        return {name: weights[name] * shares["pictures"] * each.sum() for name, each in out.items()}

    @torch.no_grad()
    def end(self, model: Any, done: float) -> None:
        """Move the teacher, and keep what it said in this step."""
        stays = losses.momentum(float(self.done), self.settings.momentum)
        for teacher, student in zip(self.teacher, (model.visual, self.heads), strict=True):
            follow(teacher, student, stays)
        if self.queue is not None:
            new = gather(torch.cat(self._keys)).flatten(0, 1)
            self.queue.copy_(torch.cat([new, self.queue])[: len(self.queue)])
        if self._scores:
            sums = gather(torch.stack(self._scores).mean(dim=0)[None]).mean(dim=0)
            for window in sums:
                self.centre.copy_(losses.moved(self.centre, window))
        self.done.fill_(done)

    def _contrast(self, said: Tensor, keys: Tensor) -> Tensor:
        """Of each window, against what the teacher says of the other one of its picture."""
        first, second = keys.chunk(2)
        others = torch.cat([second, first])
        if self.predictor is not None:
            return losses.apart(self.predictor(said), others)
        assert self.queue is not None
        self._keys.append(torch.stack([first, second], dim=1))
        return losses.against_queue(said, others, self.queue)

    def _local(self, cells: Tensor, scores: Tensor, matches: Tensor) -> Tensor:
        """Of each window, in the cells that the other one of its picture shows too."""
        own = matches[:, :, 0].transpose(0, 1).flatten(0, 1)[:, None]
        theirs = matches[:, :, 1].transpose(0, 1).flatten(0, 1)[:, None]
        others = torch.cat(scores.chunk(2)[::-1])
        teacher = others.gather(2, theirs.expand(-1, others.shape[1], -1))
        student = cells.gather(2, own.expand(-1, cells.shape[1], -1))
        self._scores.append(torch.stack([part.mean(dim=(0, 2)) for part in teacher.chunk(2)]))
        temperature = losses.teacher_temperature(float(self.done))
        return losses.cells_agree(student, teacher, self.centre, temperature)


def _side(visual: Any) -> int:
    size = visual.image_size
    return int(size if isinstance(size, int) else size[0])
