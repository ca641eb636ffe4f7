"""Which texts of a sample are learned in a step, and with which transform of its picture: all by hash.

All samples of a step give texts of the same perspectives, as far as they have them. A contrastive loss
learns from what tells the texts of a step apart: where some tell places and others colours, that is mostly
their kind.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import accumulate, cycle, islice

from mpgi_ray.errors import InputError
from mpgi_ray.rules.english import split_sentences
from mpgi_ray.train.augment import Transform, draw, survives, uniform


@dataclass(frozen=True, slots=True)
class Choice:
    """What a sample gives in a step.

    Attributes:
        transform: of the picture; all the texts survive it.
        names: the perspectives of the texts, in the order in which they were drawn.
        texts: the whole texts; see `sample_sentences` for one that is too long.
    """

    transform: Transform
    names: tuple[str, ...]
    texts: tuple[str, ...]


def draw_view(
    texts: Mapping[str, str],
    weights: Mapping[str, float],
    transforms: Collection[Transform],
    seed: int,
    epoch: int,
    sample_id: str,
    step: int,
    count: int = 1,
) -> Choice:
    """Texts of the sample, and a transform that all of them survive.

    The texts come first. Were the transform drawn first, texts with directions would hardly ever be learned:
    most of them survive only the identity of the eight transforms. The more texts, the more often one of them
    has a direction, and the picture stays as it is.

    Args:
        texts: of the sample, by perspective.
        weights: see `choose`.
        transforms: those to draw from beside the identity.
        count: of the texts; those of a sample that has fewer repeat, in the order in which they were drawn.

    Raises:
        InputError: no text of the sample has a weight.
    """
    drawn = choose(texts, weights, seed, step, count)
    if not drawn:
        wanted = ", ".join(name for name, weight in weights.items() if weight) or "none"
        raise InputError(
            f"sample {sample_id} has no text to learn: expected one of {wanted}, but it has "
            f"{', '.join(sorted(texts)) or 'none'}; give one of these a weight, or leave the sample out"
        )
    names = tuple(islice(cycle(drawn), count))
    kept = frozenset({*transforms, Transform.IDENTITY}).intersection(*(survives(texts[n]) for n in drawn))
    return Choice(draw(seed, epoch, sample_id, kept), names, tuple(texts[name] for name in names))


def choose(
    texts: Mapping[str, str],
    weights: Mapping[str, float],
    seed: int,
    step: int,
    count: int = 1,
) -> list[str]:
    """The perspectives of so many different texts, drawn one after another; fewer if fewer have a weight.

    Samples that have the same texts give the same perspectives in a step.

    Args:
        texts: of the sample, by perspective; empty ones do not count.
        weights: how often each perspective is drawn, relative to the others that are there: finite,
            not negative, and 0 or missing for never.
    """
    # sorted, so that the order in which a user names perspectives decides nothing
    left = sorted(name for name, weight in weights.items() if weight > 0 and texts.get(name))
    drawn: list[str] = []
    while left and len(drawn) < count:
        marks = list(accumulate(weights[name] for name in left))
        place = uniform(_use("text", len(drawn)), seed, step, "of the step") * marks[-1]
        drawn.append(left.pop(bisect(marks, place)))
    return drawn


def _use(what: str, number: int) -> str:
    """What a random number is for; the first text keeps its own, however many are drawn."""
    return f"{what} {number}" if number else what


def sample_sentences(
    text: str,
    length: Callable[[str], int],
    limit: int,
    seed: int,
    epoch: int,
    sample_id: str,
    number: int = 0,
    alone: float = 0.0,
) -> str:
    """The text if it fits, else a run of consecutive sentences that fits and cannot be extended.

    The run starts at a sentence drawn by hash and goes on as far as fits; what room is left then takes the
    sentences before. A sentence that is too long by itself comes alone, and the tokenizer cuts it.

    Args:
        length: of a text in tokens.
        limit: the greatest length that fits.
        number: of the text among those of its picture, from 0: a text that comes twice gives two runs.
        alone: how often one sentence of the text comes instead, any of them as often as the others.
    """
    single = alone > 0 and uniform(_use("alone", number), seed, epoch, sample_id) < alone
    if not single and length(text) <= limit:
        return text
    sentences = split_sentences(text)

    def run(first: int, end: int) -> str:
        return " ".join(sentences[first:end])

    first = int(uniform(_use("sentences", number), seed, epoch, sample_id) * len(sentences))
    end = first + 1
    if single:
        return run(first, end)
    while end < len(sentences) and length(run(first, end + 1)) <= limit:
        end += 1
    while first > 0 and length(run(first - 1, end)) <= limit:
        first -= 1
    return run(first, end)
