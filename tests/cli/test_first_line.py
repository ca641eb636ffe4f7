"""What commands import before they say their first word."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("ray", "torch", "numpy", "pyarrow", "PIL", "duckdb")
HELP = f"""
import sys
from mpgi_ray.cli import main
assert main(["--help"]) == 0
print(sorted(set({(*HEAVY, "pydantic")}) & set(sys.modules)), file=sys.stderr)
"""


def test_help_imports_nothing_that_takes_long() -> None:
    done = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "[]\n"
    assert "inspect" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["caption", "template", "--shards", "a", "--shards", "b", "--out", "c"],
            "caption: recipe template, shards a and 1 more, output c",
        ),
        (
            ["caption", "mine.yaml", "--out", "https://me:word@host/c?key=1"],
            "caption: recipe mine.yaml, output https://…@host/c?…",
        ),
        (["train", "final", "--out", "run\n2"], "train: shards final, output run�2"),
        (["score", "c", "--out", "s", "--scorer", "text"], "score: captions c, scorers text, output s"),
        (["instruct", "make", "f", "--out", "i"], "instruct make: shards f, output i"),
        (["curate", "c", "--out", "f"], "curate: captions c, output f"),
    ],
)
def test_a_job_says_what_it_begins_on_before_it_imports_what_does_it(
    arguments: list[str], said: str, tmp_path: Path
) -> None:
    script = (
        f"import sys; sys.modules |= dict.fromkeys({HEAVY}); "
        f"from mpgi_ray.cli import main; main({arguments!r})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path)
    assert done.stderr.splitlines()[0] == said
