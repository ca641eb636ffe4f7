"""The image tower of our own small CLIP: a few convolutions whose grid is read in two ways.

Cell by cell it says where something is, and by its largest and mean value over all cells what there is.
Towers that only pool the last grid learn where things lie far later, and one that only keeps it learns
colours later (docs/results.md). It is registered with timm, so that open_clip builds and opens such a model
like any other once this module is imported.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, ClassVar

import torch
from timm.models import register_model
from torch import Tensor, nn

GRID = "mpgi_grid"  # as a configuration of open_clip names the tower: ``timm_model_name``
SIDE = 96  # of the pictures, in pixels
WIDTHS = 16, 32, 64  # channels after each halving
_IN_CELLS, _ANYWHERE = 32, 32  # channels that are read cell by cell, and over all cells


class GridTower(nn.Module):
    """Pictures (batch, 3, `SIDE`, `SIDE`) to features (batch, ``num_features``)."""

    default_cfg: ClassVar[dict[str, Any]] = {"pool_size": None}  # timm's: there is nothing left to pool

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [_convolution(3, WIDTHS[0], 2)]
        for before, width in pairwise(WIDTHS):
            layers += [_convolution(before, width, 2), _Residual(width)]
        self.layers = nn.Sequential(*layers)
        self.cells = nn.Sequential(_point(WIDTHS[-1], _IN_CELLS), nn.Flatten())
        self.anywhere = _point(WIDTHS[-1], _ANYWHERE)
        self.num_features = _IN_CELLS * (SIDE // 2 ** len(WIDTHS)) ** 2 + 2 * _ANYWHERE

    def reset_classifier(self, num_classes: int, global_pool: str | None = None) -> None:
        """Nothing: the tower has no classifier; open_clip puts its projection behind it."""

    @property
    def stem(self) -> nn.Module:
        """Its first convolution."""
        return self.layers[0]

    def forward(self, pictures: Tensor) -> Tensor:
        return self.forward_head(self.layers(pictures))

    def forward_intermediates(self, x: Tensor, **_: Any) -> tuple[Tensor, list[Tensor]]:
        """Timm's way to ask for grids: the last one, and a list of it alone."""
        grid = self.layers(x)
        return grid, [grid]

    def stages(self, pictures: Tensor) -> list[Tensor]:
        """The grids behind each halving, (batch, `WIDTHS`, rows, columns); each is half as high as the one
        before.
        """
        grids = []
        for number, layer in enumerate(self.layers):
            pictures = layer(pictures)
            if number % 2 == 0:  # the first convolution, then two layers for each halving
                grids.append(pictures)
        return grids

    def forward_head(self, grid: Tensor) -> Tensor:
        """What is read of the last grid."""
        anywhere = self.anywhere(grid)
        return torch.cat([self.cells(grid), anywhere.amax((2, 3)), anywhere.mean((2, 3))], dim=1)


class _Residual(nn.Module):
    """Two convolutions beside the identity, which they begin as."""

    def __init__(self, width: int) -> None:
        super().__init__()
        last = nn.BatchNorm2d(width)
        nn.init.zeros_(last.weight)
        self.added = nn.Sequential(
            _convolution(width, width, 1), nn.Conv2d(width, width, 3, padding=1, bias=False), last
        )

    def forward(self, grid: Tensor) -> Tensor:
        return torch.relu(grid + self.added(grid))


def _point(before: int, width: int) -> nn.Sequential:
    """A layer that looks at one cell at a time."""
    return nn.Sequential(
        nn.Conv2d(before, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
    )


def _convolution(before: int, width: int, stride: int) -> nn.Sequential:
    convolution = nn.Conv2d(before, width, 3, stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(width), nn.ReLU(inplace=True))


@register_model
def mpgi_grid(pretrained: bool = False, **_: Any) -> GridTower:
    """What timm makes of the name `GRID`."""
    return GridTower()
