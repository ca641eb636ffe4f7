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


def main() -> None:
    """Build the site anew; a warning of the generator ends it."""
    build = ROOT / "build"
    for old in ("docs", "site"):
        shutil.rmtree(build / old, ignore_errors=True)
    (build / "docs").mkdir(parents=True)
    stage(build / "docs")
    for name, made in PAGES.items():
        (build / "docs" / name).write_text(made(), encoding="utf-8")
    shutil.copy(_HERE / "style.css", build / "docs")
    shutil.copy(_HERE / "zensical.toml", build)
    generator = [sys.executable, "-m", "zensical", "build", "--strict", "--clean", "-f", "zensical.toml"]
    done = subprocess.run(
        generator,
        cwd=build,
        env=os.environ | {"NO_COLOR": "1"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stdout)
    print(done.stdout, end="")
    print(
        f"the site is in {build / 'site'}: open index.html there, or, since its search needs a server,\n"
        "  python3 -m http.server --bind 127.0.0.1 --directory build/site"
    )


if __name__ == "__main__":
    main()
