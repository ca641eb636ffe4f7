"""What a curation is given: a caption run's records, shards with captions that people wrote, or a release.

All tell the curation which texts there are, what identifies them, and which shards are read.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol

from mpgi_ray.curate.card_facts import CardFacts, filters_of, ingested
from mpgi_ray.curate.sources import Source
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.claim import record_of
from mpgi_ray.data.final import CAPTIONS
from mpgi_ray.data.ledger import Entry, Survey, figures_of, survey
from mpgi_ray.data.parts import ChunkId, complete_shards
from mpgi_ray.data.shard_list import ShardList, find_shards
from mpgi_ray.data.shards import ShardFields
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError

_FORM = "by chunk: "  # of the digest of the captions
Places = str | Sequence[str]


class Given(Protocol):
    """The captions of a curation, and the shards that they belong to."""

    @property
    def written(self) -> tuple[str, ...]:
        """Names of the texts that models wrote, by stage and in the recipe's order."""

    @property
    def main_text(self) -> str:
        """The text that becomes ``.txt`` unless another one is chosen."""

    @property
    def fields(self) -> ShardFields:
        """Where the shards keep what is read."""

    def samples(self, text: str) -> int | None:
        """About how many samples have a text; None if nobody counted them."""

    def identity(self, output: Storage) -> dict[str, Any]:
        """What tells these captions from others."""

    def shards(self) -> ShardList:
        """The shards, all of which are there.

        Raises:
            InputError: one is missing.
        """

    def sources(self, shards: ShardList) -> list[Source]:
        """A task's share of them each."""

    def facts(self) -> CardFacts:
        """What a card tells of how the texts were made."""


class Run:
    """A caption run.

    Raises:
        InputError: it is not finished, and not ``partial``; or its folder is damaged.
    """

    def __init__(self, captions: str, shards: Places | None, partial: bool) -> None:
        self._folder, self._shards = CaptionFolder(captions), shards
        self._record = self._folder.run_record()
        self._chunks = self._folder.chunks() if partial else sorted(self._folder.integrated.done())
        if not partial:
            self._require_complete()

    @property
    def written(self) -> tuple[str, ...]:
        return *(name for model in self._record["stage1"] for name in model), *self._record["texts"]

    @property
    def main_text(self) -> str:
        return str(self._record["texts"][0])

    @property
    def fields(self) -> ShardFields:
        return ShardFields.model_validate(self._record["recipe"]["input"]["fields"])

    @cached_property
    def _found(self) -> Survey:
        found = survey(self._folder)
        found.require_whole()
        return found

    def samples(self, text: str) -> int | None:
        figures = figures_of(self._entries())
        return figures.samples if text == CAPTIONS else figures.good(text)

    def identity(self, output: Storage) -> dict[str, Any]:
        of_run = {f"recipe.{key}": value for key, value in self._record["identity"].items()}
        return {"captions": self._digest(output)} | of_run

    def shards(self) -> ShardList:
        found = find_shards(self._shards or self._record["recipe"]["input"]["shards"])
        found.require_all(sorted(set(self._record["shards"]) - set(found.files)))
        return found

    def sources(self, shards: ShardList) -> list[Source]:
        by_shard: dict[str, list[ChunkId]] = defaultdict(list)
        for chunk in self._chunks:
            by_shard[chunk.shard].append(chunk)
        return [Source(name, shards.files[name], by_shard[name]) for name in sorted(self._record["shards"])]

    def facts(self) -> CardFacts:
        not_ok: dict[str, dict[str, int]] = defaultdict(dict)
        for (status, reason), number in sorted(figures_of(self._entries()).reasons.items()):
            not_ok[status][reason] = number
        versions = [self._record["versions"], *self._record["later_versions"]][-1]
        return CardFacts(
            prompts=self._record["prompts"],
            blocks=self._record.get("shared_blocks", {}),
            versions=versions,
            not_ok=not_ok,
            fields=self.fields.model_dump(mode="json", exclude_defaults=True),
        )

    def _entries(self) -> list[Entry]:
        return [self._found.entries[chunk] for chunk in self._chunks]

    def _require_complete(self) -> None:
        asked: Mapping[str, Any] = self._record["shards"]
        if undone := sorted(set(asked) - complete_shards(self._chunks)):
            raise InputError(
                f"{len(undone)} of {len(asked)} shards are not fully captioned "
                f"({', '.join(undone[:3])}): finish `mpgi caption`, or take what is there with --partial"
            )

    def _digest(self, output: Storage) -> str:
        """What the captions say: of all rows, in the form in which an earlier start wrote it."""
        digest, form = hashlib.sha256(), _FORM
        if output.exists(record_of("curate")):
            before = str(output.read_json(record_of("curate")).get("captions"))
            form = _FORM if _FORM in before else ""
        for chunk in self._chunks:
            if form:
                digest.update(self._found.entries[chunk].digest.encode())
                continue
            table = self._folder.table(chunk)  # version 0.1 hashed all rows in one
            for column in ("caption_id", "index", "status", "text"):
                digest.update(repr(table[column].to_pylist()).encode())
            digest.update(f"{chunk.file_name}{self._folder.shard_sha256(chunk)}".encode())
        return f"{len(self._chunks)} chunks, {form}{digest.hexdigest()[:16]}"


class People:
    """Shards alone: the captions in them, which people or other programs wrote, are the one text.

    Raises:
        InputError: a shard is missing.
    """

    written: tuple[str, ...] = ()
    main_text = CAPTIONS

    def __init__(self, shards: Places, fields: ShardFields) -> None:
        self.fields = fields
        self._found = find_shards(shards)
        self._found.require_all()

    def samples(self, text: str) -> int | None:
        counted = self._found.samples
        return sum(counted.values()) if counted.keys() >= self._found.files.keys() else None

    def identity(self, output: Storage) -> dict[str, Any]:
        stamps = hashlib.sha256(repr(sorted(self._found.stamps.items())).encode())
        told = f"in {len(self._found.files)} shards: {stamps.hexdigest()[:16]}"
        return {"captions": told, "fields": self.fields.model_dump(mode="json", exclude_defaults=True)}

    def shards(self) -> ShardList:
        return self._found

    def sources(self, shards: ShardList) -> list[Source]:
        return [Source(name, file, ()) for name, file in shards.files.items()]

    def facts(self) -> CardFacts:
        return CardFacts(fields=self.fields.model_dump(mode="json", exclude_defaults=True))


def given_by(captions: str | None, shards: Places | None, fields: ShardFields, partial: bool) -> Given:
    """What a job is given by its settings.

    Args:
        captions: a caption run's folder; without one, ``shards`` are there, and ``fields`` tells of them.
        partial: take what is captioned so far.

    Raises:
        InputError: as `Run` and `People`.
    """
    if captions is not None:
        return Run(captions, shards, partial)
    assert shards is not None
    return People(shards, fields)


def handed_over(
    given: Given,
    shards: ShardList,
    identity: Mapping[str, Any],
    names: Sequence[str],
    citations: Mapping[str, str],
) -> CardFacts:
    """What the card tells of a curation.

    Args:
        identity: of the curation.
        names: of its texts.
    """
    facts, filters = given.facts(), filters_of(identity)
    told: dict[str, Any] = {"names": tuple(names), "citations": {**facts.citations, **citations}}
    # a release knows how its shards were made better than shards that were made of it
    told |= {"ingested": facts.ingested or ingested(shards), "filters": (*facts.filters, *filters)}
    if "select" in identity:
        told["rules"] = tuple(identity["select"]["rules"])
    return facts.model_copy(update=told)
