"""A teacher that is a running mean of what it teaches."""

from __future__ import annotations

import torch


@torch.no_grad()
def follow(teacher: torch.nn.Module, student: torch.nn.Module, momentum: float) -> None:
    """Move every parameter of a teacher towards the student's, which has the same ones.

    Args:
        momentum: the share of the teacher's own value that stays.
    """
    for mean, weight in zip(teacher.parameters(), student.parameters(), strict=True):
        mean.lerp_(weight, 1 - momentum)
