"""Features of an image tower at three levels, cell by cell of its last grid: what a bridge reads.

Of a vision transformer they are the states of three of its layers; of our own `grid_tower`, whose grids
shrink, its three stages, of which each cell of the last grid takes all values at its place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.nn import functional

from mpgi_ray.errors import RecipeError
from mpgi_ray.models.bridge import Variant, levels
from mpgi_ray.models.grid_tower import SIDE, WIDTHS, GridTower


@dataclass(frozen=True)
class TowerLevels:
    """How the levels of a tower are read.

    Attributes:
        widths: of their features.
        grid: rows and columns of cells.
        placeless: whether cells do not know where they lie, as those of a tower that convolves.
        read: pictures (pictures, 3, height, width) to levels, each (pictures, cells, width).
    """

    widths: tuple[int, ...]
    grid: tuple[int, int]
    placeless: bool
    read: Callable[[Tensor], list[Tensor]]


def tower_levels(visual: Any, variant: Variant) -> TowerLevels:
    """The levels of a tower.

    Raises:
        RecipeError: it is of another kind, or too shallow.
    """
    from open_clip.transformer import ResidualAttentionBlock, VisionTransformer

    trunk = getattr(visual, "trunk", None)
    if isinstance(trunk, GridTower):
        side = SIDE // 2 ** len(WIDTHS)
        widths = tuple(width * 4**after for after, width in zip((2, 1, 0), WIDTHS, strict=True))
        return TowerLevels(widths, (side, side), True, lambda pictures: _of_stages(trunk, pictures))
    plain = isinstance(visual, VisionTransformer) and all(
        type(block) is ResidualAttentionBlock for block in visual.transformer.resblocks
    )
    if not plain:
        raise RecipeError(
            f"an image tower of the kind {type(trunk or visual).__name__} has no levels that a bridge knows: "
            "expected a vision transformer of open_clip, e.g. ViT-B-32, or the tower of `small`"
        )
    wanted = levels(variant, len(visual.transformer.resblocks))
    width = visual.conv1.out_channels
    return TowerLevels(
        (width,) * 3, visual.grid_size, False, lambda pictures: _of_layers(visual, wanted, pictures)
    )


def _of_layers(visual: Any, wanted: tuple[int, ...], pictures: Tensor) -> list[Tensor]:
    first: list[Tensor] = []
    handle = visual.transformer.resblocks[0].register_forward_pre_hook(
        lambda _, given: first.append(given[0][:, 1:])
    )
    layers = sorted({level - 1 for level in wanted if level})
    try:
        found = visual.forward_intermediates(
            pictures, indices=layers, stop_early=True, intermediates_only=True, output_fmt="NLC"
        )["image_intermediates"]
    finally:
        handle.remove()
    states = dict(zip(layers, found, strict=True))
    return [states[level - 1] if level else first[0] for level in wanted]


def _of_stages(trunk: GridTower, pictures: Tensor) -> list[Tensor]:
    grids = trunk.stages(pictures)
    rows = grids[-1].shape[2]
    return [
        functional.pixel_unshuffle(grid, grid.shape[2] // rows).flatten(2).transpose(1, 2) for grid in grids
    ]
