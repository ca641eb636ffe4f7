"""What is counted of the samples of a set for its card, in memory that does not grow with their number."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from mpgi_ray.data.caption_figures import quantile

Lengths = dict[str, Counter[int]]  # by text name: length to texts


@dataclass
class Counts:
    """Samples and their texts.

    Attributes:
        suffixes: of pictures, to samples.
        splits: to samples; empty for those in none.
        sources: source and licence to samples and texts.
        maps: licence of the map and date of its extract to samples of which it shows anything; both may be
            empty.
        placed: samples of which it is known where on the earth they lie.
        authors: text name, model, revision and hash of the prompt to texts.
        words: lengths of texts in words; ``tokens`` in tokens of CLIP, empty where they are not counted.
        scores: text name and score to texts and the sum of their scores.
    """

    samples: int = 0
    suffixes: Counter[str] = field(default_factory=Counter)
    splits: Counter[str] = field(default_factory=Counter)
    sources: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    maps: Counter[tuple[str, str]] = field(default_factory=Counter)
    placed: int = 0
    authors: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    words: Lengths = field(default_factory=lambda: defaultdict(Counter))
    tokens: Lengths = field(default_factory=lambda: defaultdict(Counter))
    scores: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(lambda: [0, 0.0]))

    @property
    def source_names(self) -> tuple[str, ...]:
        """Whose pictures there are, each once."""
        return tuple(dict.fromkeys(source for source, _ in sorted(self.sources)))

    @property
    def texts(self) -> dict[str, int]:
        """How many there are, by name."""
        return {name: lengths.total() for name, lengths in self.words.items()}

    def add(
        self,
        rows: Sequence[Mapping[str, Any]],
        annotation: Mapping[str, Any],
        suffix: str = "",
        tokens: Callable[[str], int] | None = None,
    ) -> None:
        """Count a sample.

        Args:
            rows: those of its texts in a release, see `release_rows.rows_of`; one at least.
            annotation: of its ``.json``.
            suffix: of its picture.
            tokens: how many a text has.
        """
        first = rows[0]
        self.samples += 1
        self.suffixes[suffix] += 1
        self.splits[first["split"] or ""] += 1
        of_source = self.sources[first["source"], first["licence"] or ""]
        of_source[0] += 1
        of_source[1] += len(rows)
        view = annotation.get("map") or {}
        if view.get("shown") or view.get("features"):
            self.maps[view.get("licence") or "", view.get("extract") or ""] += 1
        self.placed += annotation.get("bounds") is not None
        for row in rows:
            name, text = row["name"], row["text"]
            self.authors[name, row["model"], row["revision"], row["prompt_hash"]] += 1
            self.words[name][len(text.split())] += 1
            if tokens is not None:
                self.tokens[name][tokens(text)] += 1
            for score, value in json.loads(row["scores"]).items() if row["scores"] != "{}" else ():
                if isinstance(value, int | float):
                    told = self.scores[name, score]
                    told[0] += 1
                    told[1] += value

    def record(self) -> dict[str, Any]:
        """All of it as JSON, for `joined`; sums are rounded, so that they do not depend on the last digit."""
        return {
            "samples": self.samples,
            "suffixes": dict(sorted(self.suffixes.items())),
            "splits": dict(sorted(self.splits.items())),
            "sources": [[*key, *numbers] for key, numbers in sorted(self.sources.items())],
            "maps": [[*key, number] for key, number in sorted(self.maps.items())],
            "placed": self.placed,
            "authors": [[*key, number] for key, number in sorted(self.authors.items())],
            "words": {name: dict(sorted(of.items())) for name, of in self.words.items()},
            "tokens": {name: dict(sorted(of.items())) for name, of in self.tokens.items()},
            "scores": [[*key, n, round(total, 6)] for key, (n, total) in sorted(self.scores.items())],
        }

    @classmethod
    def joined(cls, records: Iterable[Mapping[str, Any]]) -> Self:
        """The counts of all together from `record` of each."""
        every = cls()
        for told in records:
            every.samples += told["samples"]
            every.suffixes.update(told["suffixes"])
            every.splits.update(told["splits"])
            for source, licence, samples, texts in told["sources"]:
                every.sources[source, licence][0] += samples
                every.sources[source, licence][1] += texts
            for licence, extract, number in told.get("maps", ()):  # parts of an earlier version have none
                every.maps[licence, extract] += number
            every.placed += told.get("placed", 0)
            for *author, number in told["authors"]:
                name, model, revision, prompt = author
                every.authors[name, model, revision, prompt] += number
            for lengths, more in ((every.words, told["words"]), (every.tokens, told["tokens"])):
                for name, of in more.items():
                    # JSON makes words of the numbers
                    lengths[name].update({int(length): number for length, number in of.items()})
            for name, score, number, total in told["scores"]:
                every.scores[name, score][0] += number
                every.scores[name, score][1] += total
        return every


def lengths_in_words(lengths: Mapping[int, int]) -> tuple[str, str, str]:
    """Mean, 95th percentile and largest of lengths, for a person."""
    counted = Counter(lengths)
    mean = sum(length * number for length, number in counted.items()) / counted.total()
    return f"{mean:.1f}", f"{quantile(counted, 0.95):,}", f"{max(counted):,}"
