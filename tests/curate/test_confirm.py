"""What makes two reduced pictures copies: that they are alike everywhere; very many copies have few pairs."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from mpgi_ray.curate.duplicates import crowds
from mpgi_ray.curate.duplicates.components import components
from mpgi_ray.curate.duplicates.confirm import likeness
from mpgi_ray.curate.duplicates.crowds import MANY
from mpgi_ray.curate.duplicates.hashing import Job, hash_shard
from mpgi_ray.curate.duplicates.pairing import Block, compare
from mpgi_ray.curate.duplicates.phash import phashes
from mpgi_ray.curate.leaks.hash_list import MOST_FINE, differing, fine_hashes
from mpgi_ray.data.shards import ShardFields
from support.build import tar
from support.grounds import encoded, ground

SAME = np.zeros(1, np.int64)


def small(picture: Image.Image) -> NDArray[np.uint8]:
    return phashes(picture)[1][None]


def are_copies(one: Image.Image, other: Image.Image) -> bool:
    return bool(likeness(small(one), small(other), SAME).copies[0])


def without_a_corner(picture: Image.Image, share: float) -> Image.Image:
    """Black where data are missing, as in a tile at the edge of a scene: a share of the diagonal."""
    y, x = np.mgrid[: picture.height, : picture.width] / picture.width
    return Image.fromarray(
        np.where(((x + y) / 2 < share)[..., None], 0, np.asarray(picture)).astype(np.uint8)
    )


def recoded(picture: Image.Image) -> Image.Image:
    return Image.open(io.BytesIO(encoded(picture, "JPEG", quality=40)))


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_missing_data_in_the_same_corner_make_no_copies(share: float) -> None:
    """Their hashes are near, and their correlation is that of the corner."""
    tiles = [without_a_corner(ground(seed), share) for seed in range(6)]
    pairs = [(a, b) for a in range(6) for b in range(a)]
    assert max(likeness(small(tiles[a]), small(tiles[b]), SAME).correlation[0] for a, b in pairs) > 0.85
    assert not any(are_copies(tiles[a], tiles[b]) for a, b in pairs)
    assert all(are_copies(tile, recoded(tile)) for tile in tiles)
    fine = [fine_hashes(small(tile)) for tile in tiles]
    if share < 0.6:  # with more missing it has no hashes in a list
        assert all(differing(fine[a], small(tiles[b]), SAME)[0] > MOST_FINE for a, b in pairs)


def test_a_brighter_picture_is_a_copy_and_one_with_another_object_is_none() -> None:
    picture = ground(1)
    pixels = np.asarray(picture).astype(float)
    assert are_copies(picture, Image.fromarray((pixels * 0.7 + 60).astype(np.uint8)))
    other = pixels.copy()
    other[90:102, 90:102] += 40  # 0.4 % of the area
    assert not are_copies(picture, Image.fromarray(np.minimum(other, 255).astype(np.uint8)))


@settings(max_examples=50)
@given(data=st.data(), count=st.integers(2, 40), batch=st.integers(1, 9))
def test_pairs_that_tell_nothing_new_may_be_left_out(data: st.DataObject, count: int, batch: int) -> None:
    place = st.integers(0, count - 1)
    pairs = data.draw(st.lists(st.tuples(place, place), max_size=200))
    listed: list[NDArray[np.int64]] = [np.empty((0, 2), np.int64)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crowds, "MANY", 2)
        found = crowds.Crowds(count)
        for some in batches(pairs, batch):
            some = some[found.may_tell(*some.T)]
            found.join(*some.T)
            listed.append(some)
    kept = np.concatenate(listed)
    assert np.array_equal(components(count, kept), components(count, np.array(pairs).reshape(-1, 2)))
    assert len(kept) <= count * (2 + batch)


def batches(pairs: Sequence[tuple[int, int]], size: int) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(pairs), size):
        yield np.array(pairs[start : start + size], np.int64)


def test_very_many_equal_pictures_are_one_group_of_few_pairs(tmp_path: Path) -> None:
    count, picture = 150, ground(3, 48)
    members = [(f"{n:04d}.png", encoded(picture) + n.to_bytes(4, "big")) for n in range(count)]
    (tmp_path / "a.tar").write_bytes(tar(*members))
    job = Job(str(tmp_path / "out"), ShardFields(), radius=10)
    hash_shard(job, "a", str(tmp_path / "a.tar"))
    block = Block(0, 0, ("a",), frozenset())
    pairs = pq.read_table(tmp_path / "out/.work" / compare(job, block, block))
    found = np.stack([pairs["a"].to_numpy(), pairs["b"].to_numpy()], axis=1)
    assert set(pairs["verdict"].to_pylist()) == {"copy"}
    assert components(count, found).max() == 0
    assert len(pairs) == MANY * (MANY - 1) // 2 + count - MANY
