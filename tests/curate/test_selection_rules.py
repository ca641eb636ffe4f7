"""Rules of a selection against plain Python, whatever the order, the shards and the threads."""

from __future__ import annotations

import os
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mpgi_ray.curate.select import Captioned
from mpgi_ray.curate.selection import database
from mpgi_ray.curate.selection.database import connected
from mpgi_ray.curate.selection.decide import DECISION, decide
from mpgi_ray.curate.selection.decided import offered_name, publish_decided, read_fates
from mpgi_ray.curate.selection.offered import Offer, offered_table
from mpgi_ray.curate.selection.outcome import Decision
from mpgi_ray.curate.selection.rules_file import Selection, read_rules
from mpgi_ray.data.caption import Caption
from mpgi_ray.data.sample import Annotation, Sample
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import publish_table, read_table
from mpgi_ray.errors import ResourceError
from support.score_tables import write_scores

ORDER = ("short", "long", "captions")
Row = dict[str, Any]
Value = Callable[[Row], float | None]
NONE: Value = lambda row: None  # noqa: E731
VALUES: dict[str, Value] = {
    "clip": lambda row: row["clip"],
    "-words": lambda row: -row["words"],
    # what cannot be computed is unknown
    "clip / wrong": lambda row: (
        row["clip"] / row["wrong"] if row["clip"] is not None and row["wrong"] else None
    ),
    "CASE WHEN scene = 'port' THEN clip END -- a wish": lambda row: (
        row["clip"] if row["scene"] == "port" else None
    ),
}
CONDITIONS: dict[str, Callable[[Row], bool]] = {
    "clip < 0.5": lambda row: row["clip"] is not None and row["clip"] < 0.5,
    "name = 'long' AND words > 2": lambda row: row["name"] == "long" and row["words"] > 2,
    "clip / wrong > 1": lambda row: (row["clip"] or 0) > row["wrong"] > 0,
}


@dataclass(frozen=True)
class Text:
    """A text of a generated set."""

    name: str
    text: str
    clip: float | None
    wrong: float


@dataclass(frozen=True)
class Picture:
    """A picture of a generated set; two of one ``content`` are exact duplicates."""

    content: int
    source: str | None
    scene: str | None
    texts: tuple[Text, ...]


scores = st.none() | st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
words = st.sampled_from(
    ["A ship.", "a  SHIP", "Two ships at sea.", "A port", "It is a port, here.", "!?", "…"]
)
texts = st.lists(
    st.builds(Text, st.sampled_from(ORDER), words, scores, st.sampled_from([0.0, 0.5, 2.0])),
    min_size=1,
    max_size=4,
    unique_by=lambda text: text.name if text.name != "captions" else object(),
).map(tuple)
pictures = st.lists(
    st.builds(
        Picture,
        st.integers(0, 12),
        st.sampled_from([None, "aid", "ucm"]),
        st.sampled_from([None, "port", "sea"]),
        texts,
    ),
    max_size=12,
)
by = st.sampled_from([*VALUES])
columns = st.lists(st.sampled_from(["name", "source", "scene", "words"]), max_size=2, unique=True)
rules = st.lists(
    st.one_of(
        st.fixed_dictionaries({"drop": st.sampled_from([*CONDITIONS])}),
        st.fixed_dictionaries(
            {"top": st.sampled_from([0.1, 0.3, 0.5, 0.7, 1.0]), "by": by, "within": columns},
            optional={"at_least": st.integers(0, 2)},
        ),
        st.fixed_dictionaries({"distinct": st.sampled_from(["set", "picture"])}, optional={"by": by}),
        st.fixed_dictionaries({"texts": st.integers(1, 3)}, optional={"by": by}),
        st.fixed_dictionaries(
            {"pictures": st.integers(1, 4)},
            optional={
                "by": by,
                "per": st.lists(st.sampled_from(["source", "scene"]), max_size=2, unique=True),
            },
        ),
    ),
    min_size=1,
    max_size=4,
)


class Set:
    """A generated set in a folder: its texts offered in shards, their scores, and a rules file."""

    def __init__(
        self, folder: Path, shards: Sequence[Sequence[Picture]], asked: Sequence[Mapping[str, Any]]
    ) -> None:
        self.work, self.names = Storage(str(folder / "work")), [f"s{n}" for n in range(len(shards))]
        samples = {
            name: list(map(sample, range(len(of)), of)) for name, of in zip(self.names, shards, strict=True)
        }
        scored = {
            name: [
                row for made, told in zip(samples[name], of, strict=True) for row in score_rows(made, told)
            ]
            for name, of in zip(self.names, shards, strict=True)
        }
        at = write_scores(folder / "scores", scored, ["clip", "wrong"])
        named = [{"name": f"rule{n}", **rule} for n, rule in enumerate(asked)]
        self.selection = selection(folder, {"scores": [at], "rules": named})
        reasons = tuple(rule.name for rule in self.selection.rules)
        self.offer = Offer(ORDER, self.selection.scores, self.selection.needed, 7, reasons)
        for name in self.names:
            publish_table(self.work, offered_name(name), offered_table(name, samples[name], self.offer))

    @property
    def rows(self) -> list[Row]:
        """All offered texts, numbered by picture."""
        tables = {name: read_table(self.work, offered_name(name)).to_pylist() for name in self.names}
        return [{**row, "picture": (name, row["index"])} for name in self.names for row in tables[name]]

    def decided(self) -> tuple[Decision, list[int]]:
        """What is decided, and by text the rule that dropped it."""
        counts = [(name, len(read_table(self.work, offered_name(name)))) for name in self.names]
        decision = decide(self.work, counts, self.selection, lambda: None)
        fates = [read_fates(self.work, name) for name in self.names]
        return decision, [fate.rule for of in fates for told in of.values() for fate in told]


def selection(folder: Path, content: Mapping[str, Any]) -> Selection:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rules.yaml").write_text(yaml.safe_dump(content))
    return read_rules(str(folder / "rules.yaml"))


def sample(index: int, told: Picture) -> Captioned:
    people = tuple(text.text for text in told.texts if text.name == "captions")
    scene = (told.scene,) if told.scene else ()
    note = Annotation(width=8, height=8, scene=scene, source=told.source, captions=people)
    entry = Sample(f"k{index}", index, b"%d" % told.content, "jpg", note, f"k{index}")
    place = {"caption_id": "", "sample_id": entry.sample_id, "shard": "", "index": index, "key": entry.key}
    written = (text for text in told.texts if text.name != "captions")
    captions = (
        Caption(**place, stage="integrated", perspective=text.name, text=text.text) for text in written
    )
    return Captioned("", entry, tuple(captions))


def score_rows(made: Captioned, told: Picture) -> list[Row]:
    entry, numbers, rows = made.sample, defaultdict[str, int](int), []
    for text in told.texts:
        place = {"index": entry.index, "key": entry.key, "sample_id": entry.sample_id}
        rows.append({**place, **vars(text), "number": numbers[text.name]})
        numbers[text.name] += 1
    return rows


def plainly(rows: list[Row], asked: Sequence[Mapping[str, Any]]) -> list[int]:
    """The rules in plain Python: by text, the number of the rule that drops it, or -1."""
    fates, left = [-1] * len(rows), list(range(len(rows)))
    for number, rule in enumerate(asked):
        value = VALUES.get(rule.get("by", ""), NONE)
        gone = set(dropped(rows, left, rule, value))
        for at in gone:
            fates[at] = number
        left = [at for at in left if at not in gone]
    return fates


def dropped(rows: list[Row], left: list[int], rule: Mapping[str, Any], value: Value) -> list[int]:
    def merit(at: int) -> tuple[bool, float, int, int]:
        told = value(rows[at])
        return told is None, -(told or 0), rows[at]["_tie"], at

    if "drop" in rule:
        return [at for at in left if CONDITIONS[rule["drop"]](rows[at])]
    if "pictures" in rule:
        return pictures_dropped(rows, left, rule, merit)
    keys = {"set": ["_same"], "picture": ["_same", "picture"]}.get(rule.get("distinct", ""), ["picture"])
    keys = rule["within"] if "top" in rule else keys
    groups = defaultdict(list)
    for at in sorted(left, key=merit):
        groups[tuple(rows[at][key] for key in keys)].append(at)
    most = {len(of): ceil(Fraction(str(rule.get("top", 1))) * len(of)) for of in groups.values()}
    many = rule.get("texts", 1)
    over = [at for of in groups.values() for at in of[most[len(of)] if "top" in rule else many :]]
    own = Counter[Any]()  # better texts of the same picture
    spared = set[int]()
    for at in sorted(left, key=merit):
        spared |= {at} if own[rows[at]["picture"]] < rule.get("at_least", 0) else set()
        own[rows[at]["picture"]] += 1
    return [at for at in over if at not in spared]


def pictures_dropped(
    rows: list[Row],
    left: list[int],
    rule: Mapping[str, Any],
    merit: Callable[[int], tuple[bool, float, int, int]],
) -> list[int]:
    of_picture = defaultdict(list)
    for at in left:
        of_picture[rows[at]["picture"]].append(at)

    def best(ats: list[int]) -> tuple[Any, ...]:
        return (*min(map(merit, ats))[:2], rows[ats[0]]["_lot"], min(rows[at]["_tie"] for at in ats), ats[0])

    groups = defaultdict(list)
    for ats in sorted(of_picture.values(), key=best):
        groups[tuple(rows[ats[0]][key] for key in rule.get("per", []))].append(ats)
    return [at for of in groups.values() for ats in of[rule["pictures"] :] for at in ats]


@settings(max_examples=30)
@given(pictures, rules)
def test_each_rule_drops_what_plain_python_drops(told: list[Picture], asked: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = Set(Path(folder), [told[:5], [], told[5:]], asked)
        decision, fates = made.decided()
        rows = made.rows
        assert fates == plainly(rows, asked)
        selected = decision.selected
        assert (selected.texts, selected.pictures) == (len(rows), len({row["picture"] for row in rows}))
        assert selected.kept == fates.count(-1)
        last: dict[Any, int] = {}
        for row, fate in zip(rows, fates, strict=True):
            last[row["picture"]] = max(last.get(row["picture"], 0), len(asked) if fate == -1 else fate)
        for number, (outcome, examples) in enumerate(zip(selected.rules, decision.examples, strict=True)):
            assert outcome.seen == sum(fate == -1 or fate >= number for fate in fates)
            assert outcome.dropped == fates.count(number)
            assert outcome.pictures == list(last.values()).count(number)
            assert len(examples) == min(3, outcome.dropped)
            fallen = {
                (*row["picture"], row["text"])
                for row, fate in zip(rows, fates, strict=True)
                if fate == number
            }
            assert {(one.shard, int(one.key[1:]), one.text) for one in examples} <= fallen
        assert selected.pictures_kept == list(last.values()).count(len(asked))


@settings(max_examples=12)
@given(pictures, rules, st.randoms(use_true_random=False))
def test_it_does_not_matter_how_a_set_is_cut_into_shards(
    told: list[Picture], asked: list[dict[str, Any]], chance: Any
) -> None:
    told = list(
        {picture.content: picture for picture in told}.values()
    )  # of equal ones the first one is kept
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name in ("whole", "cut"):
            shards = [told] if name == "whole" else [told[:3], told[3:4], told[4:]]
            made = Set(Path(folder) / name, shards, asked)
            keys = ((row["sample_id"], row["name"], row["number"], row["text"]) for row in made.rows)
            found.append(sorted(zip(keys, made.decided()[1], strict=True)))
            chance.shuffle(told)
    assert found[0] == found[1]


def test_threads_and_memory_do_not_matter_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, chance = 260_000, np.random.default_rng(0)
    table = pa.table(
        {
            "index": np.arange(rows) // 4,
            "name": chance.choice(["short", "long"], rows),
            "key": pa.array(["k"] * rows),
            "number": np.zeros(rows, np.int32),
            "text": pa.array(["A ship."] * rows),
            "_tie": chance.integers(0, 2**64, rows, np.uint64),
            "_lot": chance.integers(0, 2**64, rows, np.uint64),
            "_same": chance.integers(0, rows, rows).astype(np.uint64),
            "words": chance.integers(1, 20, rows),  # most are equal: chance decides
        }
    )
    asked = [
        {"name": "weak", "top": 0.9, "by": "words", "within": ["name"]},
        {"name": "repeated", "distinct": "set", "by": "words"},
        {"name": "few", "pictures": 30_000, "by": "words"},
    ]
    wanted = selection(tmp_path, {"rules": asked})
    (tmp_path / "spilled").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "spilled"))
    found, spilled = [], []

    def publish(*told: Any) -> None:
        spilled.append(sum(file.stat().st_size for file in (tmp_path / "spilled").rglob("*")))
        publish_decided(*told)

    monkeypatch.setattr("mpgi_ray.curate.selection.decide.publish_decided", publish)
    for threads, memory in ((1, "2GB"), (4, "50MB")):
        monkeypatch.setattr(database, "MEMORY", memory)
        monkeypatch.setattr(database, "connected", partial(with_threads, threads))
        work = Storage(str(tmp_path / memory))
        publish_table(work, offered_name("s"), table)
        decision = decide(work, [("s", rows)], wanted, lambda: None)
        found.append((decision, read_fates(work, "s")))
    assert found[0] == found[1]
    assert spilled[0] < spilled[1]
    assert not os.listdir(tmp_path / "spilled")
    monkeypatch.setattr(database, "MEMORY", "1MB")
    work.delete(DECISION)
    with pytest.raises(ResourceError, match=r"could not decide about 260,000 texts: Out of Memory Error"):
        decide(work, [("s", rows)], wanted, lambda: None)
    assert not os.listdir(tmp_path / "spilled")


def with_threads(threads: int, folder: str = "") -> Any:
    connection = connected(folder)
    connection.execute(f"SET threads = {threads}")
    return connection
