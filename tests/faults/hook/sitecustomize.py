"""Strikes at the publish that the harness chose; Python imports this in every process of a start.

A publish is a rename or a link into the output folder. ``MPGI_FAULT`` holds the plan as JSON: ``output``,
``counter`` (a file that grows by a byte with every publish of any process), ``at`` (the number of the
publish, 0 for none), ``moment`` (before, during, after) and ``victim``, see `support.processes.strike`.
"""

from __future__ import annotations

import json
import os
from typing import Any


def _count(plan: dict[str, Any]) -> int:
    """The number of this publish among those of all processes."""
    counter = os.open(plan["counter"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(counter, b".")
    try:
        return os.lseek(counter, 0, os.SEEK_CUR)
    finally:
        os.close(counter)


def _wrapped(call: Any, plan: dict[str, Any]) -> Any:
    def publish(source: Any, target: Any, **options: Any) -> None:
        name = os.fspath(target)
        if not str(name).startswith(plan["output"]) or str(name).endswith("lease.json"):
            call(source, target, **options)
            return
        struck = _count(plan) == plan["at"]
        if struck and plan["moment"] == "during":
            os.truncate(source, os.path.getsize(source) // 2)
        if struck and plan["moment"] != "after":
            _strike(plan)
        call(source, target, **options)
        if struck and plan["moment"] == "after":
            _strike(plan)

    return publish


def _strike(plan: dict[str, Any]) -> None:
    from support.processes import strike

    strike(plan["victim"], plan["home"])


if "MPGI_FAULT" in os.environ:
    _plan = json.loads(os.environ["MPGI_FAULT"])
    os.link, os.replace = _wrapped(os.link, _plan), _wrapped(os.replace, _plan)
