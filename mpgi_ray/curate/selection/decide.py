"""The decision over all texts of a set: loaded from the shards' tables, judged rule after rule."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from itertools import accumulate
from tempfile import gettempdir
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mpgi_ray.curate.selection.database import MEMORY, add_texts, create_texts, sealed, spilling
from mpgi_ray.curate.selection.decided import KEPT, offered_name, publish_decided
from mpgi_ray.curate.selection.expression import first_line
from mpgi_ray.curate.selection.outcome import Decision, Example, Outcome, Selected
from mpgi_ray.curate.selection.rules import Rule, quoted
from mpgi_ray.curate.selection.rules_file import Selection
from mpgi_ray.data.records import read_record
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import read_table
from mpgi_ray.errors import RecipeError, ResourceError

DECISION = "decision.json"
_EXAMPLES = 3  # of each rule


def decide(
    work: Storage, texts: Sequence[tuple[str, int]], selection: Selection, check: Callable[[], None]
) -> Decision:
    """Publish what is decided of each shard's texts, then `DECISION`; or read what an earlier start decided.

    Args:
        texts: shards and how many texts each offers, in the order of their names.
        check: called again and again; what it raises ends the work.

    Raises:
        RecipeError: DuckDB cannot carry out a rule; the message names it.
        ResourceError: it lacks memory, or room for what exceeds it.
    """
    if work.exists(DECISION):
        return read_record(work, DECISION, Decision, "curate", f"delete {work.path('')} and curate again")
    try:
        decision = _decided(work, texts, selection, check)
    except duckdb.Error as error:
        raise ResourceError(
            f"DuckDB could not decide about {sum(count for _, count in texts):,} texts: {first_line(error)}; "
            f"beyond {MEMORY} it works in {gettempdir()}: make room there, or set TMPDIR to another folder"
        ) from error
    work.publish_json(DECISION, asdict(decision))
    return decision


def _decided(
    work: Storage, texts: Sequence[tuple[str, int]], selection: Selection, check: Callable[[], None]
) -> Decision:
    """Publish what is decided of each shard's texts."""
    starts = [0, *accumulate(count for _, count in texts)]
    with spilling() as connection:
        pictures = _load(connection, work, [shard for shard, _ in texts], selection, check)
        sealed(connection)
        connection.execute("CREATE TABLE gone (_id BIGINT, rule SMALLINT)")
        rules, examples = [], []
        for number, (rule, used) in enumerate(zip(selection.rules, selection.used, strict=True)):
            check()
            outcome, rows = _apply(connection, number, rule, used)
            rules.append(outcome)
            examples.append(tuple(_examples(work, texts, starts, rows)))
        connection.execute("CREATE TABLE fates AS SELECT * FROM gone ORDER BY _id")
        for (shard, _), start, end in zip(texts, starts, starts[1:], strict=False):
            check()
            publish_decided(work, shard, _rules_of(connection, start, end))
        kept, pictures_kept = _one(
            connection, "SELECT count(*), count(DISTINCT _picture) FROM texts ANTI JOIN gone USING (_id)"
        )
    selected = Selected(starts[-1], kept, pictures, pictures_kept, tuple(rules))
    return Decision(selected, tuple(examples))


def _load(
    connection: duckdb.DuckDBPyConnection,
    work: Storage,
    shards: Sequence[str],
    selection: Selection,
    check: Callable[[], None],
) -> int:
    """Fill ``texts`` with what the rules ask for, shard by shard; how many pictures there are."""
    named = dict.fromkeys(name for names in selection.used for name in names)
    hidden = dict.fromkeys(name for rule in selection.rules for name in rule.hidden)
    schema = create_texts(connection, ["_id", "_picture", "_tie", *hidden, *named])
    stored = [name for name in schema.names if name not in ("_id", "_picture", "shard")]
    texts = pictures = 0
    for shard in shards:
        check()
        table = read_table(work, offered_name(shard), ("index", *stored))
        if not len(table):
            continue
        index = table["index"].to_numpy()
        numbers = pictures + np.cumsum(np.diff(index, prepend=index[0]) != 0)
        columns: dict[str, Any] = {name: table[name] for name in stored}
        columns |= {"_id": pa.array(np.arange(texts, texts + len(table))), "_picture": pa.array(numbers)}
        if "shard" in schema.names:
            columns["shard"] = pa.array([shard] * len(table), pa.string())
        add_texts(connection, pa.table(columns))
        texts, pictures = texts + len(table), int(numbers[-1]) + 1
    return pictures


def _apply(
    connection: duckdb.DuckDBPyConnection, number: int, rule: Rule, used: Sequence[str]
) -> tuple[Outcome, list[dict[str, Any]]]:
    """Add to ``gone`` what a rule drops: what it did, and the rows of some of these texts."""
    try:
        _judge(connection, rule)
        connection.execute(f"INSERT INTO gone SELECT _id, {number} FROM ({rule.gone()})")
    except (duckdb.OutOfMemoryException, duckdb.IOException):
        raise
    except duckdb.Error as error:
        raise RecipeError(f"rule {rule.name!r}: {first_line(error)}") from error
    seen, known = _one(connection, "SELECT count(*), count(_value) FROM judged")
    now = f"SELECT _id FROM gone WHERE rule = {number}"
    (dropped,) = _one(connection, f"SELECT count(*) FROM ({now})")
    left = "SELECT _picture FROM judged ANTI JOIN gone USING (_id)"
    lost = f"SELECT DISTINCT _picture FROM judged SEMI JOIN ({now}) USING (_id)"
    (pictures,) = _one(connection, f"SELECT count(*) FROM ({lost}) ANTI JOIN ({left}) USING (_picture)")
    columns = "".join(f", texts.{quoted(name)}" for name in used)
    few = f"SELECT _id, _value FROM judged SEMI JOIN ({now}) USING (_id) ORDER BY _tie, _id LIMIT {_EXAMPLES}"
    found = connection.execute(
        f"SELECT few._id, few._value{columns} FROM ({few}) AS few JOIN texts USING (_id) "
        "ORDER BY texts._tie, few._id"
    ).fetchall()
    names = ("_id", "by", *used)
    rows = [dict(zip(names, row, strict=True)) for row in found]
    if rule.expression is None or rule.expression[1] in used or rule.type == "BOOLEAN":
        for row in rows:  # it says nothing that the columns do not
            del row["by"]
    unknown = 0 if rule.expression is None else seen - known
    return Outcome(rule.name, seen, dropped, unknown, pictures), rows


def _judge(connection: duckdb.DuckDBPyConnection, rule: Rule) -> None:
    """Make the table ``judged`` for a rule, see `mpgi_ray.curate.selection.rules`."""
    columns = "".join(f", {quoted(name)}" for name in dict.fromkeys((*rule.hidden, *rule.groups)))
    value = f"NULL::{rule.type}"
    if rule.expression is not None:
        # what cannot be computed of a text is unknown, and so is what is not a number
        value = f"TRY(CAST((\n{rule.expression[1]}\n) AS {rule.type}))"
        if rule.type == "DOUBLE":
            value = f"nullif({value}, 'nan'::DOUBLE)"
    connection.execute(
        f"CREATE OR REPLACE TABLE judged AS SELECT _id, _picture, _tie{columns}, {value} AS _value "
        "FROM texts ANTI JOIN gone USING (_id)"
    )


def _rules_of(connection: duckdb.DuckDBPyConnection, start: int, end: int) -> NDArray[np.int16]:
    """By text of a shard, the number of the rule that dropped it, or `KEPT`."""
    rules = np.full(end - start, KEPT, np.int16)
    gone = connection.execute(
        "SELECT _id, rule FROM fates WHERE _id >= ? AND _id < ?", [start, end]
    ).fetchnumpy()
    rules[gone["_id"] - start] = gone["rule"]
    return rules


def _examples(
    work: Storage, texts: Sequence[tuple[str, int]], starts: Sequence[int], rows: Sequence[dict[str, Any]]
) -> Iterator[Example]:
    for row in rows:
        place = row.pop("_id")
        number = bisect_right(starts, place) - 1
        shard = texts[number][0]
        table = read_table(work, offered_name(shard), ("key", "name", "number", "text"))
        (told,) = table.slice(place - starts[number], 1).to_pylist()
        yield Example(shard=shard, **told, values=row)


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    row = connection.execute(query).fetchone()
    assert row is not None  # a query of counts has one row
    return tuple(row)
