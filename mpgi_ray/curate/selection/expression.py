"""One SQL scalar expression over the columns of a table, and nothing else.

DuckDB parses it, and what it parsed is looked through: only operators, constants, columns, CASE, CAST and
functions whose value depends on their arguments alone may stand there. So an expression reads no table and no
file, and says the same of the same text at every time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb

from mpgi_ray.config import nearest
from mpgi_ray.errors import RecipeError

_PLAIN = {"CONSTANT", "COMPARISON", "CONJUNCTION", "OPERATOR", "BETWEEN", "CASE", "CAST", "TYPE"}
_MACROS = {"if", "nullif"}  # which DuckDB writes out of plain expressions
_NUMBER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL\(.*\)")


def columns_of(
    connection: duckdb.DuckDBPyConnection, expression: str, known: Sequence[str]
) -> tuple[str, ...]:
    """The columns that an expression names, as the table spells them, each once.

    Raises:
        RecipeError: it is something else than one scalar expression, or names what is not there.
    """
    try:
        select = _only_expression(_parsed(connection, expression))
        nodes = list(_nodes(select))
    except RecursionError:
        raise RecipeError(f"{expression!r} has too many parts within parts: expected fewer") from None
    if select is None:
        raise RecipeError(f"{expression!r} is more than one expression: expected one, such as clip < 0.2")
    spelled = {name.lower(): name for name in known}
    used: dict[str, None] = {}
    for node in nodes:
        kind = node["class"]
        if kind == "COLUMN_REF":
            name = ".".join(node["column_names"])
            if name.lower() not in spelled:
                raise nearest("column", name, known)
            used[spelled[name.lower()]] = None
        elif kind == "FUNCTION":
            _require_plain(connection, node["function_name"])
        elif kind not in _PLAIN:
            raise RecipeError(
                f"{expression!r} holds a {kind.lower().replace('_', ' ')}: expected operators, constants, "
                "columns, CASE, CAST and functions of single values"
            )
    return tuple(used)


def require_type(connection: duckdb.DuckDBPyConnection, expression: str, table: str, wanted: str) -> None:
    """Make sure that an expression gives what a rule needs, on a table that may be empty.

    Args:
        wanted: ``BOOLEAN``, or ``DOUBLE`` for any number.

    Raises:
        RecipeError: DuckDB does not take it, or it gives something else.
    """
    try:
        row = connection.execute(f"DESCRIBE SELECT (\n{expression}\n) AS v FROM {table}").fetchone()
    except duckdb.Error as error:
        raise RecipeError(f"{expression!r}: {first_line(error)}") from error
    found = str(row[1]) if row else ""
    if wanted == "BOOLEAN" and found != wanted:
        raise RecipeError(f"{expression!r} gives {found}: expected a condition, such as clip < 0.2")
    if wanted == "DOUBLE" and not _NUMBER.fullmatch(found):
        raise RecipeError(f"{expression!r} gives {found}: expected a number, such as clip")


def first_line(error: duckdb.Error) -> str:
    """What DuckDB says, without the place that it draws below."""
    return str(error).partition("\n")[0]


def _parsed(connection: duckdb.DuckDBPyConnection, expression: str) -> dict[str, Any]:
    # a line of its own: a comment at its end does not reach the bracket
    query = f"SELECT (\n{expression}\n)"
    row = connection.execute("SELECT json_serialize_sql(?)", [query]).fetchone()
    parsed: dict[str, Any] = json.loads(row[0]) if row else {"error": True}
    if parsed["error"]:
        raise RecipeError(f"{expression!r} is no SQL expression: {parsed.get('error_message', '')}")
    return parsed


def _only_expression(parsed: dict[str, Any]) -> dict[str, Any] | None:
    """The one expression that is selected, if that is all that was written."""
    nodes = [statement["node"] for statement in parsed["statements"]]
    if len(nodes) != 1 or nodes[0]["type"] != "SELECT_NODE" or nodes[0]["from_table"]["type"] != "EMPTY":
        return None
    node = nodes[0]
    clauses = ("modifiers", "where_clause", "group_expressions", "group_sets", "having", "sample", "qualify")
    further = any(node[clause] for clause in clauses) or node["cte_map"]["map"]
    select: list[dict[str, Any]] = node["select_list"]
    return None if further or len(select) != 1 else select[0]


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """All parts of an expression that are expressions."""
    if isinstance(tree, dict):
        if "class" in tree:
            yield tree
        for inner in tree.values():
            yield from _nodes(inner)
    elif isinstance(tree, list):
        for inner in tree:
            yield from _nodes(inner)


def _require_plain(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    if name.lower() in _MACROS:
        return
    plain = connection.execute(
        "SELECT count(*) FROM duckdb_functions() WHERE function_name = lower(?) "
        "AND function_type = 'scalar' AND stability = 'CONSISTENT'",
        [name],
    ).fetchone()
    if not plain or not plain[0]:
        raise RecipeError(
            f"{name} is no function of single values that always gives the same: expected one of DuckDB's "
            "such as abs, least, round, lower, length"
        )
