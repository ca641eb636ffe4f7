"""Which text of a sample is learned in an epoch, and with which transform of its picture: all by hash."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import accumulate

from mpgi_ray.errors import InputError
from mpgi_ray.rules.english import split_sentences
from mpgi_ray.train.augment import Transform, draw, survives, uniform


@dataclass(frozen=True, slots=True)
class Choice:
    """What a sample gives in an epoch.

    Attributes:
        transform: of the picture; the text survives it.
        name: the perspective of the text.
        text: the whole text; see `sample_sentences` for one that is too long.
    """

    transform: Transform
    name: str
    text: str


def draw_view(
    texts: Mapping[str, str],
    weights: Mapping[str, float],
    transforms: Collection[Transform],
    seed: int,
    epoch: int,
    sample_id: str,
) -> Choice:
    """A text of the sample, and a transform that it survives.

    The text comes first. Were the transform drawn first, texts with directions would hardly ever be learned:
    most of them survive only the identity of the eight transforms.

    Args:
        texts: of the sample, by perspective.
        weights: see `choose`.
        transforms: those to draw from beside the identity.

    Raises:
        InputError: no text of the sample has a weight.
    """
    chosen = choose(texts, weights, seed, epoch, sample_id)
    if chosen is None:
        wanted = ", ".join(name for name, weight in weights.items() if weight) or "none"
        raise InputError(
            f"sample {sample_id} has no text to learn: expected one of {wanted}, but it has "
            f"{', '.join(sorted(texts)) or 'none'}; give one of these a weight, or leave the sample out"
        )
    kept = survives(chosen[1]) & {*transforms, Transform.IDENTITY}
    return Choice(draw(seed, epoch, sample_id, kept), *chosen)


def choose(
    texts: Mapping[str, str], weights: Mapping[str, float], seed: int, epoch: int, sample_id: str
) -> tuple[str, str] | None:
    """One of the texts, as (perspective, text); None if none has a weight.

    Args:
        texts: of the sample, by perspective; empty ones do not count.
        weights: how often each perspective is drawn, relative to the others that are there: finite,
            not negative, and 0 or missing for never.
    """
    # sorted, so that the order in which a user names perspectives decides nothing
    left = sorted(name for name, weight in weights.items() if weight > 0 and texts.get(name))
    if not left:
        return None
    marks = list(accumulate(weights[name] for name in left))
    name = left[bisect(marks, uniform("text", seed, epoch, sample_id) * marks[-1])]
    return name, texts[name]


def sample_sentences(
    text: str, length: Callable[[str], int], limit: int, seed: int, epoch: int, sample_id: str
) -> str:
    """The text if it fits, else a run of consecutive sentences that fits and cannot be extended.

    The run starts at a sentence drawn by hash and goes on as far as fits; what room is left then takes the
    sentences before. A sentence that is too long by itself comes alone, and the tokenizer cuts it.

    Args:
        length: of a text in tokens.
        limit: the greatest length that fits.
    """
    if length(text) <= limit:
        return text
    sentences = split_sentences(text)

    def run(first: int, end: int) -> str:
        return " ".join(sentences[first:end])

    first = int(uniform("sentences", seed, epoch, sample_id) * len(sentences))
    end = first + 1
    while end < len(sentences) and length(run(first, end + 1)) <= limit:
        end += 1
    while first > 0 and length(run(first - 1, end)) <= limit:
        first -= 1
    return run(first, end)
