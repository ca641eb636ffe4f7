"""Which captioned samples become final ones: filters, each a small class with ``keep``.

A module in `mpgi_ray.curate.filters` is one filter that a user can choose by its name. Its class ``Filter``
holds the settings, with their types, and decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

from mpgi_ray.config import Config, nearest
from mpgi_ray.curate.choice import Choice, load
from mpgi_ray.curate.choice import read_choice as read_choice
from mpgi_ray.data.caption import Caption
from mpgi_ray.data.final import CAPTIONS, people_of
from mpgi_ray.data.sample import Sample
from mpgi_ray.errors import RecipeError

_FILTERS = "mpgi_ray.curate.filters"
FilterChoice = Choice  # its name in the settings of a curation


@dataclass(frozen=True)
class Captioned:
    """A sample that was captioned.

    Attributes:
        shard: the source shard's name.
        captions: the records of its texts that are ok.
    """

    shard: str
    sample: Sample
    captions: tuple[Caption, ...]

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """Its texts by perspective; of those that people wrote, the first."""
        people = people_of(self.sample)
        written = {row.perspective: row.text for row in self.captions}
        return written | {CAPTIONS: people[0]} if people else written


class Filter(Protocol):
    """What decides whether a sample is published. It is sent to other processes, and must not change."""

    def keep(self, sample: Captioned) -> str | Captioned | None:
        """None for a sample that is kept, or the reason under which it is counted as dropped.

        A reason is a code of a few words, such as ``no_short_text``: samples are counted by it. A sample in
        place of both is kept as this one: with another annotation, say. The filters after it see that.
        """

    def model_dump(self, *, mode: str) -> dict[str, Any]:
        """Its settings, which are a part of the curation's identity; a `Config` has this."""


class MainText(Config):
    """Keep samples that have the main text, which becomes ``.txt``."""

    name: str

    def keep(self, sample: Captioned) -> str | None:
        return None if self.name in sample.texts else f"no_{self.name}_text"


class AnyText(Config):
    """Keep samples that have one of the chosen texts; None chooses all."""

    names: tuple[str, ...] | None

    def keep(self, sample: Captioned) -> str | None:
        return None if only(sample, self.names).texts else "no_text"


def only(sample: Captioned, texts: Sequence[str] | None) -> Captioned:
    """The sample with the chosen texts alone, people's captions among them; None chooses all."""
    if texts is None:
        return sample
    kept = tuple(row for row in sample.captions if row.perspective in texts)
    bare = sample.sample
    if CAPTIONS not in texts:
        bare = replace(bare, annotation=bare.annotation.model_copy(update={"captions": ()}))
    return replace(sample, sample=bare, captions=kept)


def check_texts(texts: Sequence[str], written: Sequence[str]) -> None:
    """Hold the names of chosen texts against those of a caption run.

    Raises:
        RecipeError: one is unknown or there twice, or there are none.
    """
    for name in texts:
        if name not in (*written, CAPTIONS):
            raise nearest("text", name, [*written, CAPTIONS])
    if len(set(texts)) < len(texts) or not texts:
        raise RecipeError(f"texts {', '.join(texts) or '(none)'}: expected names, each once")


def load_filters(chosen: Sequence[FilterChoice]) -> list[Filter]:
    """The filters, in their order.

    Raises:
        RecipeError: there is no such filter, or a setting of it is wrong.
    """
    return [load(choice, "filter", _FILTERS) for choice in chosen]
