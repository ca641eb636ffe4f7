"""A scorer that has learned nothing, as a run of `mpgi train --task preference` leaves one."""

from __future__ import annotations

from pathlib import Path

import torch

from mpgi_ray.data.storage import Storage
from mpgi_ray.models import checkpoint
from mpgi_ray.models.architecture import small
from mpgi_ray.models.tokenizer import TextTokenizer
from mpgi_ray.train.tasks import task_settings


def write_scorer(folder: Path, words: str, seed: int = 0) -> str:
    """A small scorer with random weights that knows these words; the folder."""
    torch.manual_seed(seed)
    architecture = small(TextTokenizer.train([words], 32))
    model, _, _ = checkpoint.build(architecture)
    settings = task_settings("preference", {"preferences": str(folder)})
    for name, data in settings.task(model).files().items():
        Storage(str(folder)).publish(name, data)
    checkpoint.save(folder, architecture, model)
    return str(folder)
