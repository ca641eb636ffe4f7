"""What a scorer is asked: pairs of sentences of generated scenes and of real pictures with boxes, in swaps.

Beside what the texts of scenes say, sentences of kinds that they seldom have are made of the facts: how
things lie to each other and which are larger, how they are arranged, what is not there, what covers most. The
real pictures are those of the folder that MPGI_TEST_DATA names, cut into windows and read as if their sources
labelled all there is; their sentences are those of the rules, with the same beside them. All are swapped by
the truth check, so chance is 50.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations, product

import numpy as np
from PIL import Image
from planted_sources import TREES
from truth import DATA

from mpgi_ray.data.image import decode
from mpgi_ray.data.preferences import Preference
from mpgi_ray.data.sample import LabelClass, Sample
from mpgi_ray.evaluate.bootstrap import bootstrap
from mpgi_ray.ingest import boxes, load_source, manifest
from mpgi_ray.ingest.item import Item
from mpgi_ray.ingest.load import load
from mpgi_ray.ingest.windows import Tiling
from mpgi_ray.models.scorers import TextScorer
from mpgi_ray.reward.swaps import Told, swapped
from mpgi_ray.rules import Facts
from mpgi_ray.rules.of_sample import facts_of_sample
from mpgi_ray.rules.sentences import trusted_text

BOXED = ("simd", "kit_ais_vehicles", "airbus_aircraft", "dota_examples", "neon_trees")
_TILES = (160, 256, 400)  # pixels of windows' longer sides, of which the model sees 96
_RELATIONS = ("to the left of", "to the right of", "above", "below", "much larger than", "smaller than")
_LINES = [f"in a {way} {line}" for way in ("horizontal", "vertical", "diagonal") for line in ("row", "line")]
_WAYS = (*_LINES, "scattered", "far apart", "close together", "in a grid")
_ABSENT = 6  # classes of which a scene says that there are none
_SURE = (0.6, 0.7, 0.8, 0.9, 0.95)  # between which pairs are told apart by how sure the scorer is


@dataclass(frozen=True)
class Set:
    """Pairs, the pictures that they are about, and what each picture is a part of."""

    pairs: Sequence[Preference]
    pictures: Mapping[str, Image.Image]
    whole: Mapping[str, str]

    def only(self, kinds: Iterable[str]) -> Set:
        """The pairs whose false texts are wrong about these; few lose the other half of their swap."""
        kinds = set(kinds)
        return Set([one for one in self.pairs if one.kind in kinds], self.pictures, self.whole)


def of_scenes(samples: Iterable[Sample]) -> Set:
    """Pairs of sentences of the seldom kinds."""
    drawn = list(samples)
    told = [Told(s.sample_id, f, _numbered(statements(f, s.sample_id))) for s, f in _known(drawn)]
    return Set(list(swapped(told)), pixels(drawn), {s.sample_id: s.sample_id for s in drawn})


def of_real(name: str) -> Set:
    """Pairs of sentences about the windows of a folder's pictures, of all kinds."""
    parts = list(_windows(name))
    told, whole = [], {}
    for sample, facts in _known([sample for _, sample in parts]):
        texts = [*trusted_text(facts, sample.sample_id), *statements(facts, sample.sample_id)]
        told.append(Told(sample.sample_id, facts, _numbered(texts)))
    whole = {sample.sample_id: picture for picture, sample in parts}
    return Set(list(swapped(told)), pixels([sample for _, sample in parts]), whole)


def statements(facts: Facts, seed: str) -> Iterator[str]:
    """Sentences that may be true: `swapped` takes those that are."""
    for one, other in permutations(facts.counted, 2):
        subject = f"the {one.name} is" if one.total == 1 else f"the {one.several} are"
        object_ = other.name if other.total == 1 else other.several
        yield from (f"{_cased(subject)} {words} the {object_}." for words in _RELATIONS)
        yield f"{_cased(subject)} next to the {object_}."
        yield f"There are more {one.several} than {other.several}."
    for one in facts.counted:
        if one.total > 2:
            yield from (f"The {one.several} are {way}." for way in _WAYS)
    for cover in facts.cover:
        yield f"The image is dominated by {cover.several if cover.plural else cover.name}."
    absent = sorted(facts.absent, key=lambda name: zlib.crc32(f"{seed}/{name}".encode()))
    yield from (f"There are no {facts.several(name)} in the image." for name in absent[:_ABSENT])


def _windows(name: str) -> Iterator[tuple[str, Sample]]:
    """The windows in which something is annotated, each with the name of its picture."""
    root = DATA / name
    if name == "neon_trees":
        source = load_source(None)
        listed = [item for table in TREES for item in boxes(str(root / table))]
    else:
        source, listed = (
            load_source(name.removesuffix("_examples")),
            list(manifest(str(root / "manifest.jsonl"))),
        )
    for tile, (index, item) in product(_TILES, enumerate(listed)):
        for one in load(item, source, index, Tiling(tile=tile)) if isinstance(item, Item) else ():
            if isinstance(one, Sample) and one.annotation.objects:
                yield f"{name}/{item.name}", _complete(one)


def _complete(sample: Sample) -> Sample:
    """The same, of a source that labels each of its classes exhaustively."""
    note = sample.annotation
    told = note.vocabulary or {one.label: LabelClass() for one in note.objects}
    all_ = {label: kind.model_copy(update={"exhaustive": True}) for label, kind in told.items()}
    return replace(sample, annotation=note.model_copy(update={"vocabulary": all_}))


def _known(samples: Iterable[Sample]) -> Iterator[tuple[Sample, Facts]]:
    return ((sample, facts_of_sample(sample, measured=True)) for sample in samples)


def pixels(samples: Iterable[Sample]) -> dict[str, Image.Image]:
    return {sample.sample_id: decode(sample.image).pixels for sample in samples}


def _numbered(texts: Iterable[str]) -> dict[str, str]:
    return {str(number): text for number, text in enumerate(texts)}


def _cased(words: str) -> str:
    return words[0].upper() + words[1:]


def shuffled(asked: Set, seed: int = 0) -> Set:
    """The same pairs, each about another picture of the set."""
    ids = list(asked.pictures)
    others = np.random.default_rng(seed).permutation(ids)  # neighbours are often alike
    return Set(asked.pairs, {a: asked.pictures[b] for a, b in zip(ids, others, strict=True)}, asked.whole)


def grey(asked: Set) -> Set:
    """The same pairs, about no picture: what the texts alone tell."""
    blank = Image.new("RGB", (128, 128), (128, 128, 128))
    return Set(asked.pairs, dict.fromkeys(asked.pictures, blank), asked.whole)


def leads(scorer: TextScorer, asked: Set) -> list[float]:
    """By how much the score of the true text of each pair is above that of the false one."""
    texts = [[text for _, text in one.texts] for one in asked.pairs]
    scores = scorer.score((asked.pictures[one.sample_id] for one in asked.pairs), texts)
    return [float(true - false) for true, false in scores]


def right(asked: Set, leads: Sequence[float]) -> dict[str, list[tuple[str, float]]]:
    """By kind, whether the true text of each pair has the higher score; a tie counts one half."""
    found: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for one, lead in zip(asked.pairs, leads, strict=True):
        found[one.kind].append((asked.whole[one.sample_id], float(np.sign(lead) + 1) / 2))
    return found


def calibration(leads: Sequence[float]) -> str:
    """How often the text with the higher score is the true one, by how sure the loss takes it to be.

    Of two texts the first is better with probability 1 / (1 + exp(r₂ - r₁)) (Bradley and Terry 1952): that is
    what the scorer learns.
    """
    sure = 1 / (1 + np.exp(-np.abs(leads)))
    bins = np.digitize(sure, _SURE)
    lines = []
    for place in np.unique(bins):
        inside = bins == place
        share = 100 * np.mean(np.sign(np.asarray(leads)[inside]) + 1) / 2
        lines.append(f"said {100 * sure[inside].mean():.0f} %, was {share:.0f} % ({inside.sum():,})")
    return "; ".join(lines)


def told(name: str, answers: Sequence[tuple[str, float]]) -> str:
    """A share with its 95 % interval over pictures."""
    by_picture: dict[str, list[float]] = defaultdict(list)
    for picture, answer in answers:
        by_picture[picture].append(answer)
    if not answers:
        return f"{name}: no pairs"
    rows = np.array([[sum(own), len(own)] for own in by_picture.values()])
    found = bootstrap(rows, lambda drawn: 100 * drawn[:, 0].sum() / drawn[:, 1].sum())
    interval = f"({found.low:.1f} to {found.high:.1f})"
    return f"{name}: {found.value:.1f} {interval} of {len(answers):,} pairs of {len(rows):,} pictures"


def ask(title: str, scorer: TextScorer, asked: Set) -> None:
    """Print how often a scorer is right, by kind, with the controls."""
    print(f"\n{title}")
    own = leads(scorer, asked)
    found = right(asked, own)
    for kind in sorted(found, key=lambda kind: -len(found[kind])):
        print(told(kind, found[kind]), flush=True)
    print(told("all", [one for of in found.values() for one in of]))
    print(f"how sure it was, and how often it was right: {calibration(own)}")
    for name, other in (("with another picture", shuffled(asked)), ("with a grey picture", grey(asked))):
        answers = [one for of in right(other, leads(scorer, other)).values() for one in of]
        print(told(f"all, {name}", answers), flush=True)
