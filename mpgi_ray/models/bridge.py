"""The bridge of LHRS-Bot: few learnt queries read the features of several layers of an image tower.

After Muhtar et al. 2024 (LHRS-Bot, arXiv 2402.02544), and Li et al. 2024 (LHRS-Bot-Nova, arXiv 2411.09301)
for the second variant, without its experts. What comes out takes the place of words for a language model.
"""

from __future__ import annotations

from enum import StrEnum

import torch
from torch import Tensor, nn
from torch.nn import functional

from mpgi_ray.errors import RecipeError


class Variant(StrEnum):
    """Whose bridge it is."""

    MAIN = "main"  # LHRS-Bot: queries read the picture and themselves
    NOVA = "nova"  # LHRS-Bot-Nova: they read the picture alone, whose places are told


class Bridge(nn.Module):
    """Features of a picture at several levels to a short row of vectors.

    The same blocks serve all levels; each level has queries of its own.

    Args:
        queries: of each level.
        width: of the features, and of the queries.
        heads: of attention.
        out: the width of what comes out.
        grid: rows and columns of the features, which `Variant.NOVA` tells the queries.
    """

    def __init__(
        self,
        variant: Variant,
        queries: tuple[int, ...],
        layers: int,
        width: int,
        heads: int,
        out: int,
        grid: tuple[int, int],
    ) -> None:
        super().__init__()
        self.variant, self.per_level = variant, queries
        self.queries = nn.Parameter(torch.randn(sum(queries), width) * 0.02)
        self.blocks = nn.ModuleList(_Block(width, heads) for _ in range(layers))
        self.out = nn.Linear(width, out)
        if variant is Variant.NOVA:
            self.norms = nn.ModuleDict(
                {name: nn.LayerNorm(width) for name in ("queries", "picture", "after")}
            )
            self.register_buffer("places", places(width, *grid).flatten(0, 1), persistent=False)

    def forward(self, levels: list[Tensor]) -> Tensor:
        """What stands for pictures, (pictures, queries of all levels, out).

        Args:
            levels: as many as there are of queries, each (pictures, cells, width).
        """
        parts = torch.split(self.queries, list(self.per_level))
        read = [self._read(own, seen) for own, seen in zip(parts, levels, strict=True)]
        found: Tensor = self.out(torch.cat(read, dim=1))
        return found

    def _read(self, queries: Tensor, seen: Tensor) -> Tensor:
        rows = queries.expand(len(seen), -1, -1)
        if self.variant is Variant.MAIN:
            keys = values = torch.cat([rows, seen], dim=1)  # of the queries as they begin, in all blocks
        else:
            rows, values = self.norms["queries"](rows), self.norms["picture"](seen)
            keys = values + self.places
        for block in self.blocks:
            rows = block(rows, keys, values)
        return rows if self.variant is Variant.MAIN else self.norms["after"](rows)


class _Block(nn.Module):
    """Queries read keys and values, and each is then changed by itself."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm_queries, self.norm_read, self.norm_after = (nn.LayerNorm(width) for _ in range(3))
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.widen, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, rows: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        queries, keys, values = self.norm_queries(rows), self.norm_read(keys), self.norm_read(values)
        rows = rows + self.attention(queries, keys, values, need_weights=False)[0]
        changed: Tensor = rows + self.narrow(functional.gelu(self.widen(self.norm_after(rows))))
        return changed


def levels(variant: Variant, layers: int) -> tuple[int, int, int]:
    """Which states of a tower of so many layers are read: 0 is before the first layer, 1 behind it.

    Raises:
        RecipeError: there are fewer than three layers.
    """
    if layers < 3:
        raise RecipeError(f"an image tower of {layers} layers is too shallow: a bridge needs 3 or more")
    if variant is Variant.MAIN:
        return layers // 3 - 1, layers // 3 * 2 - 1, layers - 2
    return layers // 3, layers // 3 * 2, layers - 1


def shares(variant: Variant, queries: int) -> tuple[int, int, int]:
    """How many queries each level has of so many: as LHRS-Bot's 64, 48, 32, and Nova's 112, 96, 64."""
    of = (64, 48, 32) if variant is Variant.MAIN else (112, 96, 64)
    first, second = (queries * part // sum(of) for part in of[:2])
    return first, second, queries - first - second


def places(width: int, rows: int, columns: int) -> Tensor:
    """Sines and cosines of columns, then of rows, (rows, columns, width); width is a multiple of 4."""
    steps = torch.arange(width // 4, dtype=torch.float64) / (width // 4)
    speeds = 10_000.0**-steps

    def told(count: int) -> Tensor:
        angles = torch.arange(count, dtype=torch.float64)[:, None] * speeds
        return torch.cat([angles.sin(), angles.cos()], dim=1)

    across = told(columns)[None].expand(rows, -1, -1)
    down = told(rows)[:, None].expand(-1, columns, -1)
    return torch.cat([across, down], dim=2).float()
