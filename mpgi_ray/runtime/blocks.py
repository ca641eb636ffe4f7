"""The settings of Ray Data that every graph of ours needs.

Ray loads `ray.data` at its first use; the log level that it reads then is the session's.
"""

from __future__ import annotations

import ray


def one_row_blocks() -> ray.data.DataContext:
    """Make every row a block, a task and a retry of its own; returns the context for further settings."""
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.target_max_block_size = 1  # larger values join rows
    return context
