"""The table of questions and answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mpgi_ray.data.instructions import Conversation, Turn, read_instructions, write_instructions
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError

_COUNT = Turn("count", "How many ships are there?", "3", truth={"names": ["ship"], "count": 3})
_CHOSEN = Turn("position", "Where is the ship?", "at the top", ("at the top", "in the middle"))
_TWO = Conversation("a", (_COUNT, _CHOSEN), "dota", "train")
_ONE = Conversation("a", (replace(_COUNT, question="Number of ships?"),))
_OTHER = Conversation("b", (_COUNT,))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    written = write_instructions(Storage(str(tmp_path)), [_TWO, _ONE, _OTHER])
    assert written == 4
    assert read_instructions(str(tmp_path)) == {"a": (_TWO, _ONE), "b": (_OTHER,)}


def test_the_same_questions_have_the_same_name() -> None:
    assert len({_TWO.id, _ONE.id, _OTHER.id, replace(_TWO, source="other").id}) == 3


@pytest.mark.parametrize(
    ("column", "values", "told"),
    [
        ("truth", ["{"], "is no JSON object"),
        ("choices", [["five", "four"]], "none of its choices"),
        ("answer", [None], "lacks values"),
    ],
)
def test_a_table_that_is_wrong_says_where(
    tmp_path: Path, column: str, values: list[object], told: str
) -> None:
    write_instructions(Storage(str(tmp_path)), [_OTHER])
    path = tmp_path / "instructions.parquet"
    table = pq.read_table(path)
    place = table.schema.get_field_index(column)
    pq.write_table(table.set_column(place, column, pa.array(values, table.schema.field(column).type)), path)
    with pytest.raises(InputError, match=told):
        read_instructions(str(path))


def test_a_conversation_is_about_one_picture(tmp_path: Path) -> None:
    write_instructions(Storage(str(tmp_path)), [_TWO])
    path = tmp_path / "instructions.parquet"
    table = pq.read_table(path)
    pq.write_table(table.set_column(0, "sample_id", pa.array(["a", "b"])), path)
    with pytest.raises(InputError, match="about two pictures"):
        read_instructions(str(path))
