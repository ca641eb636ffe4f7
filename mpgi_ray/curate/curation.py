"""What to curate: the settings, and what they are read to before anything is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from mpgi_ray.config import Config
from mpgi_ray.curate.given import Given, given_by
from mpgi_ray.curate.released import Released, is_release
from mpgi_ray.curate.select import Filter, FilterChoice, check_texts, load_filters
from mpgi_ray.curate.selection.offered import Offer
from mpgi_ray.curate.selection.outcome import Selected
from mpgi_ray.curate.tasks import Job
from mpgi_ray.curate.telling import AT_ONCE
from mpgi_ray.data.final import CAPTIONS
from mpgi_ray.data.shard_list import ShardList
from mpgi_ray.data.shards import ShardFields
from mpgi_ray.data.storage import Storage, absolute

if TYPE_CHECKING:
    from mpgi_ray.curate.selection.rules_file import Selection

_Place = Annotated[str, AfterValidator(absolute)]


class Curation(Config):
    """What to curate.

    Attributes:
        captions: a caption run's folder, or that of a release, whose shards are made again as they were;
            without one, the captions in the shards are the one text.
        output: folder of the final shards, local or an fsspec URL.
        shards: the source shards; of a caption run only if they moved since they were captioned.
        fields: where shards of other programs keep what is read; only without a caption run, which knows it.
        shard_size: about how many samples a final shard holds.
        seed: seed of the global random order.
        texts: names of the texts that are published, people's ``captions`` among them; the first becomes
            ``.txt``. None publishes all, with the first of stage 2 as ``.txt``.
        partial: take what is captioned so far; the rest is dropped as ``not_captioned``.
        filters: which samples are kept, among those that have the main text.
        select: a file of rules that decide about each text, or the name of a shipped one; see
            docs/selection.md. Then a sample needs one of its texts, and the first one that is kept becomes
            ``.txt``.
        citations: source to the paper to cite, for the card alone.
    """

    captions: _Place | None = None
    output: _Place
    shards: _Place | tuple[_Place, ...] | None = None
    fields: ShardFields = ShardFields()
    shard_size: int = Field(default=1000, ge=1, le=1_000_000)
    seed: int = 0
    texts: tuple[str, ...] | None = None
    partial: bool = False
    filters: tuple[FilterChoice, ...] = ()
    select: str | None = None
    citations: dict[str, str] = Field(default={})

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.captions is None and self.shards is None:
            raise ValueError("neither captions nor shards: expected a caption run's folder, or shards")
        if self.captions is None and self.partial:
            raise ValueError("partial is a setting of caption runs: leave it out")
        if self.captions is not None and self.fields != ShardFields():
            raise ValueError("fields stand in the recipe of the caption run: leave them out")
        return self


@dataclass(frozen=True, slots=True)
class Asked:
    """A curation's settings, held against what they name.

    Attributes:
        texts: names of those that are published; None for all.
        main_text: what becomes ``.txt``; with rules, where it is kept.
    """

    config: Curation
    given: Given
    filters: tuple[Filter, ...]
    texts: tuple[str, ...] | None
    main_text: str
    selection: Selection | None

    @classmethod
    def of(cls, config: Curation) -> Self:
        """Raise an error if something that is named is not there.

        Raises:
            InputError: captions, shards or scores are missing, unfinished, or do not belong together.
            RecipeError: a filter, a text or a rule is wrong.
        """
        filters = load_filters(config.filters)
        selection = None
        if config.select is not None:
            # DuckDB takes 30 MB, which the processes of tasks need not have
            from mpgi_ray.curate.selection.rules_file import read_rules

            selection = read_rules(config.select)
        given = _given(config)
        if isinstance(given, Released):
            config = given.settled(config)
        texts = config.texts or ((CAPTIONS,) if config.captions is None else None)
        if texts is not None:
            check_texts(texts, given.written)
        main_text = given.main_text if texts is None else texts[0]
        return cls(config, given, tuple(filters), texts, main_text, selection)

    def identity(self, output: Storage) -> dict[str, Any]:
        """The settings that decide what is published; texts, filters and rules only where some are chosen."""
        identity = _identity(self.config, self.filters, self.texts) | self.given.identity(output)
        return identity | ({"select": self.selection.identity()} if self.selection else {})

    @property
    def release(self) -> Released | None:
        """The release whose shards are made again, if one is given."""
        return self.given if isinstance(self.given, Released) else None

    def prepare(self, work: Storage) -> None:
        """Write what tasks look up."""
        if self.release is not None:
            self.release.prepare(work)

    def job(self, shards: ShardList, output: str) -> Job:
        """What tasks need to know."""
        names = self.texts or (*dict.fromkeys(self.given.written), CAPTIONS)
        counted = self.given.samples(self.main_text)
        # where nobody counted them, there are as many final shards as source shards
        kept = len(shards.files) * self.config.shard_size if counted is None else counted
        job = Job(
            captions=None if self.release else self.config.captions,
            output=output,
            root=shards.root.url,
            fields=self.given.fields,
            main_text=self.main_text,
            buckets=1,
            seed=self.config.seed,
            names=names,
            chosen=self.texts is not None,
            parts=1,
            filters=self.filters,
            offer=self._offer(names),
            release=self.config.captions if self.release else None,
        )
        return self._sized(job, kept, kept * len(names))

    def after(self, job: Job, selected: Selected) -> Job:
        """The same job, once it is known how much the rules kept."""
        return self._sized(job, selected.pictures_kept, selected.kept)

    def _sized(self, job: Job, samples: int, texts: int) -> Job:
        made = max(1, -(-samples // self.config.shard_size))
        buckets = self.release.shards_made if self.release else made
        return replace(job, buckets=buckets, parts=max(1, -(-texts // AT_ONCE)))

    def _offer(self, names: Sequence[str]) -> Offer | None:
        if self.selection is None:
            return None
        return Offer(
            order=tuple(dict.fromkeys((self.main_text, *names))),
            scores=self.selection.scores,
            needed=self.selection.needed,
            seed=self.config.seed,
            reasons=tuple(rule.name for rule in self.selection.rules),
        )


def _given(config: Curation) -> Given:
    if config.captions is not None and is_release(config.captions):
        return Released(config.captions, config.shards)
    return given_by(config.captions, config.shards, config.fields, config.partial)


def _identity(config: Curation, filters: Sequence[Filter], texts: tuple[str, ...] | None) -> dict[str, Any]:
    """The settings that decide what is published; texts and filters only where some are chosen."""
    identity: dict[str, Any] = {
        "seed": config.seed,
        "shard_size": config.shard_size,
        "partial": config.partial,
    }
    if texts is not None:
        identity["texts"] = list(texts)
    for number, (choice, rule) in enumerate(zip(config.filters, filters, strict=True)):
        identity[f"filters.{number}"] = {"name": choice.name} | rule.model_dump(mode="json")
    return identity
