"""People's captions held against people's labels, of which every disagreement can be looked at.

UC Merced has five captions a picture, and 17 labels of what is in it, by others. The labels are read as if
they were exhaustive (the preset does not): without `cars` there is no car, without `grass` no lawn. So of a
caption that disagrees the captioner is wrong, or the labels are, or the checker is. Who is was judged by a
language model that looked at the pictures (`benchmarks/truth/people.jsonl`; the checker is if one of the
claims is misread, or its verdict does not follow from the labels): of 60 drawn at random (seed 1) when the
captions were held for the first time (`FIRST`, the figures to quote), and of all that disagree since what was
then found was mended.

Prints the captions that disagree by kind of claim and by label, who was judged wrong, and the share of all
captions that were called false wrongly, with 95 % intervals (Wilson). `--show` prints every disagreement with
its judgement, `--draw N` some at random. The captions themselves are in the folder that MPGI_TEST_DATA names.
The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import PurePath
from typing import Any

from truth import bounds, interval, rows_of
from truth_own import real

from mpgi_ray.data.sample import Annotation
from mpgi_ray.ingest import load_source
from mpgi_ray.rules import Facts, gather, lexicon
from mpgi_ray.truth.lists import also_called
from mpgi_ray.truth.verdict import Verdict, check

FIRST = {"disagree": 1188}  # of the same captions


@dataclass(frozen=True)
class Disagreement:
    """A caption that the labels contradict: the picture, which of its captions, claims with their facts."""

    picture: str
    number: int
    caption: str
    labels: tuple[str, ...]
    claims: tuple[tuple[str, str, str], ...]

    def told(self) -> str:
        claims = "; ".join(f"{about}: {name} ({fact})" for about, name, fact in self.claims)
        return f"{self.picture} {self.number}: {self.caption} | {', '.join(self.labels)} | {claims}"


def exhaustive(annotation: Annotation) -> Facts:
    """Facts of a picture of which the labels tell everything, surfaces as those of a mask would."""
    kinds = {
        label: kind.model_copy(update={"exhaustive": True}) for label, kind in annotation.vocabulary.items()
    }
    surfaces = {label: kind.name or label for label, kind in kinds.items() if not kind.countable}
    return replace(
        gather(annotation.model_copy(update={"vocabulary": kinds})),
        uncovered=tuple(sorted(name for label, name in surfaces.items() if label not in annotation.labels)),
    )


def disagreements() -> tuple[int, list[Disagreement]]:
    """How many captions there are, and those that disagree, in the order of the pictures."""
    captions, found = 0, []
    for sample in real("ucm"):
        facts = exhaustive(sample.annotation)
        picture = PurePath(sample.name or "").stem
        for number, caption in enumerate(sample.annotation.captions):
            captions += 1
            false = tuple(
                (one.claim.about.value, one.claim.name, one.fact)
                for one in check(caption, facts)
                if one.verdict is Verdict.CONTRADICTED
            )
            if false:
                found.append(Disagreement(picture, number, caption, sample.annotation.labels, false))
    return captions, found


@cache
def label_of(name: str) -> str:
    """The label that a claim is about."""
    kinds = {name, *lexicon.synonyms(name), *lexicon.hypernyms(name)}
    for label, kind in load_source("ucm").vocabulary.items():
        if (own := kind.name or label) in kinds or name in also_called(own):
            return label
    return name


def table(title: str, found: Counter[str], captions: int) -> Iterator[str]:
    yield title
    for name, number in found.most_common():
        yield f"  {name:<12} {interval(number, captions)}"


def misread(judged: Sequence[dict[str, Any]], disagree: int, captions: int) -> dict[str, float]:
    """The share of all captions that was called false wrongly, estimated from those that were judged."""
    wrong = sum(row["wrong"] == "checker" for row in judged)
    low, high = (disagree / captions * end for end in bounds(wrong, len(judged)))
    if len(judged) == disagree:  # none is left to chance but which captions people wrote
        low, high = bounds(wrong, captions)
    shares = {"misread": disagree / captions * wrong / len(judged), "low": low, "high": high}
    return {name: round(share, 4) for name, share in shares.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--show", action="store_true", help="print every disagreement with its judgement")
    parser.add_argument("--draw", type=int, default=0, help="print so many of them at random")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    captions, found = disagreements()
    rows = rows_of("people")
    known = {(row["id"], row["caption"]): row for row in rows if row["held"] == "now"}
    for one in random.Random(options.seed).sample(found, min(options.draw, len(found))):
        print(one.told())
    if options.show:
        for one in found:
            row = known.get((one.picture, one.number), {"wrong": "not judged", "why": ""})
            print(f"{one.told()} | {row['wrong']}: {row['why']}")
    print(f"disagree       {interval(len(found), captions)}")
    kinds = Counter(about for one in found for about in {about for about, _, _ in one.claims})
    labels = Counter(label for one in found for label in {label_of(name) for _, name, _ in one.claims})
    print(*table("by kind of claim", kinds, captions), *table("by label", labels, captions), sep="\n")
    print("who is wrong where they disagree, as judged from the pictures")
    left = {(one.picture, one.number) for one in found} - known.keys()
    again = [known[one.picture, one.number] for one in found if (one.picture, one.number) in known]
    first = [row for row in rows if row["held"] == "first"]
    shares = {}
    for held, judged, disagree in (("first", first, FIRST["disagree"]), ("now", again, len(found))):
        for who, number in Counter(row["wrong"] for row in judged).most_common():
            print(f"  {held:<5} {who:<9} {interval(number, len(judged))}")
        shares[held] = misread(judged, disagree, captions)
    print(json.dumps({"captions": captions, "disagree": len(found), "not_judged": len(left), **shares}))


if __name__ == "__main__":
    main()
