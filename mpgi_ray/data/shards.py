"""From a shard's bytes to samples, and back.

Shards of other programs are read as they are: the picture by its suffix (or a field named in the recipe),
classes and captions from ``.cls``, ``.txt`` or a path into ``.json``. Our own carry the whole annotation
in ``.json``. What cannot be used becomes a `Rejected` in the sample's place, so positions never move. Names
and texts follow the rule of `mpgi_ray.data.text`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from mpgi_ray.config import first_problem
from mpgi_ray.data.image import ImageError, read_size
from mpgi_ray.data.sample import SCHEMA_VERSION, Annotation, Rejected, Sample
from mpgi_ray.data.tar import Group, group_members, is_image, read_members
from mpgi_ray.data.text import clean_name, decode_text

MAX_JSON = 64 << 20  # bytes of a sample's .json
_MARK = "mpgi"  # the key under which our own .json carries its schema version


class ShardFields(BaseModel):
    """Where other programs' shards keep what we need.

    Attributes:
        image: field of the picture, e.g. ``rgb.png``; by default the one field with a picture's suffix.
        scene: field with the scene class, or ``json:path.to.value``; by default ``cls`` where it is.
        class_names: names of integer classes, in order.
        captions: field with captions, one a line, or ``json:path``; by default ``txt`` where it is.
        source, licence: written into every annotation.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    image: str | None = None
    scene: str | None = None
    class_names: tuple[str, ...] = ()
    captions: str | None = None
    source: str | None = None
    licence: str | None = None


def read_shard(data: bytes, shard: str, fields: ShardFields | None = None) -> list[Sample | Rejected]:
    """All samples of a shard in order.

    Args:
        data: the whole tar.
        shard: its name, for messages.

    Raises:
        InputError: the shard as a whole cannot be read; see `read_members` and `group_members`.
    """
    fields = fields or ShardFields()
    groups = group_members(read_members(data, shard), shard, fields.image)
    return [sample_of(group, index, fields) for index, group in enumerate(groups)]


def sample_members(sample: Sample) -> tuple[str, dict[str, bytes]]:
    """A sample as the members of our own shards: the picture and its ``.json``."""
    record = {
        _MARK: SCHEMA_VERSION,
        "name": sample.name,
        "annotation": sample.annotation.model_dump(mode="json", exclude_defaults=True),
    }
    return sample.key, {sample.suffix: sample.image, "json": encode_json(record)}


def encode_json(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False, sort_keys=True).encode()


def shard_key(name: str) -> str:
    """A key of ``[A-Za-z0-9_-]+`` that is unique where names are: the readable part and a hash."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "_", name.rpartition("/")[2].rpartition(".")[0] or name)[-40:]
    return f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def is_own(group: Group) -> bool:
    """Whether members of a shard are a sample as `sample_members` writes it, by their JSON."""
    try:
        record = _json(group)
    except (ValueError, RecursionError):
        return False
    return isinstance(record, dict) and _MARK in record


def sample_of(group: Group, index: int, fields: ShardFields) -> Sample | Rejected:
    """The sample that members of a shard make, or why they make none."""

    def rejected(reason: str, detail: str, image: bytes = b"") -> Rejected:
        identity = hashlib.sha256(image).hexdigest() if image else ""
        return Rejected(group.key, index, reason, detail, identity)

    if group.unsafe:
        return rejected("unsafe_name", f"member name {group.key!r} is absolute or climbs out of the shard")
    if group.troubles:
        bad, trouble = next(iter(group.troubles.items()))
        return rejected("bad_member", f"{bad or 'the member'}: {trouble}")
    suffix = fields.image or next((s for s in group.fields if is_image(s)), None)
    if suffix is None or suffix not in group.fields:
        have = ", ".join(sorted(group.fields)) or "nothing"
        return rejected("missing_image", f"no {fields.image or 'picture'} under this key, only {have}")
    image = group.fields[suffix]
    try:
        size = read_size(image)
        record = _json(group)
        if isinstance(record, dict) and _MARK in record:
            if record[_MARK] != SCHEMA_VERSION:
                stated = f"{record[_MARK]!r:.40}, this version reads {SCHEMA_VERSION}"
                return rejected("unknown_version", f"the .json is of schema version {stated}", image)
            annotation = Annotation.model_validate(record.get("annotation"))
            if (annotation.width, annotation.height) != size:
                stated = f"{annotation.width}×{annotation.height}"
                return rejected(
                    "size_mismatch", f"annotated at {stated}, the picture has {size[0]}×{size[1]}", image
                )
        else:
            annotation = _foreign(group, record, size, fields)
    except ImageError as error:
        return rejected(error.reason, str(error), image)
    except ValidationError as error:
        return rejected("bad_annotation", first_problem(error), image)
    except json.JSONDecodeError as error:
        return rejected("broken_json", f"{error.msg} at character {error.pos} of the .json", image)
    except UnicodeDecodeError as error:
        return rejected("broken_json", f"the .json is not UTF-8 (byte {error.start + 1})", image)
    except RecursionError:
        return rejected("broken_json", "the .json is nested too deeply", image)
    except (KeyError, TypeError, ValueError) as error:
        return rejected("bad_annotation", str(error), image)
    name = record.get("name", group.key) if isinstance(record, dict) else group.key
    return Sample(group.key, index, image, suffix.rpartition(".")[2], annotation, clean_name(str(name)))


def _json(group: Group) -> Any:
    field = next((f for f in group.fields if f.rpartition(".")[2] == "json"), None)
    if field is None:
        return None
    if (size := len(group.fields[field])) > MAX_JSON:
        raise ValueError(f"a .json of {size:,} bytes: expected at most {MAX_JSON:,}")
    return json.loads(group.fields[field])


def _foreign(group: Group, record: Any, size: tuple[int, int], fields: ShardFields) -> Annotation:
    scene = _values(group, record, fields.scene, default="cls")
    return Annotation(
        width=size[0],
        height=size[1],
        scene=tuple(_class_name(value, fields.class_names) for value in scene),
        captions=tuple(map(_caption, _values(group, record, fields.captions, default="txt"))),
        source=fields.source,
        licence=fields.licence,
    )


def _values(group: Group, record: Any, where: str | None, default: str) -> Sequence[Any]:
    """The values at a field or a path into the .json; a single value becomes a list of one."""
    if where is not None and where.startswith("json:"):
        value = record
        for step in where.removeprefix("json:").split("."):
            if not isinstance(value, dict) or step not in value:
                raise ValueError(f"no {where!r} in the .json")
            value = value[step]
        return value if isinstance(value, list) else [value]
    if where is not None and where not in group.fields:
        raise ValueError(f"no field {where!r} under this key")
    text = decode_text(group.fields.get(where or default, b""), f".{where or default}")
    return [line.strip() for line in text.splitlines() if line.strip()]


def _caption(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"a caption is {value!r:.60}, expected text")
    return value


def _class_name(value: Any, names: tuple[str, ...]) -> str:
    """Integers are positions in the recipe's class names; without names they are of no use to a text."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if any(letter.isalpha() for letter in text):
        return text
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise ValueError(f"class {value!r:.60} is neither a word nor an integer")
    number = int(text)
    if not 0 <= number < len(names):
        raise ValueError(
            f"unknown class {number}: input.fields.class_names lists {len(names)} names; name all, in order"
        )
    return names[number]
