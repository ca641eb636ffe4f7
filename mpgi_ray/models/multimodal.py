"""A multimodal model of Qwen2-VL's kind with a head that scores answers about a picture.

After ScoreRS (Muhtar et al. 2025, arXiv 2503.00743): a linear head on the last hidden state of an answer's
last token. Two faults of the authors' code are not here: which token is the last one follows from what is
attended to, not from the first token that is also used for padding; and the positions of the tokens in the
picture are computed in each call, while theirs are right in the first call only.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mpgi_ray.models.ranked import last_tokens


class MultimodalNetwork(nn.Module):
    """The backbone and the head.

    Args:
        backbone: ``Qwen2VLModel`` or ``Qwen2_5_VLModel`` of transformers.
    """

    def __init__(self, backbone: Any) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = nn.Linear(backbone.config.text_config.hidden_size, 1, bias=False)

    @property
    def visual(self) -> nn.Module:
        """The image tower, with what brings its features to the size of tokens."""
        tower: nn.Module = self.backbone.visual
        return tower

    def set_grad_checkpointing(self) -> None:
        """Compute activations again in the backward pass, to save memory."""
        self.backbone.gradient_checkpointing_enable({"use_reentrant": False})

    def forward(self, pictures: Tensor, ids: Tensor, which: Tensor) -> Tensor:
        """The scores of answers, above 0, float32 (answers).

        Args:
            pictures, ids, which: of one conversation for each answer; see `hidden_states`.
        """
        states, attended = hidden_states(self.backbone, pictures, ids, which)
        last = states[torch.arange(len(states), device=ids.device), last_tokens(attended)]
        with torch.autocast(last.device.type, enabled=False):
            scores: Tensor = functional.softplus(self.head(last.float())).squeeze(-1)
        return scores


def hidden_states(backbone: Any, pictures: Tensor, ids: Tensor, which: Tensor) -> tuple[Tensor, Tensor]:
    """What the last layer says at each token, (conversations, tokens, width), and which tokens there are.

    Args:
        backbone: ``Qwen2VLModel`` or ``Qwen2_5_VLModel`` of transformers.
        pictures: normalised, (pictures, 3, side, side); one that nothing is asked about costs nothing.
        ids: tokens of conversations, (conversations, tokens), negative behind their ends; what no
            conversation reaches is cut off.
        which: the picture of each conversation, (conversations); negative where there is none.
    """
    ids = ids[:, : int((ids >= 0).sum(1).max())]
    attended = ids >= 0
    ids = ids.clamp(min=0)
    shown = ids == backbone.config.image_token_id
    tokens = backbone.get_input_embeddings()(ids)
    seen, places = torch.unique(which[which >= 0], return_inverse=True)
    if len(seen):
        features = _seen(backbone, pictures[seen])[places].to(tokens.dtype)
        tokens = tokens.masked_scatter(shown[..., None], features)
    # positions are told, so that the backbone neither keeps nor uses those of an earlier call
    positions, _ = backbone.get_rope_index(
        ids,
        mm_token_type_ids=shown.int(),
        image_grid_thw=_grids(backbone, pictures, len(places)),
        attention_mask=attended.long(),
    )
    states: Tensor = backbone(
        inputs_embeds=tokens,
        attention_mask=attended.long(),
        position_ids=positions,
        use_cache=False,
    ).last_hidden_state
    return states, attended


def _seen(backbone: Any, pictures: Tensor) -> Tensor:
    """What the image tower says of pictures, (pictures, tokens, width)."""
    vision = backbone.config.vision_config
    patches = as_patches(pictures, vision.patch_size, vision.spatial_merge_size, vision.temporal_patch_size)
    found = backbone.get_image_features(patches, _grids(backbone, pictures, len(pictures)))
    return torch.stack(list(found.pooler_output))


def _grids(backbone: Any, pictures: Tensor, count: int) -> Tensor:
    """Moments, rows and columns of patches, (count, 3)."""
    rows, columns = (side // backbone.config.vision_config.patch_size for side in pictures.shape[2:])
    return torch.tensor([[1, rows, columns]], device=pictures.device).expand(count, -1)


def as_patches(pictures: Tensor, patch: int, merge: int, moments: int) -> Tensor:
    """The patches of pictures, (pictures × patches, 3 × moments × patch × patch), as the image tower takes
    them: those that become one token follow each other, and a picture is a film of equal moments.

    Args:
        pictures: (pictures, 3, height, width), in multiples of ``patch × merge``.
        merge: patches of a token, across and down.
    """
    count, colours, height, width = pictures.shape
    down, across = height // (merge * patch), width // (merge * patch)
    cut = pictures.reshape(count, colours, down, merge, patch, across, merge, patch)
    ordered = cut.permute(0, 2, 5, 3, 6, 1, 4, 7)  # tokens down and across, patches down and across, colours
    still = ordered.unsqueeze(6).expand(-1, -1, -1, -1, -1, -1, moments, -1, -1)
    return still.flatten(5).flatten(0, 4)
