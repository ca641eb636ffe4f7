"""Planted copies and overlaps of real pictures are found, and no other pictures are taken for such."""

from __future__ import annotations

from pathlib import Path

import pytest

# they show the same ground: looked at
SAME = {("parkinglot20", "parkinglot28"), ("runway82", "runway88")}
FAST, ALL = 16, pytest.param(1, marks=pytest.mark.slow)


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    monkeypatch.setenv("MPGI_TEST_DATA", str(data_dir))


@pytest.mark.parametrize("every", [FAST, ALL])
@pytest.mark.parametrize(("folder", "least", "listed"), [("ucm", 0.99, 0.99), ("eurosat", 0.9, 0.8)])
def test_copies_are_found(folder: str, least: float, listed: float, every: int) -> None:
    """At 64 pixels, JPEG 40 leaves nothing of open sea, which is a tenth of the pictures."""
    from duplicates_found import copies_found, pictures

    found = copies_found(list(pictures(folder, every).values()))
    different = found.pop("different")
    for way in ("found", "listed"):  # by pixels, and by a list of hashes
        assert different[way] == 0
        assert found["jpeg 40"].pop(way) >= (least if way == "found" else listed)
        shares = [kind[way] for kind in found.values() if way in kind]
        assert len(shares) == 8
        assert min(shares) >= least


@pytest.mark.parametrize("every", [FAST, ALL])
def test_overlaps_are_confirmed(every: int) -> None:
    from duplicates_found import overlaps_found, pictures

    shares = overlaps_found(list(pictures("ucm", every).values()))
    assert min(share["confirmed"] for share in shares.values()) >= 0.9, shares


@pytest.mark.parametrize(("every", "pairs"), [(FAST, 1000), pytest.param(1, 20_000, marks=pytest.mark.slow)])
def test_different_pictures_are_no_overlaps(every: int, pairs: int) -> None:
    from duplicates_found import pictures, taken_for_overlaps

    taken = taken_for_overlaps(pictures("ucm", every), pairs)
    assert [one for one in taken if tuple(one.split()[:3:2]) not in SAME] == []


def test_a_turned_back_mirror_image_of_a_cut_is_confirmed() -> None:
    from duplicates_found import CUTS, cut, pictures

    from mpgi_ray.curate.duplicates.overlap import grey_view, overlap, view_of
    from mpgi_ray.curate.duplicates.phash import turned

    picture = next(iter(pictures("ucm").values()))
    whole, piece = grey_view(picture), grey_view(cut(picture, CUTS["corner crop 25 %"]))
    mirrored = turned(piece, 1)
    assert not overlap(view_of(whole), view_of(mirrored)).confirmed
    assert overlap(view_of(whole), view_of(turned(mirrored, 1))).confirmed
