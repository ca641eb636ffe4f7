"""The commands and programs of README and docs run as they stand, each page in a folder of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.doc_blocks import ROOT, RUN, Block, blocks, pages
from support.doc_data import prepare

RUNNING = [page for page in pages() if any(block.runs for block in blocks(page))]


def test_every_block_is_run_or_says_why_it_is_not() -> None:
    """Reading raises for a language, a mark or a command that it does not know."""
    found = [block for page in pages() for block in blocks(page)]
    assert {"README.md", "docs/index.md", "docs/api.md"} <= set(RUNNING)
    assert all(block.runs or block.reason or block.written for block in found if block.language in RUN)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```sh\nls\n```\n", "a block of 'sh'"),
        ("```\nmpgi demo\n```\n", "without a language"),
        ("<!-- not run: a reason -->\n\n```bash\nls\n```\n", "1 marks, of which 0"),
        ("<!-- skipped -->\n```bash\nls\n```\n", "expected `not run:`"),
        ("<!-- run: 2 in place of 20 -->\n```bash\nls\n```\n", "and B in the block"),
        ("<!-- not run: a reason -->\n```yaml\na: 1\n```\n", "which is not run"),
    ],
)
def test_a_block_that_could_be_passed_over_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        blocks("page.md", text)


@pytest.mark.docs
@pytest.mark.parametrize("page", RUNNING)
def test_the_blocks_of_a_page_run(page: str, made: Path, environment: dict[str, str], tmp_path: Path) -> None:
    prepare(page, tmp_path, made)
    for block in blocks(page):
        if block.written:
            (tmp_path / block.written).write_text(block.code)
    for block in blocks(page):
        if block.runs:
            run(block, tmp_path, environment)
    if page == "docs/index.md":
        shows_what_was_written(tmp_path)


def run(block: Block, folder: Path, environment: dict[str, str]) -> None:
    command = ["bash", "-euo", "pipefail", "-c"] if block.language == "bash" else [sys.executable, "-c"]
    done = subprocess.run(
        [*command, block.code], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    said = f"{block.page}:{block.line}\n{block.code}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    assert done.returncode == 0, said


def shows_what_was_written(folder: Path) -> None:
    """The six texts of the quickstart, and the one of the README, are those that its commands write."""
    import mpgi_ray as mpgi

    texts = {row["perspective"]: row["text"] for row in mpgi.read_captions(str(folder / "quick/captions"))}
    assert len(texts) == 6
    quickstart, readme = ((ROOT / name).read_text() for name in ("docs/index.md", "README.md"))
    for name, text in texts.items():
        assert f"| `{name}` | {text} |" in quickstart
    assert texts["short"] in readme
