"""The last grid of features of an image tower, and the first one, to which something can be added.

For vision transformers and ResNets of open_clip, ResNets of timm, and `grid_tower`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from mpgi_ray.errors import RecipeError


def feature_map(visual: Any, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """What a tower says of pictures, (pictures, dim), as it does alone, and its last grid, (pictures, width,
    rows, columns); neither is normalised to length one.
    """
    found = visual.forward_intermediates(pictures, indices=1, normalize_intermediates=True)
    return found["image_features"], found["image_intermediates"][-1]


def stem(visual: Any, name: str) -> nn.Module:
    """The part of a tower whose output is its first grid, (pictures, channels, rows, columns).

    Raises:
        RecipeError: the tower is of another kind.
    """
    from open_clip.modified_resnet import ModifiedResNet
    from open_clip.transformer import VisionTransformer

    trunk = getattr(visual, "trunk", None)
    found: Any = None
    if isinstance(visual, VisionTransformer):
        found = visual.conv1
    elif isinstance(visual, ModifiedResNet):
        found = visual.avgpool
    elif trunk is not None:
        found = getattr(trunk, "stem" if hasattr(trunk, "stem") else "maxpool", None)
    if not isinstance(found, nn.Module) or not hasattr(visual, "forward_intermediates"):
        raise RecipeError(
            f"model {name!r}: its image tower is a {type(trunk or visual).__name__}, of which the first "
            "grid is not known: expected a vision transformer or ResNet of open_clip, e.g. ViT-B-32 or RN50"
        )
    return found


@contextmanager
def added(module: nn.Module, values: Tensor) -> Iterator[None]:
    """Add values, (pictures, channels, rows, columns), to what a module gives, each to the nearest places of
    its grid.
    """

    def add(_: nn.Module, __: Any, grid: Tensor) -> Tensor:
        return grid + nn.functional.interpolate(values.to(grid.dtype), grid.shape[-2:])

    handle = module.register_forward_hook(add)
    try:
        yield
    finally:
        handle.remove()


def sizes(visual: Any, module: nn.Module) -> tuple[int, tuple[int, int, int], int]:
    """Channels of what a module of a tower gives, (width, rows, columns) of the tower's last grid, and the
    dimension of what it says of a picture.
    """
    seen: list[Tensor] = []
    handle = module.register_forward_hook(lambda _, __, out: seen.append(out))
    try:
        with torch.no_grad():
            pooled, grid = _of_nothing(visual)
    finally:
        handle.remove()
    channels, rows, columns = grid.shape[1:]
    return seen[0].shape[1], (channels, rows, columns), pooled.shape[1]


def beside_grid(visual: Any) -> list[nn.Parameter]:
    """The weights of a tower that its last grid does not depend on: what it says of a picture as a whole."""
    return independent(visual, _of_nothing(visual)[1])


def independent(module: nn.Module, found: Tensor) -> list[nn.Parameter]:
    """The weights of a module, of those that are learnt, that what it gave does not depend on."""
    weights = [weight for weight in module.parameters() if weight.requires_grad]
    gradients = torch.autograd.grad(found.sum(), weights, allow_unused=True)
    return [weight for weight, gradient in zip(weights, gradients, strict=True) if gradient is None]


def _of_nothing(visual: Any) -> tuple[Tensor, Tensor]:
    """The `feature_map` of one empty picture."""
    training, size = visual.training, visual.image_size
    height, width = (size, size) if isinstance(size, int) else size
    try:
        return feature_map(visual.eval(), next(visual.parameters()).new_zeros(1, 3, height, width))
    finally:
        visual.train(training)
