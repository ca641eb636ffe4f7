"""The answers that caption runs hold: good texts, outscored ones, and replies refused for what they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mpgi_ray.asking.json_reply import parse_json
from mpgi_ray.data.caption import Caption, Stage, Status, from_table
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.parts import ChunkId
from mpgi_ray.engines.base import Fault
from mpgi_ray.prompts.reply import reply_model
from mpgi_ray.reward.answers import Answer

REFUSED = "replies that were refused for another reason than what they say"
UNREAD = "refused replies whose text cannot be read"
_MERGED = Stage.INTEGRATED.value, Status.OK.value
_GOOD_FORM = ("contradicted", Status.OUTSCORED.value)  # reasons of replies that passed all checks of form


@dataclass
class Answered:
    """The answers by picture and question, and how many replies are none, by reason.

    Attributes:
        answers: by the picture's ``sample_id``, then by the name of the text.
    """

    answers: dict[str, dict[str, list[Answer]]] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)

    def add(self, other: Answered) -> None:
        """Take over those of another run, or of more chunks."""
        for sample_id, questions in other.answers.items():
            for name, own in questions.items():
                self.answers.setdefault(sample_id, {}).setdefault(name, []).extend(own)
        self.left_out += other.left_out


def answered(folder: str, chunk: ChunkId) -> Answered:
    """The answers of a chunk of a caption run.

    Raises:
        InputError: a file is damaged.
    """
    run, found = CaptionFolder(folder), Answered()
    rows = list(from_table(run.table(chunk)))
    merged = dict.fromkeys(r.perspective for r in rows if (r.stage, r.status) == _MERGED)
    for row in rows:
        if (row.stage, row.status) == (Stage.INTEGRATED.value, Status.OUTSCORED.value):
            _take_merge(row, tuple(merged), found)
        elif row.stage != Stage.INPUT.value and row.status != Status.FAILED.value:
            _take(row, found)
    return found


def _take_merge(row: Caption, names: tuple[str, ...], found: Answered) -> None:
    """All texts of a merge that was good, and not the best."""
    texts: Mapping[str, str] | Fault = parse_json(row.raw, reply_model(names))
    if isinstance(texts, Fault):
        found.left_out[UNREAD] += 1
        return
    for name, text in texts.items():
        found.answers.setdefault(row.sample_id, {}).setdefault(name, []).append(Answer(row.caption_id, text))


def _take(row: Caption, found: Answered) -> None:
    name, text = row.perspective, row.text
    if row.status != Status.OK.value:
        if row.reason not in _GOOD_FORM:
            found.left_out[REFUSED] += 1
            return
        name, text = _read(row)
        if not text:
            found.left_out[UNREAD] += 1
            return
    found.answers.setdefault(row.sample_id, {}).setdefault(name, []).append(Answer(row.caption_id, text))


def _read(row: Caption) -> tuple[str, str]:
    """The name of the refused text of a reply and the text, empty if there is none.

    An integration gives several; the record's detail begins with the name of the one that was refused.
    """
    if row.stage == Stage.PERSPECTIVE.value:
        return row.perspective, row.raw.strip()
    name = row.detail.partition('"')[2].partition('"')[0] if row.detail.startswith('in "') else ""
    texts: Mapping[str, str] | Fault = parse_json(row.raw, reply_model((name,)))
    return name, "" if isinstance(texts, Fault) else texts[name]


def texts_of(runs: Sequence[str], wanted: frozenset[str]) -> dict[tuple[str, str], list[str]]:
    """Good texts by caption id and name.

    Args:
        wanted: the captions' ids.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for url in runs:
        run = CaptionFolder(url)
        for chunk in sorted(run.files()):
            for row in from_table(run.table(chunk)):
                if row.caption_id in wanted and row.status == Status.OK.value:
                    found.setdefault((row.caption_id, row.perspective), []).append(row.text)
    return found
