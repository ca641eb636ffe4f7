"""The perceptual hash is ImageHash's, also of turned and mirrored pictures."""

from __future__ import annotations

from pathlib import Path

import imagehash
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mpgi_ray.curate.duplicates.phash import SYMMETRIES, phashes, reduced, turned


def pillows(picture: Image.Image, symmetry: str) -> Image.Image:
    return picture if symmetry == "same" else picture.transpose(Image.Transpose[symmetry.upper()])


def require_equal(file: Path) -> None:
    picture = Image.open(file)
    hashes, _ = phashes(picture)
    theirs = [str(imagehash.phash(pillows(picture, symmetry))) for symmetry in SYMMETRIES]
    assert [f"{one:016x}" for one in hashes.tolist()] == theirs, file


@pytest.mark.parametrize("every", [10, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("folder", ["ucm", "eurosat"])
def test_real_pictures_have_the_hashes_of_imagehash_in_all_symmetries(
    data_dir: Path, folder: str, every: int
) -> None:
    files = sorted((data_dir / folder / "images").glob("*/*.jpg"))[::every]
    assert files
    for file in files:
        require_equal(file)


@given(seed=st.integers(0, 99), width=st.integers(1, 90), height=st.integers(1, 90))
def test_the_hash_of_any_picture_is_that_of_imagehash(seed: int, width: int, height: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels)
    hashes, small = phashes(picture)
    assert f"{int(hashes[0]):016x}" == str(imagehash.phash(picture))
    assert np.array_equal(small, reduced(picture))


@pytest.mark.parametrize("number", range(len(SYMMETRIES)))
def test_arrays_are_turned_as_pillow_turns_pictures(number: int) -> None:
    pixels = np.arange(35, dtype=np.uint8).reshape(5, 7)
    expected = np.asarray(pillows(Image.fromarray(pixels), SYMMETRIES[number]))
    assert np.array_equal(turned(pixels, number), expected)
    assert np.array_equal(turned(np.stack([pixels] * 2), number), np.stack([expected] * 2))
