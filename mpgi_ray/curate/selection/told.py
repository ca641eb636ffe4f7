"""What the card tells of a selection: what each rule did, and the scores of the texts it kept and dropped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from mpgi_ray.curate.selection.outcome import Outcome
from mpgi_ray.curate.selection.scored import Scores


def rules_told(rules: Iterable[Mapping[str, Any]], outcomes: Iterable[Outcome]) -> tuple[dict[str, Any], ...]:
    """Each rule as it stands in the file, with what it did."""
    return tuple(
        {"rule": dict(rule), "seen": did.seen, "dropped": did.dropped, "pictures": did.pictures}
        for rule, did in zip(rules, outcomes, strict=True)
    )


class ScoreMeans:
    """The mean of each score over the texts that were kept, and over those that were dropped.

    Args:
        folders: the scores that the rules could use.
    """

    def __init__(self, folders: Sequence[Scores]) -> None:
        self._makers = {
            name: maker for one in folders for name, maker in zip(one.columns, one.makers, strict=True)
        }
        # by score and whether the text was kept: how many texts have it, and their sum
        self._sums = {(name, kept): [0, 0.0] for name in self._makers for kept in (True, False)}

    def counted(self, tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
        """The same tables of ``texts.parquet``, each counted as it passes."""
        for table in tables:
            kept = table["kept"].to_numpy(zero_copy_only=False)
            for (name, of), sums in self._sums.items():
                values = table[name].to_numpy(zero_copy_only=False)[kept == of]
                known = values[~np.isnan(values)]
                sums[0] += len(known)
                sums[1] += float(known.sum())
            yield table

    def told(self) -> tuple[dict[str, Any], ...]:
        """A row a score; a mean over no text is None."""
        return tuple(
            {
                "score": name,
                "scorer": " ".join(filter(None, maker)),
                "kept": self._sums[name, True][0],
                "mean_kept": self._mean(name, True),
                "mean_dropped": self._mean(name, False),
            }
            for name, maker in self._makers.items()
        )

    def _mean(self, name: str, kept: bool) -> float | None:
        number, total = self._sums[name, kept]
        return total / number if number else None
