"""What a curation is given when it makes the shards of a release again."""

from __future__ import annotations

import hashlib
from typing import Any, TypeVar

from mpgi_ray.config import Config
from mpgi_ray.curate.card_facts import CardFacts, read_facts
from mpgi_ray.curate.given import Places
from mpgi_ray.curate.rebuild import publish_ids
from mpgi_ray.curate.sources import Source
from mpgi_ray.data.final import CAPTIONS
from mpgi_ray.data.release import RELEASE, Release
from mpgi_ray.data.shard_list import ShardList, find_shards
from mpgi_ray.data.shards import ShardFields
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import RecipeError

C = TypeVar("C", bound=Config)


def is_release(path: str) -> bool:
    """Whether a folder is a release, and not that of a caption run."""
    return Storage(path).exists(RELEASE)


class Released:
    """A release, and the shards of the originals: the final shards that it was made of are made again.

    Attributes:
        shards_made: how many final shards there are.

    Raises:
        InputError: it is not a finished release, or a shard is missing.
        RecipeError: no shards are named.
    """

    main_text = CAPTIONS  # which text is the main one stands beside it

    def __init__(self, release: str, shards: Places | None) -> None:
        if shards is None:
            raise RecipeError(
                f"{release} is a release, without pictures: name the shards of the originals with --shards"
            )
        self._release = Release(release)
        self._found = find_shards(shards)
        self._found.require_all()
        made = self._release.made
        self.written = tuple(name for name in made.names if name != CAPTIONS)
        self.fields = ShardFields.model_validate(made.fields)
        self.shards_made = made.shards
        self._settings = {"seed": made.seed, **({"texts": made.names} if made.listed else {})}

    def samples(self, text: str) -> int | None:
        return self._release.samples

    def identity(self, output: Storage) -> dict[str, Any]:
        stamps = hashlib.sha256(repr(sorted(self._found.stamps.items())).encode()).hexdigest()[:16]
        return {"captions": f"release {self._release.digest}, {len(self._found.files)} shards: {stamps}"}

    def shards(self) -> ShardList:
        return self._found

    def sources(self, shards: ShardList) -> list[Source]:
        return [Source(name, file, ()) for name, file in shards.files.items()]

    def facts(self) -> CardFacts:
        return read_facts(self._release.storage)

    def settled(self, config: C) -> C:
        """A curation with the settings of the one that the final shards come from, which hold again.

        Raises:
            RecipeError: others were chosen.
        """
        free = {"captions", "output", "shards", "citations"}
        for name in sorted(config.model_fields_set - free):
            if getattr(config, name) != type(config).model_fields[name].get_default():
                raise RecipeError(f"{name} stands in the release {self._release.storage.url}: leave it out")
        return config.model_copy(update=self._settings)

    def prepare(self, work: Storage) -> None:
        """Write what tasks look samples up in."""
        publish_ids(work, self._release)
