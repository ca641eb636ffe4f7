"""Builds the site: ``python docs/site/build.py`` leaves it in ``build/site``.

The pages are those of ``docs/``, the README and others of the root, and some that are made of the program;
all of them are staged in ``build/docs``, where the generator reads them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from pages import PAGES
from staging import ROOT, stage

_HERE = Path(__file__).parent
# zensical 0.0.73 may begin before it has read the folder of the pages: then it ends well without writing some
# (zensical/zensical#726), or warns of links to pages that are there (zensical/zensical#641)
_TRIES = 5


def main() -> None:
    """Build the site anew; a warning that the generator repeats in every try ends it."""
    build = ROOT / "build"
    for old in ("docs", "site"):
        shutil.rmtree(build / old, ignore_errors=True)
    (build / "docs").mkdir(parents=True)
    stage(build / "docs")
    for name, made in PAGES.items():
        (build / "docs" / name).write_text(made(), encoding="utf-8")
    shutil.copy(_HERE / "style.css", build / "docs")
    shutil.copy(_HERE / "zensical.toml", build)
    for _ in range(_TRIES):
        done = generate(build)
        missing = unwritten(build)
        if done.returncode == 0 and not missing:
            break
    else:
        raise SystemExit(
            done.stdout + f"{_TRIES} tries; in the last, without a page: {', '.join(missing) or 'none'}"
        )
    print(done.stdout, end="")
    print(
        f"the site is in {build / 'site'}: open index.html there, or, since its search needs a server,\n"
        "  python3 -m http.server --bind 127.0.0.1 --directory build/site"
    )


def generate(build: Path) -> subprocess.CompletedProcess[str]:
    """Run the generator once; it exits with an error where it warns."""
    generator = [sys.executable, "-m", "zensical", "build", "--strict", "--clean", "-f", "zensical.toml"]
    return subprocess.run(
        generator,
        cwd=build,
        env=os.environ | {"NO_COLOR": "1"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )


def unwritten(build: Path) -> list[str]:
    """What is staged in ``build/docs`` and lacks its page or its copy in ``build/site``."""
    staged = [file.relative_to(build / "docs") for file in (build / "docs").rglob("*") if file.is_file()]
    due = [file.with_suffix(".html") if file.suffix == ".md" else file for file in staged]
    return sorted(str(file) for file in due if not (build / "site" / file).is_file())


if __name__ == "__main__":
    main()
