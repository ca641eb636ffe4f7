"""What a vision transformer says of each patch of a picture, in the space that it shares with texts.

The last block of a CLIP gathers what the class token needs, and its patches lose their place. So it is taken
differently for patches, while the class token's own output stays what it is: by attention of equal parts
(SegEarth: Li et al. 2024, arXiv 2410.01768) or by values alone (MaskCLIP: Zhou et al. 2022,
arXiv 2112.01071). Reading processes know the names of these ways, and do without torch.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from mpgi_ray.errors import RecipeError

if TYPE_CHECKING:
    from torch import Tensor


class Last(StrEnum):
    """How the last block is taken for patches."""

    PLAIN = "plain"  # as it is
    SEGEARTH = "segearth"  # softmax(qq) + softmax(kk) + softmax(vv), without residual and MLP
    MASKCLIP = "maskclip"  # its values, with residual and MLP


def patch_tokens(visual: Any, pictures: Tensor, last: Last) -> tuple[Tensor, Tensor]:
    """Features of pictures, (pictures, dim), as the tower itself gives them, and of their patches,
    (pictures, patches, dim), row by row; none of them normalised.

    Args:
        visual: a tower that `require_patches` accepts.
        pictures: (pictures, 3, height, width).
    """
    import torch

    blocks = visual.transformer.resblocks
    layers = [len(blocks) - 2, len(blocks) - 1]
    found = visual.forward_intermediates(pictures, indices=layers, output_fmt="NLC", output_extra_tokens=True)
    both = zip(found["image_intermediates_prefix"], found["image_intermediates"], strict=True)
    before, after = (torch.cat(pair, dim=1) for pair in both)
    tokens = after if last is Last.PLAIN else _changed(blocks[-1], before, last)
    tokens = visual.ln_post(tokens)[:, 1:]
    return found["image_features"], tokens if visual.proj is None else tokens @ visual.proj


def pooled_regions(patches: Tensor, places: Tensor, grid: tuple[int, int]) -> Tensor:
    """Unit features of parts of pictures, each the mean over a grid that is aligned with the part (RoIAlign).

    Args:
        patches: of whole pictures, (pictures, rows × columns, dim).
        places: x1, y1, x2, y2 of their parts, from 0 to 1, (pictures, parts, 4).
        grid: rows and columns.

    Returns:
        (pictures × parts, dim), the parts of a picture in a row.
    """
    from torch.nn import functional
    from torchvision.ops import roi_align

    rows, columns = grid
    boxes = places.to(patches.dtype) * patches.new_tensor([columns, rows, columns, rows])
    cells = patches.transpose(1, 2).reshape(len(patches), -1, rows, columns)
    pooled = roi_align(cells, list(boxes), grid, spatial_scale=1.0, sampling_ratio=-1, aligned=True)
    return functional.normalize(pooled.mean(dim=(2, 3)), dim=-1)


def require_patches(visual: Any, name: str) -> None:
    """Raise an error if a tower's patches cannot be taken.

    Raises:
        RecipeError: it is not a plain vision transformer of open_clip with two blocks or more.
    """
    from open_clip.transformer import ResidualAttentionBlock, VisionTransformer

    if not isinstance(visual, VisionTransformer):
        raise RecipeError(
            f"model {name!r}: its image tower is a {type(visual).__name__}, which has no patches to take: "
            "expected a vision transformer of open_clip, e.g. ViT-B-32"
        )
    blocks = visual.transformer.resblocks
    plain = all(type(block) is ResidualAttentionBlock for block in blocks)
    if not plain or len(blocks) < 2 or visual.attn_pool is not None or visual.final_ln_after_pool:
        raise RecipeError(
            f"model {name!r}: its image tower pools or attends in a way of its own, or has one block only: "
            "expected a plain vision transformer of open_clip, e.g. ViT-B-32"
        )


def _changed(block: Any, tokens: Tensor, last: Last) -> Tensor:
    """What the last block makes of its input when it is taken differently: (pictures, 1 + patches, width)."""
    from torch.nn import functional

    attention = block.attn
    parts = functional.linear(block.ln_1(tokens), attention.in_proj_weight, attention.in_proj_bias)
    query, key, value = parts.chunk(3, dim=-1)
    if last is Last.MASKCLIP:
        tokens = tokens + block.ls_1(attention.out_proj(value))
        changed: Tensor = tokens + block.ls_2(block.mlp(block.ln_2(tokens)))
        return changed
    shape = *tokens.shape[:2], attention.num_heads, -1
    heads = [part.reshape(shape).transpose(1, 2) for part in (query, key, value)]
    scale = heads[0].shape[-1] ** -0.5
    weights = sum((scale * head @ head.transpose(-2, -1)).softmax(dim=-1) for head in heads)
    found: Tensor = attention.out_proj((weights @ heads[2]).transpose(1, 2).flatten(2))
    return found
