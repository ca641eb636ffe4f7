"""What a model that answers questions offers to training, and a conversation as the tokens that it reads.

Reading processes make the tokens, so this needs no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from mpgi_ray.models.conversation import NOTHING
from mpgi_ray.models.inputs import Row

if TYPE_CHECKING:
    from torch import Tensor


@runtime_checkable
class Answering(Protocol):
    """A model that answers questions about a picture."""

    def answer_losses(self, pictures: Tensor, ids: Tensor, learnt: Tensor, which: Tensor) -> Tensor:
        """The sum of -log p over the learnt tokens of each conversation, float32 (conversations).

        Args:
            pictures: normalised, (pictures, 3, side, side).
            ids: tokens of conversations, (conversations, tokens), negative behind their ends.
            learnt: which of them are predicted from what stands before them, (conversations, tokens).
            which: the picture of each conversation, (conversations); negative where there is none.
        """
        ...

    def freeze_sight(self) -> None:
        """Freeze all that conversations without a picture do not use."""
        ...


def row(turns: Sequence[tuple[Sequence[int], Sequence[int]]], length: int) -> Row:
    """A conversation as one row, with `NOTHING` behind its end.

    Turns that do not fit are left out, and a first one that does not is cut.

    Args:
        turns: the tokens of what is asked, with all that stands before the answer, and of the answer with its
            end, which are what is learnt.
    """
    ids, learnt = np.full(length, NOTHING, np.int64), np.zeros(length, bool)
    end = 0
    for asked, answered in turns:
        if end and end + len(asked) + len(answered) > length:
            break
        start = end + len(asked)
        tokens = [*asked, *answered][: length - end]
        ids[end : end + len(tokens)] = tokens
        end += len(tokens)
        learnt[start:end] = True
    return ids, learnt
