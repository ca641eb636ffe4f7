"""captions.csv: no spreadsheet runs a cell, and trainers read the same captions."""

from __future__ import annotations

import csv
import io

import pytest
from open_clip.tokenizer import SimpleTokenizer

from mpgi_ray.curate.csv_rows import encode_rows

FORMULAS = ["=cmd|' /C calc'!A0", "+1", "-two cars", "@SUM(1)", "\t=1", "\r=1"]


@pytest.mark.parametrize("text", [*FORMULAS, 'Two cars, "red".', " = 1", "a - b", "two\rlines"])
def test_a_formula_gets_a_space_and_trains_as_before(text: str) -> None:
    ((file, cell),) = csv.reader(io.StringIO(encode_rows([("s/a.jpg", text)]).decode(), newline=""))
    assert file == "s/a.jpg"
    assert cell == (f" {text}" if text in FORMULAS else text).replace("\r", "\n")
    assert cell[0] not in "=+-@\t\r\n"
    tokenizer = SimpleTokenizer()
    assert (tokenizer(cell) == tokenizer(text)).all()
