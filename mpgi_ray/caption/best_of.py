"""Which of several answers about a picture is taken: by their consensus, and by a learned scorer."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Self

from mpgi_ray.asking.best_of import BestOf
from mpgi_ray.data.image import Picture
from mpgi_ray.errors import InputError, MpgiError, ResourceError
from mpgi_ray.rules.facts import Facts
from mpgi_ray.truth.consensus import consensus
from mpgi_ray.truth.known import Known

if TYPE_CHECKING:
    from mpgi_ray.models.scorers import TextScorer


def require_packages() -> None:
    """Say before a job starts that no scorer can run.

    Raises:
        InputError: packages are missing.
    """
    if find_spec("open_clip") is None:
        raise InputError("generate.scorer needs open_clip: pip install 'mpgi-ray[train]'")


def by_consensus(facts: Facts, draws: int) -> BestOf:
    """How the one of so many answers about a picture is found that agrees most with the others.

    Args:
        facts: give the names that the picture's source has for things, and nothing else.
    """
    return BestOf(draws, partial(consensus, names=Known(facts).names))


@dataclass(frozen=True)
class Chooser:
    """Scores texts about pictures, a picture at a time.

    Attributes:
        folder, scorer: of the scorer; None where answers are chosen by their consensus alone.
    """

    folder: str | None
    scorer: TextScorer | None
    turn: asyncio.Lock

    @classmethod
    def load(cls, folder: str | None) -> Self:
        """The chooser by a run of `mpgi train --task preference`, on a GPU where this process sees one.

        Raises:
            InputError: the folder holds none.
        """
        if folder is None:
            return cls(None, None, asyncio.Lock())
        from mpgi_ray.models.scorers import load_scorer

        return cls(folder, load_scorer(folder), asyncio.Lock())

    def of(self, picture: Picture, facts: Facts, draws: int) -> BestOf | None:
        """How the best of so many answers about a picture is found; None where one is asked for.

        Where the scorer itself is in trouble, its scores raise and the job must stop: every picture would be
        refused, and what its answers cost lost.

        Args:
            facts: as of `by_consensus`.
        """
        if draws == 1:
            return None
        best = by_consensus(facts, draws)
        if self.scorer is None:
            return best

        async def scores(texts: Sequence[str]) -> list[float]:
            async with self.turn:  # one at a time: they would share the same cores
                return await asyncio.to_thread(self._scores, picture, texts)

        return replace(best, scores=scores)

    def _scores(self, picture: Picture, texts: Sequence[str]) -> list[float]:
        """The scores of texts about a picture.

        Raises:
            ResourceError: the scorer fails: it gets no memory, say.
            InputError: its weights are damaged.
        """
        from mpgi_ray.models.scorers import worths

        try:
            assert self.scorer is not None
            (found,) = worths(self.scorer, [picture.pixels], [texts])
        except MpgiError:
            raise
        except Exception as error:
            why = " ".join(str(error).split())[:300]
            raise ResourceError(
                f"the scorer {self.folder} failed ({type(error).__name__}: {why}): where memory lacks, leave "
                "it some (generate.engine.engine_args.gpu_memory_utilization) and start the command again"
            ) from error
        if any(map(math.isnan, found)):
            raise InputError(
                f"the scorer {self.folder} gives scores that are no numbers: its weights are damaged, train "
                "it again"
            )
        return found
