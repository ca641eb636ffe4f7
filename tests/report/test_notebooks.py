"""The notebooks of the docs run as they are, on a small source."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from PIL import Image

from mpgi_ray.ingest import SourceConfig
from support.ingested import ingest_lines

NOTEBOOKS = Path(__file__).parents[2] / "docs/notebooks"
NO_RAY = """
import sys
assert not {"ray", "torch"} & sys.modules.keys(), "looking needs neither"
"""


def notebook(name: str) -> Any:
    return nbformat.read(NOTEBOOKS / name, as_version=4)


def run(book: Any, folder: Path, **parameters: Any) -> str:
    """Run all cells with these parameters; all that they show, as text and HTML."""
    (first,) = [cell for cell in book.cells if "parameters" in cell.metadata.get("tags", ())]
    first.source += "".join(f"\n{name} = {value!r}" for name, value in parameters.items())
    book.cells.append(nbformat.v4.new_code_cell(NO_RAY))
    NotebookClient(book, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    outputs = [output for cell in book.cells for output in cell.get("outputs", ())]
    shown = [{"text/plain": output.get("text", "")} | output.get("data", {}) for output in outputs]
    return "\n".join(str(text) for each in shown for text in each.values())


def test_looking_into_shards(tmp_path: Path) -> None:
    mask = np.zeros((30, 40), np.uint8)
    mask[:, 20:] = 1
    Image.fromarray(mask).save(tmp_path / "mask.png")
    boxes = [{"label": "ship", "bbox": [1, 2, 11, 12]}, {"label": "Qxz", "bbox": [20, 20, 23, 23]}]
    line = {"image": "a.png", "scene": "port", "mask": "mask.png", "boxes": boxes}
    source = SourceConfig.model_validate({"mask": {"land": 0, "water": 1}})
    ingest_lines(tmp_path, line, {"image": "gone.png"}, source=source)
    shown = run(notebook("look_into_shards.ipynb"), tmp_path, SHARDS=str(tmp_path / "out"), PICTURES=2)
    assert "1 samples; what follows is of 1 of them, in 1 shard" in shown
    assert shown.count("data:image/jpeg;base64") == 1
    assert re.findall(r'<polygon(?: class="(\w+)")? data-label="(\w+)"', shown) == [
        ("region", "land"),
        ("region", "water"),
        ("", "ship"),
        ("", "Qxz"),
    ]
    for said in (
        r"ship +│ +1 +│ +1 ",
        r"port +│ +1 ",
        r"8 to 16 px +│ +1 ",
        "objects labelled",
        "missing_image",
    ):
        assert re.search(said, shown), said


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.name)
def test_a_notebook_is_kept_without_what_a_run_leaves(path: Path) -> None:
    book = notebook(path.name)
    nbformat.validate(book)
    assert all(not cell.outputs and cell.execution_count is None for cell in book.cells if "outputs" in cell)
    assert not re.search(r"/(work|home|root|tmp|Users)/", path.read_text())
