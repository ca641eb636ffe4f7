"""What the parts of `gpu.sh` left in its folder, as a table and one line of JSON.

    python benchmarks/gathered.py RESULTS NAME…

Of each part there are ``NAME.status`` (exit code and seconds), ``NAME.log``, whose last line is its figures,
and ``NAME.err``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TIMED_OUT = (124, 137)  # exit codes of `timeout`
TOLD = ("images_per_second", "ratio", "median", "ratio_open_clip_wall", "computed_over_minimum", "gpu")


def why(folder: Path, name: str, status: int) -> str:
    """Why a part failed: the last line that it printed, of its errors first."""
    if status in TIMED_OUT:
        return "it ran out of its time"
    for kind in ("err", "log"):
        path = folder / f"{name}.{kind}"
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        if last := next((line.strip() for line in reversed(lines) if line.strip()), ""):
            return f"{last} (exit code {status})"
    return f"it said nothing (exit code {status})"


def figures(folder: Path, name: str) -> dict[str, Any] | None:
    """The last line of a part; None if that is not a JSON object."""
    try:
        found = json.loads((folder / f"{name}.log").read_text().splitlines()[-1])
    except (ValueError, IndexError):
        return None
    return found if isinstance(found, dict) else None


def line(found: dict[str, Any]) -> str:
    """Some of a part's figures."""
    rates = found.get("images_per_second")
    if isinstance(rates, dict):  # of a caption run
        found = found | {"images_per_second": rates["after_startup"] or rates["overall"]}
    return ", ".join(f"{name} {found[name]}" for name in TOLD if found.get(name) is not None)


def main(folder: Path, names: list[str]) -> None:
    parts, failed, seconds = {}, {}, {}
    print(f"{'part':<16} {'s':>5}  figures")
    for name in names:
        status, seconds[name] = map(int, (folder / f"{name}.status").read_text().split())
        found = None if status else figures(folder, name)
        if found is None:
            failed[name] = why(folder, name, status)
            print(f"{name:<16} {seconds[name]:>5}  failed: {failed[name]}")
        else:
            parts[name] = found
            print(f"{name:<16} {seconds[name]:>5}  {line(found)}")
    text = json.dumps({"parts": parts, "failed": failed, "seconds": seconds})
    (folder / "summary.json").write_text(f"{text}\n")
    print(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
