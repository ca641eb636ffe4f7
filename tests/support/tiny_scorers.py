"""A scorer with random weights: its scores mean nothing, and the same call makes the same ones."""

from __future__ import annotations

from pathlib import Path

import torch

from mpgi_ray.data.storage import Storage
from mpgi_ray.models import checkpoint
from mpgi_ray.models.architecture import small
from mpgi_ray.models.tokenizer import TextTokenizer
from mpgi_ray.train.tasks import task_settings

_WORDS = ["Two red ships lie in a harbour. Sand is yellow."]


def make_scorer(folder: Path) -> None:
    """Write the files of a run of `mpgi train --task preference` that a scorer is loaded from."""
    torch.manual_seed(0)
    architecture = small(TextTokenizer.train(_WORDS, 32))
    model, _, _ = checkpoint.build(architecture)
    settings = task_settings("preference", {"preferences": str(folder)})
    for name, data in settings.task(model).files().items():
        Storage(str(folder)).publish(name, data)
    checkpoint.save(folder, architecture, model)
