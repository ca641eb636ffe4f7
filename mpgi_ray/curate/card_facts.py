"""What a card tells beside what is counted: ``card.json``, which curation hands over to a release.

`curate.json` holds what identifies a curation alone; the prompts, for one, stand there by their names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from mpgi_ray.data.claim import record_of
from mpgi_ray.data.index import INDEX
from mpgi_ray.data.records import read_record
from mpgi_ray.data.release import UNNAMED, Ingested, Made
from mpgi_ray.data.shard_list import ShardList
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import table_at

CARD, README = "card.json", "README.md"
PROMPTS = "prompts"  # folder of their texts
_REPORT = "summary.json"  # of the job whose table a filter reads


class Prompt(BaseModel):
    """A prompt: its text, and its hash, which the shared blocks go into, too.

    Attributes:
        shown: see `mpgi_ray.data.caption.Shown`; empty where an earlier version did not say it.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    hash: str
    shown: str = ""
    text: str


class CardFacts(BaseModel):
    """What is known of how texts were made and samples chosen.

    Attributes:
        prompts, blocks: prompt files, and files that go into all of them, by name.
        versions: of the programs that wrote the texts.
        not_ok: answers and inputs that are not among the texts: status to reason to number.
        filters: settings of each filter, and of the table that it reads the figures of its job.
        rules, scores: what each rule of a selection did; the scores of the texts that were kept and dropped.
        citations: source to the paper to cite.
        names: of the texts, in order.
        fields: where shards of other programs kept what was read.
        ingested: how the source shards were made.
        sources: whose pictures there are; empty where an earlier version wrote the folder.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    prompts: dict[str, Prompt] = {}
    blocks: dict[str, str] = {}
    versions: dict[str, str] = {}
    not_ok: dict[str, dict[str, int]] = {}
    filters: tuple[dict[str, Any], ...] = ()
    rules: tuple[dict[str, Any], ...] = ()
    scores: tuple[dict[str, Any], ...] = ()
    citations: dict[str, str] = {}
    names: tuple[str, ...] = ()
    fields: dict[str, Any] = {}
    ingested: tuple[Ingested, ...] = ()
    sources: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """What ``card.json`` holds."""
        return self.model_dump(mode="json")


def read_facts(folder: Storage) -> CardFacts:
    """The facts that stand in a folder; none in one that an earlier version wrote.

    Raises:
        InputError: ``card.json`` is damaged.
    """
    if not folder.exists(CARD):
        return CardFacts()
    return read_record(folder, CARD, CardFacts, "curate", "delete it, and the card tells less")


def publish_card(output: Storage, facts: CardFacts, readme: str) -> None:
    """Write card, prompts and facts.

    Raises:
        OutputError: one cannot be written.
    """
    for name, text in prompt_files(facts).items():
        output.publish(name, text.encode())
    output.publish_json(CARD, facts.record())
    output.publish(README, readme.encode())


def prompt_files(facts: CardFacts) -> dict[str, str]:
    """The texts of prompts and of their shared blocks, by file name."""
    prompts = {f"{PROMPTS}/{name}.j2": prompt.text for name, prompt in facts.prompts.items()}
    return prompts | {f"{PROMPTS}/{name}": text for name, text in facts.blocks.items()}


def filters_of(identity: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """The filters of a curation with the figures of the jobs whose tables they read.

    Args:
        identity: of the curation; paths, which are of one machine, are left out of what is told.
    """
    filters = [value for key, value in identity.items() if key.startswith("filters.")]
    return tuple(_filter(settings) for settings in filters)


def ingested(shards: ShardList) -> tuple[Ingested, ...]:
    """How the source shards were made, where `mpgi ingest` made them."""
    found: list[Ingested] = []
    for folder in sorted({file.rpartition("/")[0] for file in shards.files.values()}):
        name = f"{folder}/{record_of('ingest')}".lstrip("/")
        if not shards.root.exists(name):
            continue
        told = shards.root.read_json(name)
        source = (told.get("source") or {}).get("name") or UNNAMED
        made = Ingested(source=source, format=str(told.get("format")), tiling=told.get("tiling"))
        if made not in found:
            found.append(made)
    return tuple(found)


def made_of(final: Storage, facts: CardFacts, names: Iterable[str]) -> Made:
    """What identifies a folder of final shards and rebuilds their order.

    Args:
        names: of the texts, where the facts name none, as an earlier version wrote the folder.

    Raises:
        InputError: a file of the folder is missing or damaged.
    """
    record = final.read_json(record_of("curate"))
    summary = final.read_json("summary.json")
    return Made(
        seed=summary["seed"],
        shards=summary["shards"],
        content=hashlib.sha256(final.read(INDEX)).hexdigest()[:16],
        names=facts.names or tuple(names),
        listed="captions" in record.get("texts", ()) or "select" in record,
        fields=facts.fields,
        ingested=facts.ingested,
    )


def _filter(settings: Mapping[str, Any]) -> dict[str, Any]:
    texts = [value for value in settings.values() if isinstance(value, str)]
    paths = [text for text in texts if text.startswith("/") or "://" in text]
    told = {key: value for key, value in settings.items() if value not in paths and key != "content"}
    for path in paths:
        folder, _ = table_at(path, _REPORT)
        if folder.exists(_REPORT):
            figures = folder.read_json(_REPORT)
            told["found"] = {key: value for key, value in figures.items() if _counts(value)}
    return told


def _counts(value: Any) -> bool:
    """Whether it is a number, or numbers by name."""
    numbers = value.values() if isinstance(value, dict) else [value]
    return all(isinstance(number, int) and not isinstance(number, bool) for number in numbers)
