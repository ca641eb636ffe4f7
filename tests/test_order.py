"""Which samples a step holds, and how they are read: the same whoever reads them, and from wherever."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapes import write_shapes

from mpgi_ray.errors import InputError
from mpgi_ray.train.architecture import small
from mpgi_ray.train.batch import Batch
from mpgi_ray.train.config import AugmentConfig, Turning
from mpgi_ray.train.data import Reading
from mpgi_ray.train.order import BUFFER, Window, windows
from mpgi_ray.train.records import list_shards, read_records
from mpgi_ray.train.source import scan
from mpgi_ray.train.tokenizer import TextTokenizer


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
        with pytest.raises(InputError, match=f"less than a batch of {batch}: lower batch"):
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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shapes(tmp_path_factory.mktemp("data") / "train", 120)


def reading(folder: Path, workers: int = 1, turning: Turning = Turning.NONE, context: int = 24) -> Reading:
    source, _ = scan(list_shards(folder), "train", {"objects": 1, "layout": 1})
    architecture = small(TextTokenizer.train(source.all_texts(), context))
    return Reading(
        source, architecture.inputs(), AugmentConfig(turning=turning), 20 // workers, workers, seed=0
    )


def batches(
    reader: Reading, order: list[Window], first: int = 1
) -> list[tuple[tuple[str, ...], bytes, bytes]]:
    made = []
    for window in order:
        if window.first + window.steps > first:
            for arrays in reader.window(window, first):
                batch = Batch.of({name: value[None] for name, value in arrays.items()})
                assert batch.images.shape[1:] == (3, 64, 64)
                made.append((batch.keys, batch.images.numpy().tobytes(), batch.tokens.numpy().tobytes()))
    return made


def test_any_number_of_workers_sees_the_same_steps_also_from_the_middle(folder: Path) -> None:
    one, two = reading(folder), reading(folder, workers=2)
    order = list(windows(one.source.counts, 20, 15, seed=0))
    whole = batches(one, order)
    assert len(whole) == 15
    assert [keys for epoch in range(2) for keys, _, _ in whole[6 * epoch : 6 * epoch + 6]] != []
    for epoch in range(2):
        shown = [key for keys, _, _ in whole[6 * epoch : 6 * epoch + 6] for key in keys]
        assert len(set(shown)) == len(shown) == 120
    assert whole[:6] != whole[6:12]
    halves = batches(two, order)
    assert [
        tuple(a + b for a, b in zip(halves[i], halves[i + 1], strict=True)) for i in range(0, 30, 2)
    ] == whole
    assert batches(one, order, first=9) == whole[8:]


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


def test_only_texts_with_weight_make_a_sample_usable(folder: Path) -> None:
    source, seen = scan(list_shards(folder), "train", {"objects": 1, "short": 1})
    assert sum(source.counts) == len(set(seen.samples)) == 120
    assert seen.classes == ("asphalt", "grass", "sand", "water")
    with pytest.raises(InputError, match="no usable text"):
        scan(list_shards(folder), "train", {"objects": 0, "short": 1})
    record = next(read_records(list_shards(folder), pictures=False))
    assert record.image == b""
