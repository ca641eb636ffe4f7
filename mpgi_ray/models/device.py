"""Whether torch can use the GPUs of this machine."""

from __future__ import annotations

import torch


def cuda_trouble() -> str:
    """Why torch cannot use them; empty if it can, which a small sum on the first one shows."""
    if torch.version.cuda is None:
        return f"torch {torch.__version__} is built without CUDA"
    try:
        torch.ones(1, device="cuda").sum().item()
    except (RuntimeError, AssertionError) as error:
        return f"torch {torch.__version__} (CUDA {torch.version.cuda}): {' '.join(str(error).split())[:200]}"
    return ""
