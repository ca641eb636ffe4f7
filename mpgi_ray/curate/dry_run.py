"""A dry run: what the rules of a curation would drop, and what it would publish."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from mpgi_ray.curate.curation import Asked, Curation
from mpgi_ray.curate.offering import Decided, decided
from mpgi_ray.data.shard_list import shards_in_words
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import RecipeError
from mpgi_ray.runtime.cluster import ray_session
from mpgi_ray.runtime.fan_out import fan_out
from mpgi_ray.runtime.stopping import GRACE, Stop


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a curation would do.

    Attributes:
        shards: how many final shards it would publish.
    """

    decided: Decided
    shards: int

    def lines(self) -> Iterator[str]:
        """It, for a person."""
        selected = self.decided.decision.selected
        dropped = ", ".join(f"{count:,} {reason}" for reason, count in self.decided.dropped.items())
        yield f"{self.decided.samples:,} samples in; dropped before any rule: {dropped or 'none'}"
        yield from self.decided.decision.lines()
        yield (
            f"a curation would publish {selected.pictures_kept:,} samples in {shards_in_words(self.shards)} "
            f"with {selected.kept:,} texts; nothing was written"
        )


def dry_run(config: Curation, *, grace: float = GRACE) -> DryRun:
    """Read all shards and decide about their texts, in a folder beside the output that is removed at the end.

    It lies beside the output because tasks on other machines write there, too. Who is killed leaves it.

    Raises:
        InputError, OutputError, StoppedError: as `mpgi_ray.curate.job.curate`.
        RecipeError: as there, or there are no rules.
    """
    asked, stop = Asked.of(config), Stop(grace)
    if asked.selection is None:
        raise RecipeError("a dry run shows what rules would drop: name a rules file with --select")
    shards = asked.given.shards()
    place = f"{config.output.rstrip('/')}.dry-run-{secrets.token_hex(4)}"
    job = asked.job(shards, place)
    try:
        with ray_session(cpus_held=0), stop.listening():
            each = partial(fan_out, stop=stop)
            found = decided(job, asked.given.sources(shards), asked.selection, each, stop.check)
    finally:
        Storage(place).delete("")
    return DryRun(found, asked.after(job, found.decision.selected).buckets)
