"""What is put behind a tower while it learns from pictures alone, and taken off afterwards.

None of them normalises over a batch, so that the same is learnt on any number of workers.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from mpgi_ray.train.tasks.cmid.settings import Settings


class Heads(nn.Module):
    """What a tower says of windows, and of their cells; a teacher has its own.

    Args:
        said: dimension of what the tower says of a picture.
        width: of its last grid.
    """

    def __init__(self, settings: Settings, said: int, width: int) -> None:
        super().__init__()
        hidden, self.cells = settings.hidden_width, settings.cells
        self.project: nn.Module | None = None
        self.local: nn.Module | None = None
        if settings.contrast:
            self.project = nn.Sequential(
                nn.Linear(said, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, settings.dim)
            )
        if settings.local:
            self.local = nn.Sequential(
                nn.Conv2d(width, hidden, 1), nn.ReLU(inplace=True), nn.Conv2d(hidden, settings.dim, 1)
            )
            self.prototypes = nn.Parameter(torch.randn(settings.prototypes, settings.dim))

    def forward(self, pooled: Tensor, grid: Tensor) -> tuple[Tensor, Tensor]:
        """Projections of windows, (windows, dim), unit ones; and scores of prototypes in their cells,
        (windows, prototypes, cells). What is not learnt is empty.
        """
        empty = pooled.new_zeros(len(pooled), 0)
        said = empty if self.project is None else functional.normalize(self.project(pooled).float(), dim=1)
        if self.local is None:
            return said, empty
        cells = functional.adaptive_avg_pool2d(grid, self.cells)
        features = functional.normalize(self.local(cells).float(), dim=1).flatten(2)
        return said, functional.normalize(self.prototypes, dim=1) @ features


def predictor(settings: Settings) -> nn.Module:
    """What BYOL's student has and its teacher lacks."""
    hidden = settings.hidden_width
    return nn.Sequential(
        nn.Linear(settings.dim, hidden),
        nn.LayerNorm(hidden),
        nn.ReLU(inplace=True),
        nn.Linear(hidden, settings.dim),
    )


def decoder(width: int, side: int) -> nn.Module:
    """A grid of features to a picture, of which each place is a square of so many pixels."""
    return nn.Sequential(nn.Conv2d(width, 3 * side**2, 1), nn.PixelShuffle(side))
