"""Tables of settings: field, type, default and meaning, read from pydantic models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

import docstrings
from pydantic import BaseModel

_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
}
_PLAIN = {
    "boolean": "true or false",
    "integer": "whole number",
    "number": "number",
    "null": "null",
    "string": "text",
}


def sections(*models: type[BaseModel], elsewhere: Mapping[str, str] | None = None) -> str:
    """A section with a table for each model, and for every model that its fields name.

    Args:
        elsewhere: the page of a model, by its name, that has its section there.

    Raises:
        SystemExit: a field has no line in the ``Attributes`` of its class.
    """
    there = elsewhere or {}
    reached = dict.fromkeys(each for model in models for each in reach(model))
    pages = {each.__name__: "" for each in reached} | dict(there)
    return "\n\n".join(_section(each, pages) for each in reached if each.__name__ not in there)


def _section(model: type[BaseModel], pages: Mapping[str, str]) -> str:
    schema = model.model_json_schema()
    rows = ["| field | type | default | meaning |", "| --- | --- | --- | --- |"]
    known = meanings(model)
    for name, field in model.model_fields.items():
        inner = _named(field.annotation)
        meaning = known.get(name) or (_first_sentence(inner[0]) if len(inner) == 1 else None)
        if meaning is None:
            raise SystemExit(f"{model.__module__}.{model.__name__} does not say what {name} means")
        said = schema["properties"][name]
        default = "" if field.is_required() else _default(said.get("default"))
        cells = (f"`{name}`", Types(schema.get("$defs", {}), pages).of(said), default, meaning)
        rows.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return f"## {model.__name__}\n\n{docstrings.read(model).text}\n\n" + "\n".join(rows)


def meanings(model: type[BaseModel]) -> dict[str, str]:
    """What is said of a model's fields, by the class itself before those that it is made of."""
    found: dict[str, str] = {}
    for part in reversed(model.__mro__):
        if issubclass(part, BaseModel) and "__doc__" in vars(part):
            found |= docstrings.read(part).meanings()
    return found


def _first_sentence(model: type[BaseModel]) -> str:
    """What a field is that holds a model and is not explained itself."""
    return docstrings.read(model).text.partition("\n")[0]


def reach(model: type[BaseModel]) -> list[type[BaseModel]]:
    """The model and all that it reaches, each once, in the order of its fields."""
    found = [model]
    for each in found:
        for field in each.model_fields.values():
            found += [inner for inner in _named(field.annotation) if inner not in found]
    return found


def _named(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return list(dict.fromkeys(model for inner in get_args(annotation) for model in _named(inner)))


@dataclass(frozen=True, slots=True)
class Types:
    """The types of a JSON schema in words.

    Attributes:
        named: the schemas that others name.
        pages: by its name, the page of a model's section; empty for this one.
    """

    named: Mapping[str, Any]
    pages: Mapping[str, str]

    def of(self, schema: dict[str, Any] | bool) -> str:
        if not isinstance(schema, dict):
            return ""  # anything
        if "$ref" in schema:
            return self._reference(schema["$ref"].rpartition("/")[2])
        if "const" in schema:
            return _default(schema["const"])
        if "enum" in schema:
            return " or ".join(_default(value) for value in schema["enum"])
        for several in ("anyOf", "oneOf"):
            if several in schema:
                return self._either(schema[several])
        if schema.get("type") == "array":
            inner = self._either(schema.get("prefixItems", [schema.get("items", {})]))
            return f"list of {inner}" if inner else "list"
        if schema.get("type") == "object":
            inner = self.of(schema.get("additionalProperties") or {})
            return f"mapping to {inner}" if inner else "mapping"
        bounds = ", ".join(
            words.format(_number(schema[key])) for key, words in _BOUNDS.items() if key in schema
        )
        return _PLAIN.get(schema.get("type", ""), "") + (f" ({bounds})" if bounds else "")

    def _either(self, schemas: list[dict[str, Any]]) -> str:
        return " or ".join(dict.fromkeys(map(self.of, schemas)))

    def _reference(self, name: str) -> str:
        """A link to the section of a model; what has none is told in place."""
        if name in self.pages:
            return f"[{name}]({self.pages[name]}#{name.lower()})"
        schema = self.named[name]
        if "enum" in schema:
            return self.of(schema)
        keys = ", ".join(f"`{key}`" for key in schema.get("properties", ()))
        return f"{name} ({keys})" if keys else name


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _default(value: Any) -> str:
    """A value as one writes it in YAML; what is long is told in the section of its model."""
    text = json.dumps(value)
    return f"`{text}`" if len(text) < 80 else "see there"
