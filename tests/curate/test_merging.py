"""What exact duplicates say is merged: nothing is lost, nothing false is said, and curation hands it on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpgi_ray.curate import Curation, curate
from mpgi_ray.curate.duplicates import Duplicates, find_duplicates
from mpgi_ray.curate.duplicates.merging import Part, merged
from mpgi_ray.curate.select import Captioned, load_filters, read_choice
from mpgi_ray.data.final import read_records
from mpgi_ray.data.sample import Annotation, Cover, LabelClass, Object, Sample
from mpgi_ray.data.shards import sample_members
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError
from mpgi_ray.rules import gather, lexicon
from support.build import tar
from support.grounds import encoded, ground

LABELS = ("storage_tank", "oil tank", "tank", "pool", "swimming_pool", "car", "vehicle", "water", "river")
BOX, COVER = (10.0, 10.0, 60.0, 60.0), {"fraction": 0.5, "cells": (0.5,) * 9, "patches": 1}


def some(values: Any) -> st.SearchStrategy[Any]:
    return st.lists(st.sampled_from(values), max_size=2).map(tuple)


@st.composite
def annotations(draw: st.DrawFn) -> Annotation:
    objects, labels, cover = draw(some(LABELS)), draw(some(LABELS)), draw(some(LABELS))
    kinds = st.builds(LabelClass, exhaustive=st.booleans(), countable=st.booleans())
    known = {*objects, *labels, *cover, *draw(some(LABELS))}
    return Annotation(
        width=64,
        height=64,
        vocabulary={label: draw(kinds) for label in sorted(known)} if draw(st.booleans()) else {},
        scene=draw(some(("harbor", "river"))),
        labels=labels,
        objects=tuple(Object(label=label, box=BOX) for label in objects),
        cover={label: Cover(**COVER) for label in cover},
        tags=dict.fromkeys(draw(some(("landuse", "natural"))), draw(st.sampled_from(("water", "forest")))),
        gsd=draw(st.sampled_from((None, 0.5, 1.0))),
        captions=draw(some(("A ship.", "a  ship", "Two ships.", " "))),
        licence=draw(st.sampled_from((None, "CC BY 4.0", "academic use only"))),
        false_colour=draw(st.booleans()),
    )


@settings(max_examples=150)
@given(kept=annotations(), others=st.lists(annotations(), max_size=3), data=st.data())
def test_a_merge_loses_nothing_and_does_not_depend_on_the_order(
    kept: Annotation, others: list[Annotation], data: st.DataObject
) -> None:
    found = merged(kept, others)
    whole = found.annotation
    assert Annotation.model_validate(whole.model_dump(mode="json")) == whole
    assert merged(kept, data.draw(st.permutations(others))).annotation == whole
    again = merged(whole, others)
    assert (again.annotation, again.taken) == (whole, [])
    assert merged(kept, [kept]).taken == []
    assert (found.taken == []) == (whole == kept)
    for name in ("scene", "labels", "captions", "objects"):
        own = getattr(kept, name)
        assert getattr(whole, name)[: len(own)] == own
    assert whole.tags.items() >= kept.tags.items()
    assert whole.cover == kept.cover or not kept.cover
    assert (whole.licence, whole.width, whole.source) == (kept.licence, kept.width, kept.source)
    for label, kind in kept.vocabulary.items():  # an entry says less at most
        there = whole.vocabulary[label]
        assert there == kind or there == kind.model_copy(update={"exhaustive": False})
    # of what anybody sees, no absence is said, and none that the kept one's source does not know of
    facts = gather(whole)
    known = gather(kept)
    assert {*facts.absent} <= {*known.absent}
    assert {*facts.uncovered} <= {*known.uncovered}
    own = names_seen(kept)  # a source may contradict itself
    for other in others:
        assert not (names_seen(other) - own) & {*facts.absent, *facts.uncovered}


def names_seen(annotation: Annotation) -> set[str]:
    facts = gather(annotation)
    names = {fact.name for fact in (*facts.classes, *facts.cover)} | {*facts.labels}
    return names.union(*map(lexicon.synonyms, names))


def note(**told: Any) -> Annotation:
    return Annotation(width=192, height=192, **told)


def test_numbers_are_exact_where_one_source_alone_labels_a_class() -> None:
    every, some_of = LabelClass(exhaustive=True), LabelClass()
    two = tuple(Object(label="pool", box=(x, 20.0, x + 30, 50.0)) for x in (20.0, 90.0))
    boxes = note(objects=two, vocabulary={"pool": every, "car": every})
    (pool,) = gather(merged(note(), [boxes]).annotation).counted
    assert (pool.total, pool.exact) == (2, True)
    assert gather(merged(note(), [boxes]).annotation).absent == ()  # the car is not spoken of
    labelled = note(labels=("swimming-pool",))
    (pool,) = gather(merged(note(), [boxes, labelled]).annotation).counted
    assert (pool.total, pool.exact) == (2, False)
    # a source that labels every pool sees none, another one sees two
    none = note(vocabulary={"pool": every, "bridge": every}, scene=("farm",))
    assert gather(none).absent == ("bridge", "pool")
    found = merged(none, [boxes.model_copy(update={"vocabulary": {"pool": some_of}})])
    assert gather(found.annotation).absent == ("bridge",)
    assert not gather(found.annotation).counted[0].exact
    assert found.taken == [Part("vocabulary", 0), Part("objects", 0)]
    # its own boxes are not mixed with others, which still tell that there is a pool
    car = none.model_copy(update={"objects": (two[0].model_copy(update={"label": "bridge"}),)})
    found = merged(car, [boxes])
    assert (found.annotation.objects, gather(found.annotation).absent) == (car.objects, ())


def test_a_vocabulary_knows_what_comes_along_and_no_more() -> None:
    every, car = LabelClass(exhaustive=True), Object(label="car", box=BOX)
    boxes = note(objects=(car,), vocabulary={"car": every, "water": every})
    # nothing is known of the kept one's own labels
    assert merged(note(labels=("tree",)), [boxes]).annotation.vocabulary == {
        "car": every,
        "tree": LabelClass(),
    }
    # whoever labels every vehicle and sees none has missed a car; whoever has seen one has nothing to learn
    vehicles = note(vocabulary={"vehicle": every})
    assert not merged(vehicles, [boxes]).annotation.vocabulary["vehicle"].exhaustive
    found = merged(boxes, [note(labels=("car",), vocabulary={"car": LabelClass()})])
    assert (found.annotation, found.taken) == (boxes, [])


def test_a_licence_holds_captions_and_closed_sources_back() -> None:
    kept = note(licence="CC BY 4.0")
    other = note(licence="CC0", captions=("A field.",), labels=("car",))
    found = merged(kept, [other, other.model_copy(update={"licence": "CC BY 4.0", "labels": ()})])
    assert (found.annotation.captions, found.annotation.labels) == (("A field.",), ("car",))
    assert (found.taken, found.refused) == ([Part("labels", 0), Part("captions", 1)], [Part("captions", 0)])
    closed = other.model_copy(update={"licence": "academic use only"})
    found = merged(kept, [closed])
    assert (found.annotation, found.taken) == (kept, [])
    assert found.refused == [Part("labels", 0), Part("captions", 0)]
    assert merged(closed.model_copy(update={"labels": ()}), [other]).annotation.labels == ("car",)


RULES = "rules:\n- {name: one_text, texts: 1, by: -words}\n"


@pytest.mark.usefixtures("ray_cluster")
def test_curation_hands_on_what_exact_duplicates_say(tmp_path: Path) -> None:
    picture, alone = encoded(ground(1)), encoded(ground(2))
    told = [
        ("a", picture, note(source="one", labels=("car", "tree"), captions=("A car stands beside a tree.",))),
        ("b", picture, note(source="two", scene=("farm",), captions=("A farm.",), gsd=0.5)),
        ("c", alone, note(source="two", captions=("Grass grows.",))),
    ]
    (tmp_path / "shards").mkdir()
    for name, image, annotation in told:
        key, members = sample_members(Sample(name, 0, image, "png", annotation, name))
        data = tar(*((f"{key}.{suffix}", member) for suffix, member in members.items()))
        (tmp_path / f"shards/{name}.tar").write_bytes(data)
    shards, dup = str(tmp_path / "shards"), tmp_path / "dup"
    search = Duplicates(shards=(shards,), output=str(dup), overlaps=False)
    assert find_duplicates(search).merged == 1
    (row,) = pq.read_table(dup / "merged.parquet").to_pylist()
    assert [(part["what"], part["key"], part["source"]) for part in row["taken"]] == [
        ("scene", "b", "two"),
        ("captions", "b", "two"),
        ("gsd", "b", "two"),
    ]
    chosen = read_choice(f"duplicates:groups={dup},merge=true")
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES)
    for select, texts in ((None, told[0][2].captions + told[1][2].captions), (str(rules), ("A farm.",))):
        out = tmp_path / f"final-{select is None}"
        curation = Curation(shards=shards, output=str(out), filters=(chosen,), select=select)
        assert curate(curation).dropped == {"duplicate": 1}
        final = [str(out / f"{name}") for name in Storage(str(out)).list(".tar")]
        notes = {one.source: one for one in read_records(final, pictures=False)}
        assert notes["one"].captions == texts
        assert notes["one"].annotation["scene"] == ["farm"]
        assert notes["one"].annotation["labels"] == ["car", "tree"]
        assert notes["two"].captions == ("Grass grows.",)
    # a sample that says something else now would lose it
    other = Captioned("a", Sample("a", 0, picture, "png", note(labels=("car",)), "a"), ())
    with pytest.raises(InputError, match=r"a/a is annotated otherwise than when"):
        load_filters([chosen])[0].keep(other)
