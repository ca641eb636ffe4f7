"""A copy of the package to which a page of the documentation is applied, as its reader would do it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(?P<language>\w+) (?P<file>\S+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


def scratch_package(folder: Path, *pages: str) -> Path:
    """Copy the package below ``folder`` and do there what the pages say.

    A code block that names a file is that file; one of ``diff`` changes a file that is there.

    Args:
        pages: names of files in ``docs/``.

    Returns:
        The folder to work in: whatever runs there imports the copy.
    """
    shutil.copytree(ROOT / "mpgi_ray", folder / "mpgi_ray")  # with the bytecode of what is not changed
    for page in pages:
        blocks = list(_BLOCK.finditer((ROOT / "docs" / page).read_text(encoding="utf-8")))
        assert blocks, f"docs/{page} names no file in its code blocks"
        for block in blocks:
            _apply(folder / block["file"], block["language"], block["body"])
    return folder


def run_in(package: Path, *arguments: str, timeout: float = 400) -> str:
    """What Python prints with these arguments, with the copy as its package."""
    found = [package, ROOT / "tests", ROOT / "benchmarks", os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=package,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, found)), "RAY_ADDRESS": "local"},
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _apply(file: Path, language: str, body: str) -> None:
    if language != "diff":
        assert not file.exists(), f"{file} is there already"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(body, encoding="utf-8")
        return
    lines = body.splitlines(keepends=True)
    old = "".join(line[1:] for line in lines if not line.startswith("+"))
    new = "".join(line[1:] for line in lines if not line.startswith("-"))
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file} does not hold these lines once: {old}"
    file.write_text(text.replace(old, new), encoding="utf-8")
