"""Preferences between answers to one question, and what caption runs hold of answers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from mpgi_ray.data.caption import Caption, Stage, Status
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.parts import ChunkId
from mpgi_ray.data.preferences import Preference
from mpgi_ray.data.sample import Annotation, Box, LabelClass, Object
from mpgi_ray.reward.alone import told_alone
from mpgi_ray.reward.answered import REFUSED, UNREAD, answered, texts_of
from mpgi_ray.reward.answers import ALONE, EQUAL, OPEN, TIED, UNBALANCED, Answer, Asked, preferred
from mpgi_ray.reward.chains import chains
from mpgi_ray.rules import gather
from support.caption_rows import begin, publish, sample


def ships(number: int, *texts: str) -> Asked:
    """A picture of so many ships, and answers to one question about it."""
    objects = tuple(
        Object(label="ship", box=Box(40 * n, 10, 40 * n + 30, 40), visible=1.0) for n in range(number)
    )
    vocabulary = {name: LabelClass(exhaustive=True) for name in ("ship", "truck")}
    note = Annotation(width=200, height=200, vocabulary=vocabulary, objects=objects)
    answers = tuple(Answer(f"{number} {place}", text) for place, text in enumerate(texts))
    return Asked(f"picture {number}", gather(note), {"objects": answers})


def test_an_order_of_answers_is_kept_beside_its_reverse() -> None:
    three, four = "Three ships lie in the water.", "Four ships lie in the water."
    asked = [ships(3, three, four), ships(4, "There are four ships.")]
    found, left_out = preferred(asked)
    assert found == [
        Preference("picture 3", "answers/count", (("3 0", three), ("3 1", four))),
        Preference("picture 4", "answers/count", (("", four), ("", three))),
    ]
    assert left_out == {ALONE: 1}
    assert preferred([*asked, ships(2, three, four)])[1] == {ALONE: 1, TIED: 2}  # both are false there
    assert preferred(asked[:1]) == ([], {UNBALANCED: 1})
    both = [ships(3, three, four), ships(4, three, four)]  # the reverse is an answer, too: nothing twice
    assert len(preferred(both)[0]) == 2


def test_lists_of_any_length_are_kept_if_they_need_not_be_balanced() -> None:
    three, four, trucks = "Three ships.", "Four ships.", "Four ships and two trucks."
    asked = ships(3, trucks, four, three, "A quiet day.", "Exactly four ships.", three)
    (first, second), left_out = preferred([asked], balanced=False)
    assert [text for _, text in first.texts] == [three, four, trucks]
    assert first.texts[0][0] == "3 2"
    assert [text for _, text in second.texts] == [three, "Exactly four ships.", trucks]
    assert left_out == {EQUAL: 1, OPEN: 1}


def test_chains_hold_every_item_that_can_be_compared_and_no_circle() -> None:
    worth = [0, 0, 1, 1, 2]
    found = list(chains(5, lambda a, b: worth[a] < worth[b]))
    assert found == [(0, 2, 4), (1, 3, 4)]
    circle = {(0, 1), (1, 2), (2, 0)}
    assert all(len(one) == 2 for one in chains(3, lambda a, b: (a, b) in circle))
    assert list(chains(3, lambda a, b: False)) == []


def row(name: str, status: Status, reason: str = "", raw: str = "", **others: str) -> Caption:
    text = raw if status is Status.OK else ""
    stage = Stage.PERSPECTIVE if name == "objects" else Stage.INTEGRATED
    place = {"stage": stage.value, "perspective": name, "caption_id": f"{name} {raw[:9]}"}
    told = {"status": status.value, "reason": reason, "raw": raw, "text": text, "model": "m"}
    return replace(sample(0), **(place | told | others))


def test_refused_replies_are_answers_if_nothing_but_their_claims_was_wrong(tmp_path: Path) -> None:
    merged = '```json\n{"short": "Five ships.", "long": "Five ships lie here."}```'
    rows = [
        row("objects", Status.RETRIED, "contradicted", " Six ships. "),
        row("objects", Status.RETRIED, "meta", "Sure! Two ships."),
        row("objects", Status.OUTSCORED, "outscored", "Some ships."),
        row("objects", Status.OK, raw="Two ships."),
        row("integrate", Status.RETRIED, "contradicted", merged, detail='in "long" ("Five …"): false'),
        row("short", Status.REJECTED, "contradicted", "Five", detail='in "short" ("Five"): false'),
        row("long", Status.FAILED, "engine_error"),
    ]
    folder, chunk = CaptionFolder(str(tmp_path)), ChunkId("a", 0, 1)
    begin(folder)
    publish(folder, chunk, rows)
    found = answered(str(tmp_path), chunk)
    texts = {name: [one.text for one in own] for name, own in found.answers["sample 0"].items()}
    assert texts == {"objects": ["Six ships.", "Some ships.", "Two ships."], "long": ["Five ships lie here."]}
    assert found.left_out == {REFUSED: 1, UNREAD: 1}
    wanted = frozenset(["objects Two ships", "objects Sure! Two"])
    assert texts_of([str(tmp_path)], wanted) == {("objects Two ships", "objects"): ["Two ships."]}


def test_a_merge_that_was_not_the_best_gives_all_its_texts(tmp_path: Path) -> None:
    best, other = (f'{{"short": "{n} ships.", "long": "{n} ships lie here."}}' for n in ("Two", "Six"))
    rows = [
        row("integrate", Status.OUTSCORED, "outscored", other),
        row("short", Status.OK, raw=best, text="Two ships."),
        row("long", Status.OK, raw=best, text="Two ships lie here."),
    ]
    folder, chunk = CaptionFolder(str(tmp_path)), ChunkId("a", 0, 1)
    begin(folder)
    publish(folder, chunk, rows)
    found = answered(str(tmp_path), chunk)
    texts = {name: [one.text for one in own] for name, own in found.answers["sample 0"].items()}
    assert texts == {
        "short": ["Six ships.", "Two ships."],
        "long": ["Six ships lie here.", "Two ships lie here."],
    }
    assert not found.left_out


def test_words_that_give_an_order_away_are_measured() -> None:
    def pair(number: int, better: str, worse: str) -> Preference:
        return Preference(f"picture {number}", "count", (("", better), ("", worse)))

    given_away = [pair(n, f"{n} ships near a pier", f"{n} ships, which are invented") for n in range(60)]
    turned = [
        one
        for n in range(60)
        for one in (pair(n, f"{n} ships", "no ship"), pair(99 - n, "no ship", f"{n} ships"))
    ]
    assert (told_alone(given_away) or 0) > 0.95
    assert told_alone(turned) == 0.5
    assert told_alone(given_away[:1]) is None
    kinds = Counter(one.sample_id for one in turned)
    assert len(kinds) > 60
