"""The JSON object that a prompt asks for: one model both checks the reply and gives its schema."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model
from pydantic.json_schema import GenerateJsonSchema


def _writable(value: Any) -> Any:
    """An escaped half of a surrogate pair is a string that no file can hold."""
    return value.encode("utf-8", "replace").decode("utf-8").strip() if isinstance(value, str) else value


_Text = Annotated[str, BeforeValidator(_writable)]


class _Object(BaseModel):
    # a model is told to add nothing; what an endpoint without schemas adds is ignored
    model_config = ConfigDict(extra="ignore", json_schema_extra={"additionalProperties": False})


class _Untitled(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


@lru_cache(maxsize=32)
def reply_model(names: tuple[str, ...]) -> type[BaseModel]:
    """A reply with a text under each name; its fields carry the names as aliases, for a name can be any."""
    fields: dict[str, Any] = {f"text_{i}": (_Text, Field(alias=name)) for i, name in enumerate(names)}
    return create_model("Reply", __base__=_Object, **fields)


def schema_of(model: type[BaseModel]) -> dict[str, object]:
    """The JSON schema of a reply: every text is required, and nothing else is allowed.

    It sets no lengths. With them xgrammar takes seconds to compile it and ten times as long a token,
    endpoints refuse them in strict mode, and a text that is cut at its last letter is no sentence.
    """
    schema = model.model_json_schema(schema_generator=_Untitled)
    del schema["title"]
    return schema
