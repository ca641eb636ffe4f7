"""Strikes at the publishes that the harness chose; Python imports this in every process of a start.

A publish is a rename or a link into the output folder. ``MPGI_FAULT`` holds the plan as JSON: ``output``,
``counter`` (a file that grows by a byte with every publish of any process) and ``strikes``: by the number of
a publish its moment (before, during, after) and its victim, see `support.processes.strike`.
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
        moment, victim = plan["strikes"].get(str(_count(plan)), ("", ""))
        if moment == "during":
            os.truncate(source, os.path.getsize(source) // 2)
        if moment in ("before", "during"):
            _strike(victim, plan)
        call(source, target, **options)
        if moment == "after":
            _strike(victim, plan)

    return publish


def _strike(victim: str, plan: dict[str, Any]) -> None:
    from support.processes import strike

    strike(victim, plan["home"])


if "MPGI_FAULT" in os.environ:
    _plan = json.loads(os.environ["MPGI_FAULT"])
    os.link, os.replace = _wrapped(os.link, _plan), _wrapped(os.replace, _plan)
