"""How many planted copies of real pictures are candidates, and how many of these are confirmed.

Every picture of ``ucm`` (256 pixels) and ``eurosat`` (64 pixels), below the folder that MPGI_TEST_DATA names,
is copied as a JPEG of quality 40, at half its size, and in the seven other symmetries. Printed are the share
of copies whose hash is near (candidates), the share of candidates that are confirmed as copies, and the share
of both, and the share that a list of hashes without pixels finds (``listed``); then how many of all pairs of
different pictures, and of their copies, are candidates, confirmed and listed; and how many pairs of different
pictures that lack the same corner, black and without data, as tiles at the edge of a scene do.

For overlaps each picture of ``ucm`` is cut as a JPEG of quality 75 and held against what it was cut of,
whatever the hashes say: without 5 % at each border, without the left 10 %, without a quarter of each side
(the corner of 75 %), and the corner of half of each side. ``--distinct`` pairs of different pictures are
held against each other, too, upright and mirrored; those that are taken for overlaps are named. With
``--model`` the share of the cut pictures is printed that are among the nearest neighbours of their originals,
or the other way round, by the model's features. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mpgi_ray.curate.duplicates.confirm import likeness, plainness
from mpgi_ray.curate.duplicates.hashing import PLAIN
from mpgi_ray.curate.duplicates.overlap import grey_view, overlap, view_of
from mpgi_ray.curate.duplicates.phash import SYMMETRIES, phashes, turned
from mpgi_ray.curate.duplicates.search import near
from mpgi_ray.curate.leaks.hash_list import MOST_FINE, MOST_PLAIN, differing, fine_hashes

DATA = Path(os.environ.get("MPGI_TEST_DATA", Path(__file__).parents[2] / "shared/data"))
RADIUS, EIGHT = 10, len(SYMMETRIES)
CORNERS = (0.3, 0.5, 0.7, 0.85, 0.95)
Box = tuple[float, float, float, float]
# left, top, right and bottom, as shares of the sides
CUTS: Mapping[str, Box] = {
    "border crop 5 %": (0.05, 0.05, 0.95, 0.95),
    "shift 10 %": (0.1, 0, 1, 1),
    "corner crop 25 %": (0, 0, 0.75, 0.75),
    "corner of a quarter": (0, 0, 0.5, 0.5),
}


def pictures(folder: str, every: int = 1) -> dict[str, Image.Image]:
    """Each ``every``-th picture of a folder of the test data, by name."""
    files = sorted((DATA / folder / "images").glob("*/*.jpg"))[::every]
    return {file.stem: Image.open(file).convert("RGB") for file in files}


def recoded(picture: Image.Image, quality: int) -> Image.Image:
    sink = io.BytesIO()
    picture.save(sink, "JPEG", quality=quality)
    return Image.open(sink).convert("RGB")


def copies(picture: Image.Image) -> Iterator[tuple[str, Image.Image]]:
    """The planted copies of a picture, by kind."""
    half = picture.width // 2, picture.height // 2
    yield "jpeg 40", recoded(picture, 40)
    yield "half size", picture.resize(half, Image.Resampling.LANCZOS)
    for symmetry, name in enumerate(SYMMETRIES[1:], 1):
        yield (
            name,
            Image.fromarray(
                np.asarray(turned(np.asarray(picture).transpose(2, 0, 1), symmetry)).transpose(1, 2, 0)
            ),
        )


def copies_found(originals: Sequence[Image.Image]) -> dict[str, dict[str, float]]:
    """Shares of candidates, of confirmed candidates and of both by kind; ``different`` counts false pairs."""
    kinds, sources, hashes, reduced = ["original"] * len(originals), list(range(len(originals))), [], []
    made = [*originals]
    for source, picture in enumerate(originals):
        for kind, copy in copies(picture):
            kinds.append(kind)
            sources.append(source)
            made.append(copy)
    for picture in made:
        eight, small = phashes(picture)
        hashes.append(eight)
        reduced.append(small)
    all_hashes, small_ones, of = np.array(hashes), np.array(reduced), np.array(sources)
    candidates, confirmed, listed = _pairs(all_hashes, small_ones)
    result = {}
    for kind in dict.fromkeys(kinds[len(originals) :]):
        copied = {(of[n], n) for n in range(len(originals), len(made)) if kinds[n] == kind}
        near_ones, sure = len(copied & candidates), len(copied & confirmed)
        shares = {"candidates": near_ones, "found": sure, "listed": len(copied & listed)}
        result[kind] = {name: round(count / len(copied), 4) for name, count in shares.items()} | {
            "confirmed": round(sure / max(1, near_ones), 4)
        }
    wrong = [sum(int(of[a] != of[b]) for a, b in pairs) for pairs in (candidates, confirmed, listed)]
    return result | {"different": dict(zip(("candidates", "found", "listed"), wrong, strict=True))}


def _pairs(hashes: NDArray[np.uint64], reduced: NDArray[np.uint8]) -> tuple[set[tuple[int, int]], ...]:
    candidates: set[tuple[int, int]] = set()
    confirmed: set[tuple[int, int]] = set()
    listed: set[tuple[int, int]] = set()
    fine, plain = fine_hashes(reduced), plainness(reduced)
    for i, found, _ in near(hashes[:, 0].copy(), hashes.ravel(), RADIUS):
        j, symmetry = np.divmod(found, EIGHT)
        sure = likeness(reduced[i], reduced[j], symmetry).copies
        by_list = differing(fine[i], reduced[j], symmetry) <= MOST_FINE
        by_list &= (plain[i] < MOST_PLAIN) & (plain[j] < MOST_PLAIN)
        there = (plain[i] < PLAIN) & (plain[j] < PLAIN)
        i, j, sure, by_list = i[there], j[there], sure[there], by_list[there]
        for a, b, one, other in zip(i.tolist(), j.tolist(), sure.tolist(), by_list.tolist(), strict=True):
            if a < b:
                candidates.add((a, b))
                confirmed |= {(a, b)} if one else set()
                listed |= {(a, b)} if other else set()
    return candidates, confirmed, listed


def without_corner(originals: Sequence[Image.Image], share: float) -> dict[str, int]:
    """False pairs among pictures that lack a corner: a share of the diagonal is black."""
    side = originals[0].size
    x, y = np.meshgrid(np.linspace(0, 0.9, side[0]), np.linspace(0, 1.1, side[1]))
    dark = ((x + y) / 2 < share)[..., None]
    made = [phashes(Image.fromarray(np.where(dark, 0, np.asarray(one.resize(side))))) for one in originals]
    hashes, reduced = (np.array(column) for column in zip(*made, strict=True))
    return dict(zip(("candidates", "found", "listed"), map(len, _pairs(hashes, reduced)), strict=True))


def proposed(originals: Sequence[Image.Image], place: str) -> dict[str, float]:
    """By cut, the share that a model's features propose, among all pictures and their cuts."""
    from mpgi_ray.curate.duplicates.embeddings import NEIGHBOURS
    from mpgi_ray.models.embed import Model

    model, count = Model.load(place), len(originals)
    own, shares = model.pictures(originals), {}
    for name, box in CUTS.items():
        features = np.concatenate([own, model.pictures(cut(picture, box) for picture in originals)])
        cosines = features @ features.T
        np.fill_diagonal(cosines, -2)
        nearest = np.argsort(-cosines, axis=1)[:, :NEIGHBOURS]
        met = [n in nearest[count + n] or count + n in nearest[n] for n in range(count)]
        shares[name] = round(sum(met) / count, 4)
    return shares


def cut(picture: Image.Image, box: Box) -> Image.Image:
    sides = (picture.width, picture.height) * 2
    return recoded(picture.crop(tuple(round(at * side) for at, side in zip(box, sides, strict=True))), 75)


def overlaps_found(originals: Sequence[Image.Image]) -> dict[str, dict[str, float]]:
    """By cut, the share of cut pictures whose hash is near, and of those that local features recognise."""
    views = [view_of(grey_view(picture)) for picture in originals]
    hashes = np.array([phashes(picture)[0][0] for picture in originals])

    def shares(box: Box) -> dict[str, float]:
        pieces = [cut(picture, box) for picture in originals]
        turned_ones = np.array([phashes(piece)[0] for piece in pieces])
        near_ones = (np.bitwise_count(hashes[:, None] ^ turned_ones) <= RADIUS).any(axis=1)
        sure = [
            overlap(view, view_of(grey_view(piece))).confirmed
            for view, piece in zip(views, pieces, strict=True)
        ]
        return {
            "candidates": round(float(near_ones.mean()), 4),
            "confirmed": round(sum(sure) / len(sure), 4),
        }

    return {name: shares(box) for name, box in CUTS.items()}


def taken_for_overlaps(named: Mapping[str, Image.Image], pairs: int, seed: int = 0) -> list[str]:
    """Pairs of different pictures that are taken for overlaps, among some drawn by chance."""
    names = list(named)
    greys = [grey_view(picture) for picture in named.values()]
    upright, mirrored = ([view_of(turned(grey, number)) for grey in greys] for number in (0, 1))
    drawn = np.random.default_rng(seed).permutation(len(names) * (len(names) - 1) // 2)[:pairs]
    first, second = np.triu_indices(len(names), 1)
    told = []
    for a, b in zip(first[drawn].tolist(), second[drawn].tolist(), strict=True):
        for way, others in (("upright", upright), ("mirrored", mirrored)):
            seen = overlap(upright[a], others[b])
            if seen.confirmed:
                told.append(f"{names[a]} and {names[b]} {way}: {seen}")
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take each so manieth picture")
    parser.add_argument("--distinct", type=int, default=20_000)
    parser.add_argument("--model", help="a checkpoint's folder, or NAME@FILE")
    given = parser.parse_args()
    figures: dict[str, object] = {}
    for folder in ("ucm", "eurosat"):
        found = copies_found(list(pictures(folder, given.every).values()))
        figures[folder] = found
        print(f"{folder}: candidates, confirmed of these, found, listed")
        for kind, shares in found.items():
            print(
                f"  {kind:16}",
                "  ".join(
                    f"{shares.get(name, ''):>7}" for name in ("candidates", "confirmed", "found", "listed")
                ),
            )
        some = list(pictures(folder, given.every * (4 if folder == "ucm" else 2)).values())
        lacking = {f"{share:.0%}": without_corner(some, share) for share in CORNERS}
        figures[f"{folder} without a corner"] = lacking
        print(f"  {len(some) * (len(some) - 1) // 2:,} pairs without a corner: {lacking}")
    named = pictures("ucm", given.every)
    print("ucm: candidates, and confirmed if all pairs were candidates")
    figures["overlaps"] = overlaps = overlaps_found(list(named.values()))
    for name, shares in overlaps.items():
        print(f"  {name:20}", *shares.values())
    if given.model:
        figures["proposed"] = by_model = proposed(list(named.values()), given.model)
        print(f"ucm: proposed by {given.model}: {by_model}")
    wrong = taken_for_overlaps(named, given.distinct)
    figures["taken_for_overlaps"] = wrong
    print(
        f"of {given.distinct:,} pairs of different pictures, upright and mirrored: {len(wrong)}",
        *wrong,
        sep="\n  ",
    )
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
