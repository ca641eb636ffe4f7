"""Instructions in the forms that other programs read: LLaVA's and ShareGPT's JSON, WebDataset with pictures.

A picture is named by its place in the final shards, ``shard-000000/KEY.jpg``: where these are unpacked, each
into a folder of its name, the JSON finds its pictures.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from mpgi_ray.data.final import read_records
from mpgi_ray.data.image import real_suffix
from mpgi_ray.data.instructions import Conversation
from mpgi_ray.data.shards import encode_json
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.instruct.parts import Picture, Shard

Form = Literal["llava", "sharegpt", "webdataset"]
_IMAGE = "<image>\n"
_MARK = re.compile(r"<\s*image\s*>", re.IGNORECASE)


def llava(one: Conversation, picture: Picture) -> dict[str, Any]:
    """A conversation as LLaVA reads it; the first question has the mark of the picture before it."""
    return {
        "id": one.id,
        "image": f"{picture.shard}/{picture.file}",
        "conversations": _said(one),
    }


def sharegpt(one: Conversation, picture: Picture) -> dict[str, Any]:
    """A conversation as ShareGPT's readers with pictures take it: a list of pictures, one for each mark."""
    return {
        "id": one.id,
        "images": [f"{picture.shard}/{picture.file}"],
        "conversations": _said(one),
    }


def publish_json(folder: Storage, form: Form, made: Iterable[tuple[Conversation, Picture]]) -> list[str]:
    """Write ``llava-SPLIT.json`` or ``sharegpt-SPLIT.json`` for each split; the names of the files.

    Raises:
        OutputError: they cannot be written.
    """
    write = llava if form == "llava" else sharegpt
    of_split: dict[str, list[tuple[Conversation, Picture]]] = defaultdict(list)
    for one, picture in made:
        of_split[_named(one.split)].append((one, picture))
    names = []
    for split, own in sorted(of_split.items()):
        names.append(f"{form}-{split}.json")
        folder.publish(names[-1], _listed(write(*one) for one in own))
    return names


def publish_tars(folder: str, shard: Shard, made: Mapping[str, Sequence[Conversation]]) -> list[str]:
    """Write ``webdataset/SPLIT-SHARD.tar`` of a final shard: pictures as they are, and their conversations.

    Args:
        made: by sample id; pictures that are not there are left out, and a picture is written once.

    Returns:
        The names of the files.

    Raises:
        InputError: the shard cannot be read.
        OutputError: a file cannot be written.
    """
    samples: dict[str, list[tuple[str, dict[str, bytes]]]] = defaultdict(list)
    left = dict(made)
    for record in read_records([shard.url]):
        if own := left.pop(record.sample_id, ()):
            told = {"sample_id": record.sample_id, "source": record.source, "conversations": _turns(own)}
            samples[_named(own[0].split)].append(
                (record.key, {real_suffix(record.image): record.image, "json": encode_json(told)})
            )
    *folders, name = shard.name.split("/")
    names = ["/".join((*folders, f"{split}-{name}.tar")) for split in samples]
    for name, own_samples in zip(names, samples.values(), strict=True):
        Storage(folder).child("webdataset").publish(name, write_members(own_samples))
    return names


def _said(one: Conversation) -> list[dict[str, str]]:
    said = []
    for turn in one.turns:
        said.append({"from": "human", "value": _plain(turn.question)})
        said.append({"from": "gpt", "value": _plain(turn.answer)})
    said[0]["value"] = _IMAGE + said[0]["value"]
    return said


def _plain(text: str) -> str:
    """Without the mark that stands for a picture, which a text may hold."""
    return _MARK.sub("image", text)


def _turns(conversations: Sequence[Conversation]) -> list[dict[str, Any]]:
    return [
        {
            "id": one.id,
            "turns": [
                {
                    "kind": turn.kind,
                    "question": turn.question,
                    "answer": turn.answer,
                    "truth": turn.truth,
                    "model": turn.model,
                }
                for turn in one.turns
            ],
        }
        for one in conversations
    ]


def _listed(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """A JSON list, a line for each entry."""
    for place, row in enumerate(rows):
        yield (b"[\n" if place == 0 else b",\n") + json.dumps(row, ensure_ascii=False).encode()
    yield b"\n]\n"


def _named(split: str | None) -> str:
    """A split in a file's name."""
    return re.sub(r"[^\w-]+", "_", split or "") or "all"
