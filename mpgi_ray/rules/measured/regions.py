"""Regions of a picture by colour, on a thumbnail."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy  # its parts are imported when they are first used, so only by processes that measure
from PIL import Image

from mpgi_ray.rules.measured.colours import TONES, Ids, alike, near, plain, tones
from mpgi_ray.rules.measured.light import Floats, luminance, to_lab
from mpgi_ray.rules.measured.places import Mask, direction_of, is_frame, place_of, side_of, tendency_of
from mpgi_ray.rules.seen import Region, bare

SIZE = 96  # of the thumbnail, on which spots are looked for; regions are seen at half of it
_LEAST = 0.05  # of the picture that a region has
_NAMED = 0.5  # of its pixels that have its colour or one beside it, or it is named by the most frequent tone
_TOLD = 0.6  # of them, or a region is said nothing of
_USUAL = 1.25  # times as many of them have a tone beside that of the mean, by which it is then called
_FREQUENT = 0.2  # of its pixels that have a tone by which it may be called
_NOT_GREY = 0.45  # of them that are more than grey, where it is called greyish
_PURE = 0.8  # of its pixels that have it where a place is said
_ROUGH, _UNEVEN = 0.065, 0.8  # spread in luma: with more, as of crops in rows, it is told as if so few had it
_GREY = np.array([plain(tone) == "grey" for tone in TONES])
_SHADE, _DULL = 0.27, 0.12  # luma, and range of the channels, of shade
_SHADOW = 0.15  # of the picture: a connected area as large is none, but deep water
_OF_SKY = ("blue", "grey-blue", "blue-green", "purple", "grey-purple")
_PATCH = 0.01  # of the picture that a part must have to be seen as one
_ALIKE, _OTHER = 8.5, 30.0  # distances in Lab: closer colours are one; farther from all is none of them
_EMPTY = 0.012  # no more light in any channel: pixels without data
_ONE_TONE = 0.7  # of all pixels of a colour, by which its tone is that of all
_LIGHTER = 12.0  # in L of Lab: two areas of one name of which one is clearly darker
Shares = tuple[tuple[str, float], ...]


def thumbnail(picture: Image.Image) -> Floats:
    """The picture as (`SIZE`, `SIZE`, 3), 0 to 1."""
    small = picture.resize((SIZE, SIZE), Image.Resampling.BOX, reducing_gap=2.0)
    return np.asarray(small, dtype=np.float32) / np.float32(255)


def halved(rgb: Floats) -> Floats:
    """A thumbnail at half its size; of one value or of three a pixel."""
    small: Floats = rgb.reshape(SIZE // 2, 2, SIZE // 2, 2, *rgb.shape[2:]).mean(axis=(1, 3))
    return small


def find_regions(rgb: Floats, raw: Ids, luma: Floats) -> tuple[tuple[Region, ...], Shares]:
    """At most five regions, largest first, and the shares of colours, what is alike in a region as one.

    Args:
        rgb: the halved thumbnail.
        raw: its tones.
        luma: of the whole thumbnail: what is fine is lost at half its size.
    """
    lab = to_lab(rgb)
    middles = _middles(lab, raw)
    away = np.sqrt(((lab[:, :, None] - middles) ** 2).sum(axis=3))
    nearest = away.argmin(axis=2)
    votes = np.stack([scipy.ndimage.uniform_filter((nearest == i) * 1.0, 3) for i in range(len(middles))])
    labels = np.where(away.min(axis=2) <= _OTHER, votes.argmax(axis=0), -1)
    labels[rgb.max(axis=2) <= _EMPTY] = -1  # the empty margin of a cut picture shows nothing
    masks = [mask for i in range(len(middles)) if (mask := labels == i).mean() >= _LEAST]
    found = [(mask, _name(rgb, raw, mask)) for mask in masks]
    told = [(mask, name) for mask, name in _told_apart(found, lab) if _purity(raw, mask, name) >= _TOLD]
    if not told and masks:  # the most frequent tone of the largest area is at least one that is there
        told = [max(found, key=lambda one: np.count_nonzero(one[0]))]
    free = ~np.any([mask for mask, _ in told], axis=0)
    clear, seen = [], raw.copy()
    for mask, name in told:
        one = _region(mask, free, raw, name)
        one = replace(one, purity=min(one.purity, _UNEVEN)) if _is_rough(one, told, luma) else one
        clear.append(_lit(one, rgb[mask].mean(axis=0)))
        seen[mask & alike(bare(name))[raw]] = TONES.index(bare(clear[-1].colour))
    names = {region.colour for region in clear}
    clear = [r if bare(r.colour) in names else replace(r, colour=bare(r.colour)) for r in clear]
    shown = rgb.max(axis=2) > _EMPTY
    shares = _shares(seen[shown] if shown.any() else seen, seen.size)  # a black picture is black
    return tuple(sorted(clear, key=lambda region: (-region.share, region.colour))[:5]), shares


def _lit(region: Region, mean: Floats) -> Region:
    """Shade between things is dark grey to the eye, though the light in it is that of a blue sky."""
    is_small = region.form == "patches" or region.share < _SHADOW
    is_shade = is_small and luminance(mean) < _SHADE and np.ptp(mean) < _DULL
    return replace(region, colour="dark grey") if is_shade and plain(region.colour) in _OF_SKY else region


def _is_rough(region: Region, told: list[tuple[Mask, str]], luma: Floats) -> bool:
    """Whether all that has a region's hue, dark and light, is too uneven to be seen as one colour."""
    hue = plain(bare(region.colour))
    masks = [mask for mask, name in told if plain(bare(name)) == hue]
    return bool(luma[np.any(masks, axis=0).repeat(2, axis=0).repeat(2, axis=1)].std() > _ROUGH)


def _told_apart(found: list[tuple[Mask, str]], lab: Floats) -> list[tuple[Mask, str]]:
    """Areas that have one name, largest first: one if they are about as light, else "darker" or "lighter".

    A name that says dark or light already, or that another area says so of, takes no such word.
    """
    made: list[tuple[Mask, str]] = []
    names = {name for _, name in found}
    for mask, name in sorted(found, key=lambda one: -one[0].sum()):
        same = next((i for i, (_, other) in enumerate(made) if other == name), None)
        if same is None:
            made.append((mask, name))
            continue
        lead = float(lab[mask][:, 0].mean() - lab[made[same][0]][:, 0].mean())
        other, taken = ("lighter", "light") if lead > 0 else ("darker", "dark")
        other, taken = f"{other} {name}", f"{taken} {name}"
        if abs(lead) < _LIGHTER or plain(name) != name or {other, taken} & {*names, *(n for _, n in made)}:
            made[same] = made[same][0] | mask, name
        else:
            made.append((mask, other))
    return made


def _middles(lab: Floats, raw: Ids) -> Floats:
    """The colours of areas in Lab, (colours, 3): those of the tones, joined as long as two are alike.

    A name's bound may run through the middle of what is one colour to the eye: names alone make no areas.
    """
    # a tone is wide: its darker and its lighter part are joined only if they are alike
    bins = raw.astype(np.int32) * 32 + (lab[..., 0] / 8).astype(np.int32)
    found, place, counts = np.unique(bins, return_inverse=True, return_counts=True)
    flat, place = lab.reshape(-1, 3), place.ravel()
    kept = [i for i in range(len(found)) if counts[i] >= 0.02 * raw.size] or [int(counts.argmax())]
    means = [np.asarray(flat[place == i].mean(axis=0)) for i in kept]
    sizes = [float(counts[i]) for i in kept]
    while len(means) > 1:
        away = np.sqrt(((np.stack(means)[:, None] - np.stack(means)) ** 2).sum(axis=2))
        np.fill_diagonal(away, np.inf)
        i, j = sorted(divmod(int(away.argmin()), len(means)))
        if away[i, j] > _ALIKE:
            break
        means[i] = (means[i] * sizes[i] + means[j] * sizes[j]) / (sizes[i] + sizes[j])
        sizes[i] += sizes[j]
        del means[j], sizes[j]
    return np.stack(means).astype(np.float32)


def _name(rgb: Floats, raw: Ids, mask: Mask) -> str:
    """The tone of the mean colour of a mask, or a more frequent one where few pixels have that.

    Black is the shade in a wood rather than its colour, where another tone is frequent, too.
    """
    mean = TONES[int(tones(rgb[mask].mean(axis=0, dtype=np.float32)))]
    counts = np.bincount(raw[mask], minlength=len(TONES))
    greys, beside = np.where(_GREY, counts, 0), np.where(alike(plain(mean)), counts, 0)
    if mean.removeprefix("dark ").startswith("grey-") and greys.sum() >= _USUAL * beside.sum():
        return TONES[int(greys.argmax())]
    if _purity(raw, mask, mean) >= _NAMED:  # beside what is dark no black, which is the shade in it
        return TONES[int(beside.argmax())] if beside.max() >= _USUAL * counts[TONES.index(mean)] else mean
    lit = np.where([tone == "black" for tone in TONES], 0, counts)
    return TONES[int((lit if lit.max() >= _FREQUENT * counts.sum() else counts).argmax())]


def _shares(ids: Ids, whole: int) -> Shares:
    """The share of each colour, largest first; with its tone where hardly any of it has another.

    Args:
        ids: tones of the pixels that show something.
        whole: number of all pixels.
    """
    shares: dict[str, dict[str, float]] = {}
    for tone, count in zip(*np.unique(ids, return_counts=True), strict=True):
        name = TONES[int(tone)]
        by_tone = shares.setdefault(plain(name), {})
        by_tone[name] = by_tone.get(name, 0.0) + float(count) / whole
    named = []
    for name, by_tone in shares.items():
        most, total = max(by_tone, key=lambda tone: by_tone[tone]), sum(by_tone.values())
        named.append((most if by_tone[most] >= _ONE_TONE * total else name, total))
    return tuple(sorted(named, key=lambda item: (-item[1], item[0])))


def _purity(raw: Ids, mask: Mask, name: str) -> float:
    """Share of a mask's pixels that have a colour or one beside it, grey among them where enough have it."""
    named = float(alike(bare(name))[raw[mask]].mean())
    return float(near(bare(name))[raw[mask]].mean()) if named >= _NOT_GREY else named


def _region(mask: Mask, free: Mask, raw: Ids, colour: str) -> Region:
    named = alike(bare(colour))[raw]
    parts, _ = scipy.ndimage.label(mask, structure=np.ones((3, 3)))
    sizes = np.bincount(parts.ravel())[1:]
    main = parts == 1 + int(sizes.argmax())
    whole = bool(main.sum() >= 0.75 * mask.sum())
    many = not whole and (sizes >= _PATCH * mask.size).sum() > 1
    direction = direction_of(main) if whole else None
    purity = float(named[mask].mean())
    place, inside = place_of(mask) if purity >= _PURE else (None, 0.0)
    if place != place_of(named)[0]:  # the colour is seen elsewhere, too
        place, inside = None, 0.0
    form = "patches" if many else "area"
    if is_frame(mask):
        form, place, inside = "frame", None, 0.0
    elif direction is not None:
        form = "band"
        side = side_of(main, direction)
        place, inside = side if side[0] else (None, 0.0)
        direction = None if place else direction
    tendency = None
    if not place and form not in ("frame", "band"):
        tendency = tendency_of(mask, np.array([tone == bare(colour) for tone in TONES])[raw])
    return Region(
        colour=colour,
        share=float(mask.mean()),
        form=form,
        place=place,
        direction=direction,
        tendency=tendency,
        purity=purity,
        inside=inside,
        elsewhere=float((named & free).mean()),
    )
