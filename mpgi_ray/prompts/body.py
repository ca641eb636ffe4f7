"""The body of a prompt file, which may come from anywhere: what it may hold, and its rendering within bounds.

A body is text with names, conditions and loops over what it is given. All else of Jinja (calls, macros,
includes, growing texts) has no use in a prompt and is refused, so that rendering ends soon and runs no code.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_BODY = 32_000  # characters
MAX_RENDERED = 200_000  # characters
_LOOPS = 2  # within each other
_LEVELS = 60  # of what stands within each other: each term of a sum is one
_NODES = (
    *(
        nodes.Template,
        nodes.Output,
        nodes.TemplateData,
        nodes.Const,
        nodes.Name,
        nodes.Getattr,
        nodes.Getitem,
    ),
    *(nodes.If, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Test),
    *(nodes.For, nodes.Filter, nodes.Call, nodes.Tuple, nodes.List, nodes.Add, nodes.Sub, nodes.Neg),
    *(nodes.Concat, nodes.FloorDiv, nodes.Slice),
)
_FILTERS = ("join", "length", "first", "last", "upper", "lower", "title", "capitalize", "trim", "default")
_METHODS = ("items", "keys", "values")
_TEMPLATE = "<template>"  # what Jinja calls a template without a file
_TOO_DEEP = "it is nested too deeply"


class BodyError(ValueError):
    """A body that cannot be rendered; ``line`` is counted in the body, from 1, and 0 if it is not known."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def render(body: str, given: Mapping[str, Any]) -> str:
    """The body with what it is given filled in.

    Raises:
        BodyError: it is not valid Jinja, holds what a prompt may not, or cannot be rendered.
    """
    if len(body) > MAX_BODY:
        raise BodyError(0, f"it has {len(body):,} characters, expected at most {MAX_BODY:,}")
    environment = _environment()
    pieces, length = [], 0
    try:
        tree = environment.parse(body)
        _check(tree, frozenset(given), 0, 0)
        for piece in environment.from_string(tree).generate(given):
            pieces.append(piece)
            length += len(piece)
            if length > MAX_RENDERED:
                raise BodyError(0, f"it makes more than {MAX_RENDERED:,} characters")
    except BodyError:
        raise
    except jinja2.TemplateSyntaxError as error:
        raise BodyError(error.lineno, str(error.message)) from error
    except RecursionError as error:
        raise BodyError(0, _TOO_DEEP) from error
    except Exception as error:  # whatever an expression raises: TypeError, ZeroDivisionError …
        raise BodyError(_line(error), str(error) or type(error).__name__) from error
    return "".join(pieces)


def _check(node: nodes.Node, given: frozenset[str], loops: int, level: int) -> None:
    """Refuse what a prompt may not hold.

    Args:
        given: the names that a loop may run over: what is given, and the variables of the loops around it.
        loops, level: in how many loops it stands, and how deep.
    """
    if reason := _TOO_DEEP if level > _LEVELS else _refused(node, given, loops):
        raise BodyError(node.lineno, reason)
    if isinstance(node, nodes.For):
        target = node.target
        given |= {
            name.name for name in [target, *target.find_all(nodes.Name)] if isinstance(name, nodes.Name)
        }
        loops += 1
    for child in node.iter_child_nodes():
        _check(child, given, loops, level + 1)


def _refused(node: nodes.Node, given: frozenset[str], loops: int) -> str:
    """Why this node, apart from those within it, has no place in a prompt; empty if it has."""
    of = f"what is given ({', '.join(sorted(given))})"
    match node:
        case nodes.For() if loops == _LOOPS or node.recursive or not _is_given(node.iter, given):
            return f"a loop runs over {of}, at most {_LOOPS} in each other"
        case nodes.Filter(name="join") if not _is_given(node.node, given):
            return f"join takes {of}"
        case nodes.Filter() if node.name not in _FILTERS:
            return f"the filter {node.name!r} is not known here: there are {', '.join(_FILTERS)}"
        case nodes.Call() if not _is_method(node):
            return f"a call has no place in a prompt, but for {', '.join(f'.{name}()' for name in _METHODS)}"
        case _ if not isinstance(node, _NODES):
            return f"{type(node).__name__} has no place in a prompt: use text, names, if and for"
    return ""


def _is_given(node: nodes.Node | None, names: frozenset[str]) -> bool:
    """Whether it is a given name, or a part of what stands under one."""
    while isinstance(node, nodes.Getattr | nodes.Getitem | nodes.Call):
        node = node.node
    return isinstance(node, nodes.Name) and node.name in names


def _is_method(node: nodes.Call) -> bool:
    return isinstance(node.node, nodes.Getattr) and node.node.attr in _METHODS and not node.args


def _line(error: BaseException) -> int:
    """The line of the body where an expression failed; 0 if it is not known."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((f.lineno or 0 for f in reversed(frames) if f.filename == _TEMPLATE), 0)


def sandbox(read: Callable[[str], str | None] = lambda _: None) -> jinja2.Environment:
    """Jinja's sandbox without its functions: no prompt needs range(), and copying them slows a rendering.

    Args:
        read: gives the text of a template by its name; None where there is none.
    """
    environment = ImmutableSandboxedEnvironment(
        loader=jinja2.FunctionLoader(read),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        autoescape=False,
    )
    environment.globals.clear()
    return environment


_environment = lru_cache(maxsize=1)(sandbox)
