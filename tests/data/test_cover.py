"""Region boxes of masks, against scipy's opening and labelling, on drawn masks and on real ones."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from pydantic import ValidationError
from scipy import ndimage

from mpgi_ray.data.cover import MAX_REGIONS, Mask, covers
from mpgi_ray.data.sample import Annotation, Box

SQUARE = np.ones((3, 3), dtype=bool)


def by_scipy(here: np.ndarray) -> dict[int, list[Box]]:
    """The boxes of the parts of 0.1 % or more by their size in pixels, largest first."""
    parts, _ = ndimage.label(ndimage.binary_opening(here, SQUARE), SQUARE)
    found: dict[int, list[Box]] = {}
    for number, (rows, columns) in enumerate(ndimage.find_objects(parts), 1):
        if (size := int((parts == number).sum())) / here.size >= 0.001:
            found.setdefault(size, []).append(Box(columns.start, rows.start, columns.stop, rows.stop))
    return dict(sorted(found.items(), reverse=True))


def check(mask: Mask, names: tuple[str, ...]) -> int:
    """Compare; the number of regions."""
    total = 0
    for name, cover in covers(mask, names).items():
        expected = by_scipy(mask == names.index(name))
        left = list(cover.regions)
        assert len(left) == min(sum(map(len, expected.values())), MAX_REGIONS), name
        total += len(left)
        for boxes in expected.values():
            here, left = left[: len(boxes)], left[len(boxes) :]
            assert not Counter(here) - Counter(boxes), name
    return total


@st.composite
def masks(draw: st.DrawFn) -> Mask:
    """Blocks of classes, so that something is left after the opening, with noise on them."""
    height, width = draw(st.integers(3, 40)), draw(st.integers(3, 40))
    coarse = draw(arrays(np.uint8, (14, 14), elements=st.integers(0, 2)))
    grain = draw(st.integers(3, 7))
    mask = np.kron(coarse, np.ones((grain, grain), np.uint8))[:height, :width]
    noise = st.tuples(st.integers(0, height - 1), st.integers(0, width - 1), st.integers(0, 2))
    for y, x, value in draw(st.lists(noise, max_size=12)):
        mask[y, x] = value
    return mask


@given(masks())
def test_regions_are_those_of_scipy(mask: Mask) -> None:
    check(mask, ("a", "b", "c"))


@pytest.mark.parametrize("name", ["dubai_seg", "gid_mtl15"])
def test_regions_of_real_masks(data_dir: Path, name: str) -> None:
    total = 0
    for file in sorted((data_dir / name / "masks").iterdir())[:4]:
        values = np.asarray(Image.open(file)).astype(np.int64)
        values = values @ (1 << 16, 1 << 8, 1) if values.ndim == 3 else values  # colours
        classes, index = np.unique(values, return_inverse=True)
        total += check(index.reshape(values.shape).astype(np.uint8), tuple(map(str, classes)))
    assert total > 10


def test_many_regions_are_bounded() -> None:
    mask = np.zeros((40, 160), np.uint8)
    for y in range(1, 40, 5):
        for x in range(1, 160, 5):
            mask[y : y + 3, x : x + 3] = 1
    assert (cover := covers(mask, ("land", "pond"))["pond"]).patches == 8 * 32
    assert len(cover.regions) == MAX_REGIONS


def test_regions_in_the_record_of_a_shard() -> None:
    mask = np.zeros((60, 90), np.uint8)
    mask[10:30, 40:70] = 1
    cover = covers(mask, ("land", "water"))
    assert cover["water"].regions == (Box(40, 10, 70, 30),)
    note = Annotation(width=90, height=60, cover=cover)
    written = json.dumps(note.model_dump(mode="json", exclude_defaults=True))
    assert Annotation.model_validate_json(written) == note
    before = json.loads(written)
    for known in before["cover"].values():
        del known["regions"]  # as shards of earlier versions are
    assert Annotation.model_validate(before).cover["water"].regions == ()
    for box in ([40, 10, 91, 30], [40, 10, 40, 30], [40, 30, 70, 10], [-1, 10, 70, 30]):
        before["cover"]["water"]["regions"] = [box]
        with pytest.raises(ValidationError, match=r"water: region .* not inside the image"):
            Annotation.model_validate(before)
