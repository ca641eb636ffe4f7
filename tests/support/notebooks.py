"""Runs the notebooks of the docs, for their tests; ``python -m support.notebooks`` stores what they show."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from support.doc_blocks import ROOT

NOTEBOOKS = ROOT / "docs/notebooks"
LIMIT_S = 900  # for a cell


def notebook(name: str) -> Any:
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)


def run(book: Any, folder: Path, **parameters: Any) -> str:
    """Run all cells with these parameters; all that they show, as text and HTML."""
    (first,) = [cell for cell in book.cells if "parameters" in cell.metadata.get("tags", ())]
    source = first.source
    first.source += "".join(f"\n{name} = {value!r}" for name, value in parameters.items())
    NotebookClient(book, timeout=LIMIT_S, resources={"metadata": {"path": str(folder)}}).execute()
    first.source = source
    outputs = [output for cell in book.cells for output in cell.get("outputs", ())]
    shown = [{"text/plain": output.get("text", "")} | output.get("data", {}) for output in outputs]
    return "\n".join(str(text) for each in shown for text in each.values())


def stored(book: Any) -> Any:
    """The notebook as it is kept: without what differs from run to run, or tells of progress."""
    for cell in book.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            kept = [output for output in cell.outputs if output.get("name") != "stderr"]
            for output in kept:
                output.pop("execution_count", None)
                if output.output_type == "execute_result":
                    output["output_type"] = "display_data"
                if len(data := output.get("data", {})) > 1:
                    del data["text/plain"]  # it says the same again
            cell.outputs, cell.execution_count = kept, None
    book.metadata.language_info = {"name": "python"}
    return book


def main(names: list[str]) -> None:
    for name in names or sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb")):
        book = notebook(name)
        with tempfile.TemporaryDirectory(prefix="notebook-") as folder:
            run(book, Path(folder))
        path = NOTEBOOKS / f"{name}.ipynb"
        nbformat.write(stored(book), path)
        print(f"{path}: {path.stat().st_size / 1000:,.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
