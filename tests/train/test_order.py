"""Which samples a step holds, and how they are read: the same whoever reads them, and from wherever."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpgi_ray.data.final import list_shards, read_records
from mpgi_ray.data.tar import group_members, read_members
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.errors import InputError
from mpgi_ray.models.architecture import small
from mpgi_ray.models.tokenizer import TextTokenizer
from mpgi_ray.train.batch import Batch
from mpgi_ray.train.config import AugmentConfig, Turning
from mpgi_ray.train.data import Reading
from mpgi_ray.train.order import BUFFER, Window, windows
from mpgi_ray.train.scan import scan
from mpgi_ray.train.tasks import clip
from mpgi_ray.train.text_choice import choose
from support.shapes import write_shapes


@given(
    counts=st.lists(st.integers(0, 50), min_size=1, max_size=12),
    batch=st.integers(1, 8),
    steps=st.integers(1, 120),
    seed=st.integers(0, 3),
)
def test_an_epoch_shows_no_sample_twice_and_every_step_is_full(
    counts: list[int], batch: int, steps: int, seed: int
) -> None:
    if sum(counts) < batch:
        with pytest.raises(InputError, match=f"fewer than a batch of {batch}: take a smaller one"):
            list(windows(counts, batch, steps, seed))
        return
    made = list(windows(counts, batch, steps, seed))
    assert [step for w in made for step in range(w.first, w.first + w.steps)] == list(range(1, steps + 1))
    seen: dict[int, Counter[tuple[int, int]]] = {}
    for window in made:
        places = [(piece.shard, i) for piece in window.pieces for i in range(piece.start, piece.end)]
        assert len(places) == window.steps * batch
        assert sorted(window.order(seed)) == list(range(len(places)))
        seen.setdefault(window.epoch, Counter()).update(places)
    for places in seen.values():
        assert max(places.values()) == 1
        assert all(0 <= index < counts[shard] for shard, index in places)
    whole = sum(counts) // batch
    assert all(len(places) == whole * batch for epoch, places in seen.items() if epoch < len(seen) - 1)


def test_the_order_is_another_one_in_every_epoch_and_for_every_seed() -> None:
    def pieces(seed: int) -> list[list[int]]:
        made: dict[int, list[int]] = {}
        for window in windows([40] * 10, 4, 300, seed):
            assert window.steps <= BUFFER
            made.setdefault(window.epoch, []).extend(piece.shard for piece in window.pieces)
        return list(made.values())

    first, second, third = pieces(0)
    assert first != second != third
    assert sorted(set(first)) == list(range(10))
    assert pieces(0) == [first, second, third]
    assert pieces(1)[0] != first


@pytest.mark.parametrize(("counts", "batch"), [([200], 128), ([525], 512), ([3, 0, 90], 64)])
def test_what_is_left_over_below_a_batch_is_not_always_the_same(counts: list[int], batch: int) -> None:
    used = {
        (piece.shard, index)
        for window in windows(counts, batch, 60, seed=0)
        for piece in window.pieces
        for index in range(piece.start, piece.end)
    }
    assert used == {(shard, index) for shard, count in enumerate(counts) for index in range(count)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shapes(tmp_path_factory.mktemp("data") / "train", 120)


def test_samples_are_drawn_as_often_as_their_weights_say() -> None:
    counts, weights = [7, 0, 40, 3], [0.0, 3, 0, 1, 0, 0, 5, *[1.0] * 20, *[0.0] * 20, 2, 0, 0]
    starts = [0, 7, 7, 47]
    drawn: dict[int, int] = {}
    for window in windows(counts, 10, 4000, 3, weights):
        places = [starts[p.shard] + n for p in window.pieces for n in range(p.start, p.end)]
        own = window.drawn(3, [weights[place] for place in places], window.steps * 10)
        assert own == window.drawn(3, [weights[place] for place in places], window.steps * 10)
        for place in own:
            drawn[places[place]] = drawn.get(places[place], 0) + 1
    assert sum(drawn.values()) == 40_000
    for place, weight in enumerate(weights):
        assert drawn.get(place, 0) == pytest.approx(40_000 * weight / sum(weights), rel=0.05), place


def reading(
    folder: Path, workers: int = 1, turning: Turning = Turning.NONE, context: int = 24, texts: int = 1
) -> Reading:
    source, _ = scan(list_shards(folder), "train", {"objects": 1, "layout": 1})
    architecture = small(TextTokenizer.train(source.all_texts(), context))
    augment = AugmentConfig(turning=turning)
    inputs, share = architecture.inputs(), 20 // workers
    return Reading(source, inputs, clip.Settings(), augment, share, workers, seed=0, texts_per_step=texts)


def batches(
    reader: Reading, order: list[Window], first: int = 1
) -> list[tuple[tuple[str, ...], bytes, bytes]]:
    made = []
    for window in order:
        if window.first + window.steps > first:
            for arrays in reader.window(window, first):
                batch = Batch.of({name: value[None] for name, value in arrays.items()})
                assert batch.images.shape[1:] == (3, 96, 96)
                made.append((batch.keys, batch.images.numpy().tobytes(), batch.tokens.numpy().tobytes()))
    return made


@pytest.mark.parametrize("texts", [1, 2])
def test_any_number_of_workers_sees_the_same_steps_also_from_the_middle(folder: Path, texts: int) -> None:
    one, two = reading(folder, texts=texts), reading(folder, workers=2, texts=texts)
    order = list(windows(one.source.counts, 20, 15, seed=0))
    whole = batches(one, order)
    assert len(whole) == 15
    for epoch in range(2):
        shown = [key for keys, _, _ in whole[6 * epoch : 6 * epoch + 6] for key in keys]
        assert len(set(shown)) == len(shown) == 120
    assert whole[:6] != whole[6:12]
    halves = batches(two, order)
    assert [
        tuple(a + b for a, b in zip(halves[i], halves[i + 1], strict=True)) for i in range(0, 30, 2)
    ] == whole
    assert batches(one, order, first=9) == whole[8:]


def test_every_picture_comes_with_its_own_texts_the_first_as_if_it_came_with_one(folder: Path) -> None:
    one, two = reading(folder), reading(folder, texts=2)
    [window, *_] = windows(one.source.counts, 20, 1, seed=0)
    (single,), (double,) = one.window(window, 1), two.window(window, 1)
    assert double["tokens"].shape == (20, 2, 24)
    assert np.array_equal(single["tokens"], double["tokens"][:, :1])
    assert np.array_equal(single["images"], double["images"])
    texts = {f"{record.shard}/{record.key}": record.texts for record in read_records(two.source.shards)}
    ids, _ = two.inputs.reader()
    for key, tokens in zip(json.loads(bytes(double["keys"])), double["tokens"], strict=True):
        own = ids([texts[key]["layout"], texts[key]["objects"]])
        assert {row.tobytes() for row in tokens} == {row.tobytes() for row in own}


def test_every_text_and_every_turning_is_drawn(folder: Path) -> None:
    plain, turned = reading(folder), reading(folder, turning=Turning.ALL)
    order = list(windows(plain.source.counts, 20, 60, seed=0))
    pictures: dict[str, set[bytes]] = {}
    for keys, images, _ in batches(turned, order):
        for key, image in zip(keys, np.frombuffer(images, np.uint8).reshape(20, -1), strict=True):
            pictures.setdefault(key, set()).add(image.tobytes())
    assert max(map(len, pictures.values())) >= 5
    once = {tokens for _, _, tokens in batches(plain, order)}
    assert len(once) == 60


def test_shards_that_lost_samples_are_noticed(folder: Path, tmp_path: Path) -> None:
    reader = reading(folder)
    order = list(windows([50, *reader.source.counts[1:]], 20, 7, seed=0))
    with pytest.raises(InputError, match="hold fewer samples than at its start"):
        batches(reader, order)


def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    # of samples that no other test has: readers remember what they decoded
    (broken,) = map(Path, list_shards(write_shapes(tmp_path / "whole", 40, seed=10, shards=1)))
    groups = group_members(read_members(broken.read_bytes(), broken.name), broken.name, None)
    members = [(group.key, dict(group.fields)) for group in groups]
    members[7][1]["png"] = b"no picture"
    (tmp_path / broken.name).write_bytes(write_members(members))
    reader = reading(tmp_path)
    with pytest.raises(InputError, match=f"{broken.name}.*{members[7][0]}"):
        batches(reader, list(windows(reader.source.counts, 20, 2, seed=0)))


def test_every_text_is_learned_unless_a_weight_says_otherwise(folder: Path) -> None:
    shards = list_shards(folder)
    every, seen = scan(shards, "train", {})
    assert every.texts == {"layout": 1, "objects": 1}
    assert every.told() == "left out of training: the texts captions"  # people's
    assert sum(every.counts) == len(set(seen.samples)) == 120
    assert seen.classes == every.classes == ("asphalt", "grass", "sand", "water")
    assert scan(shards, "train", {"layout": 2})[0].texts == {"layout": 2, "objects": 1}
    one = scan(shards, "train", {"*": 0, "objects": 1})[0]
    assert one.texts == {"objects": 1}
    assert one.told() == "left out of training: the texts captions, layout"
    assert scan(shards, "train", {"layout": 0})[0] == one
    with pytest.raises(InputError, match=r"no sample has a text 'short': .* hold captions, layout, objects"):
        scan(shards, "train", {"short": 1})
    with pytest.raises(InputError, match=r"nothing to learn: every text .* weight 0; .*of captions, layout"):
        scan(shards, "train", {"layout": 0, "objects": 0})
    people = scan(shards, "train", {"*": 0, "captions": 1})[0]
    assert people.texts == {"captions": 1}
    assert people.fingerprint != every.fingerprint == one.fingerprint
    first = next(read_records(shards, pictures=False))
    told = {first.with_people(place)["captions"] for place in (0, 0.4, 0.6, 0.999)}
    assert told == set(first.captions) <= set(people.all_texts())
    assert len(told) == 2
    with pytest.raises(InputError, match=r"split 'val' and a text of layout, objects; .* splits train"):
        scan(shards, "val", {})
    record = next(read_records(shards, pictures=False))
    assert record.image == b""


def test_what_is_left_out_is_said_and_a_new_text_is_learned(folder: Path, tmp_path: Path) -> None:
    new = [{"long": "Sand."}, {"story": "A field."}, {"objects": "One ship."}, {"captions": "By a person."}]
    for number, texts in enumerate(new):
        thing = {"label": "ship", "box": [0, 0, 4, 4]}
        note = {
            "sample_id": str(number),
            "texts": texts,
            "annotation": {"split": "train", "objects": [thing]},
        }
        (tmp_path / f"{number}.tar").write_bytes(
            write_members([("0", {"json": json.dumps(note).encode(), "jpg": b""})])
        )
    shards = [*list_shards(folder), *list_shards(tmp_path)]
    source, _ = scan(shards, "train", {})
    assert source.texts == dict.fromkeys(("layout", "long", "objects", "story"), 1)
    assert source.classes == ("asphalt", "grass", "sand", "ship", "water")
    assert (source.left_out, source.unused) == (1, ("captions",))
    some, _ = scan(shards, "train", {"*": 0, "objects": 1})
    assert some.left_out == 3
    assert some.told() == (
        "left out of training: 3 of 124 samples of split 'train', without a text of objects; 3 of 8 shards, "
        "without a sample to learn from; the texts captions, layout, long, story"
    )
    assert str(scan(shards, None, {"*": 0, "captions": 1})[0].told()).startswith(
        "left out of training: 3 of 124 samples, without a text of captions; 3 of 8 shards"
    )


def test_the_order_in_which_perspectives_are_named_decides_nothing(folder: Path) -> None:
    weights = {"objects": 1.0, "layout": 2.0}
    one, other = (
        scan(list_shards(folder), None, texts)[0] for texts in (weights, dict(reversed(weights.items())))
    )
    assert list(one.all_texts()) == list(other.all_texts())
    texts = {"objects": "One ship.", "layout": "A ship on the left."}
    for epoch in range(20):
        assert choose(texts, one.texts, 0, epoch) == choose(texts, other.texts, 0, epoch)
