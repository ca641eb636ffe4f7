"""Preferences of people: texts of a picture in the order of the ratings that the viewer exported.

A file holds the ratings of one person. A text's rating is the sum of its scales, and it is compared with
texts of the same picture that this person rated on the same scales. Where two people prefer two texts in
opposite orders, nobody is right: they make no pair.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from mpgi_ray.config import first_problem
from mpgi_ray.data.preferences import Preference
from mpgi_ray.data.storage import split_url
from mpgi_ray.data.text import decode_json, decode_text, text_hash
from mpgi_ray.errors import InputError
from mpgi_ray.reward.chains import chains

KIND = "ratings"
UNKNOWN = "ratings of pictures that the shards do not hold"
GONE = "ratings of texts that the caption runs do not hold"
OPEN = "ratings without a figure"
OPPOSED = "pairs of texts that two people prefer in opposite orders"
TIED = "rated texts that are in no order with another one of their picture"
_SCALES = ("relevance", "hallucination", "fluency")
_Figure = Annotated[int | None, Field(ge=1, le=5), BeforeValidator(lambda value: value or None)]
_Worth = tuple[frozenset[str], int]  # the scales that were rated, and their sum
_Text = tuple[str, str, str]  # its caption's id, its name, and its hash


class Rating(BaseModel):
    """What a person says of a text, as far as it is read; `docs/viewer.md` tells of the columns."""

    caption_id: str = Field(min_length=1)
    sample_id: str
    perspective: str
    text_hash: str
    relevance: _Figure = None
    hallucination: _Figure = None
    fluency: _Figure = None

    @property
    def of(self) -> _Text:
        """Which text."""
        return self.caption_id, self.perspective, self.text_hash

    @property
    def worth(self) -> _Worth:
        """On which scales it was rated, and the sum of the figures."""
        rated = {name: value for name in _SCALES if (value := getattr(self, name))}
        return frozenset(rated), sum(rated.values())


def read_ratings(path: str) -> list[Rating]:
    """The rows of a CSV or JSON file that the viewer exported.

    Raises:
        InputError: it cannot be read, or is no such file; the message names the row.
    """
    folder, name = split_url(path)
    content = folder.read(name)
    try:
        rows: Any = decode_json(content) if path.endswith(".json") else _of_csv(decode_text(content, path))
        if not isinstance(rows, list):
            raise ValueError(f"it holds a {type(rows).__name__}, expected a list of ratings")
    except (ValueError, csv.Error) as error:
        raise InputError(f"{path}: {error}; give the file that the viewer's Export wrote") from error
    found = []
    for number, row in enumerate(rows, 1):
        try:
            found.append(Rating.model_validate(row))
        except ValidationError as error:
            why = f"{first_problem(error)}; give the file that the viewer's Export wrote"
            raise InputError(f"{path}, rating {number}: {why}") from error
    return found


def _of_csv(content: str) -> list[dict[str, str]]:
    """Rows by their columns; an apostrophe that keeps a spreadsheet from computing goes."""
    rows = csv.DictReader(io.StringIO(content, newline=""))
    return [
        {name: re.sub(r"^'(?=[=+\-@\t\r'])", "", value or "") for name, value in row.items() if name}
        for row in rows
    ]


def rated(
    raters: Sequence[Sequence[Rating]],
    texts: Mapping[tuple[str, str], Sequence[str]],
    pictures: Collection[str],
) -> tuple[list[Preference], Counter[str], list[str]]:
    """Lists in the order of ratings.

    Args:
        raters: the ratings of each person.
        texts: by caption id and name, see `answered.texts_of`.
        pictures: the ids of those that are known.

    Returns:
        The lists, how much makes none by reason, and the ids of the pictures that are not known.
    """
    left_out: Counter[str] = Counter()
    unknown: dict[str, None] = {}
    said: dict[_Text, str] = {}
    # by picture and text, what each person gives it
    worths: dict[str, dict[_Text, dict[int, _Worth]]] = defaultdict(lambda: defaultdict(dict))
    for rater, ratings in enumerate(raters):
        for one in ratings:
            text = next((text for text in texts.get(one.of[:2], ()) if _is(text, one.text_hash)), None)
            if one.sample_id not in pictures:
                unknown[one.sample_id] = None
                left_out[UNKNOWN] += 1
            elif text is None:
                left_out[GONE] += 1
            elif not one.worth[0]:
                left_out[OPEN] += 1
            else:
                said[one.of] = text
                worths[one.sample_id][one.of][rater] = one.worth
    lists = []
    for sample_id, own in worths.items():
        names = list(own)
        order = _Order([own[name] for name in names], [said[name] for name in names])
        found = list(chains(len(names), order.better))
        left_out[OPPOSED] += order.opposed()
        left_out[TIED] += len(names) - len({at for chain in found for at in chain})
        for chain in found:
            ranked = tuple((names[at][0], said[names[at]]) for at in chain)
            lists.append(Preference(sample_id, KIND, ranked))
    return lists, +left_out, list(unknown)


class _Order:
    """Which of the texts of a picture people prefer.

    Args:
        worths: of each text, what each person gives it.
        texts: an equal one is no better.
    """

    def __init__(self, worths: Sequence[Mapping[int, _Worth]], texts: Sequence[str]) -> None:
        self._worths, self._texts = worths, texts

    def better(self, one: int, other: int) -> bool:
        """Whether somebody prefers a text, and nobody the other one."""
        return self._texts[one] != self._texts[other] and self._signs(one, other) in ({1}, {1, 0})

    def opposed(self) -> int:
        """How many pairs people prefer in opposite orders."""
        places = range(len(self._worths))
        return sum({1, -1} <= self._signs(a, b) for a in places for b in places[:a])

    def _signs(self, one: int, other: int) -> set[int]:
        """What each person who rated both on the same scales says: 1, 0 for a tie, or -1."""
        signs = set()
        for rater, (scales, worth) in self._worths[one].items():
            others, second = self._worths[other].get(rater, (None, 0))
            if others == scales:
                signs.add((worth > second) - (worth < second))
        return signs


def _is(text: str, told: str) -> bool:
    return str(text_hash(text)) == told
