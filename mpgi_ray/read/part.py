"""A file that holds rows, and a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

Row = dict[str, Any]
Part = Callable[[], pa.Table]  # reads one file; it is sent to other processes
