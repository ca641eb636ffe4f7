"""Claims about a picture's look: made from measurements, said in one of several wordings, and read back.

A claim is a kind and the words that fill its frames. Perspectives say it in a `SPOKEN` frame; an
integrated text recognises that sentence and says the claim again in its `RETOLD` frame, so it needs no
pixels and repeats no wording. Margins are wide: between two bounds nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from mpgi_ray.engines.template.pixels import Look
from mpgi_ray.rules.english import choose, enumerate_, sentence
from mpgi_ray.rules.phrases import share as share_words

_SIDES = {"left": "right", "top": "bottom"}

SPOKEN: dict[str, tuple[str, ...]] = {
    # scene: the overall character
    "palette_one": ("the picture as a whole is mostly {colour}", "most of the picture is {colour}"),
    "palette_two": ("{colours} together make up most of the picture", "the picture is mostly {colours}"),
    "palette_half": (
        "about half of all that is seen is {colour}",
        "{colour} covers about half of the picture",
    ),
    "palette_mixed": ("no single colour dominates the picture", "the picture has no dominant colour"),
    "light": ("overall it is a {light} picture", "as a whole the picture is {light}"),
    "surface": ("its surface looks {surface}", "the ground appears {surface} at this scale"),
    "even": ("all parts of it are about equally bright", "its parts hardly differ in brightness"),
    "uneven": (
        "its parts differ clearly in brightness",
        "some of its parts are clearly brighter than others",
    ),
    # attributes: colours and contrast in detail
    "tones": ("the colours to be seen include {colours}", "among the colours are {colours}"),
    "one_tone": ("nearly everything has the same tone, {colour}", "almost the only tone is {colour}"),
    "vivid": ("the colours are {vivid}", "the colouring is {vivid}"),
    "contrast": ("light and dark are {contrast}", "the light and dark tones are {contrast}"),
    "lightest": ("the lightest spots are {colour}", "where it is lightest, it is {colour}"),
    "darkest": ("the darkest spots are {colour}", "where it is darkest, it is {colour}"),
    # layout: where
    "brighter": ("the {side} half of the picture is {degree} brighter than the {other} half",),
    "equal": ("the {side} and {other} halves of the picture are about equally bright",),
    "balanced": ("neither left and right nor top and bottom differ clearly in brightness",),
    "sides": ("the {side} half of the picture is mostly {colour}, the {other} half mostly {colour2}",),
    "middle": ("the middle of the picture is clearly {degree} than the border",),
    # objects, where nothing is annotated
    "open": ("{share} of the picture is smooth, without visible structure",),
}

RETOLD: dict[str, tuple[str, ...]] = {
    "palette_one": ("{colour} is the main colour overall",),
    "palette_two": ("the main colours overall are {colours}",),
    "palette_half": ("close to one half of it all is {colour}",),
    "palette_mixed": ("colours are mixed, none of them prevails",),
    "light": ("the view is {light} on the whole",),
    "surface": ("seen at this scale, things look {surface}",),
    "even": ("brightness stays nearly the same across the view",),
    "uneven": ("brightness changes from one part of the view to another",),
    "tones": ("in detail there are tones of {colours}",),
    "one_tone": ("there is hardly any tone but {colour}",),
    "vivid": ("colour is {vivid} here",),
    "contrast": ("between light and dark, tones are {contrast}",),
    "lightest": ("{colour} marks the brightest places",),
    "darkest": ("{colour} marks the deepest tones",),
    "brighter": ("compared with the {other}, the {side} side is {degree} lighter",),
    "equal": ("neither the {other} nor the {side} side stands out as lighter",),
    "balanced": ("no side of the view stands out as lighter",),
    "sides": ("{colour2} prevails in the {other} half while {colour} does so in the {side} one",),
    "middle": ("towards the border it turns {reverse}",),
    "open": ("smooth areas without structure take up {share} of the view",),
}


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement: its kind and the words for its frames, sorted by slot."""

    kind: str
    words: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, kind: str, **words: str) -> Claim:
        return cls(kind, tuple(sorted(words.items())))


def scene_claims(look: Look) -> list[Claim]:
    """Overall character: main colours, brightness, texture, evenness."""
    (first, share), *rest = look.colours
    second, share2 = rest[0] if rest else ("", 0.0)
    if share >= 0.55:
        claims = [Claim.of("palette_one", colour=first)]
    elif share + share2 >= 0.65 and share2 >= 0.2:
        claims = [Claim.of("palette_two", colours=enumerate_([first, second]))]
    elif share >= 0.45:
        claims = [Claim.of("palette_half", colour=first)]
    else:
        claims = [Claim.of("palette_mixed")]
    if look.brightness < 0.3 or look.brightness > 0.6:
        claims.append(Claim.of("light", light="dark" if look.brightness < 0.3 else "bright"))
    if look.texture < 0.02 or look.texture > 0.06:
        claims.append(Claim.of("surface", surface="smooth" if look.texture < 0.02 else "finely structured"))
    if look.unevenness < 0.02 or look.unevenness > 0.07:
        claims.append(Claim.of("even" if look.unevenness < 0.02 else "uneven"))
    return claims


def attribute_claims(look: Look) -> list[Claim]:
    """Colours in detail, vividness, contrast, lightest and darkest spots."""
    tones = [name for name, share in look.tones if share >= 0.08][:4]
    if look.tones[0][1] >= 0.85:
        claims = [Claim.of("one_tone", colour=tones[0])]
    else:
        tones = tones if len(tones) > 1 else [name for name, _ in look.tones[:2]]
        claims = [Claim.of("tones", colours=enumerate_(tones))]
    if look.saturation < 0.08 or look.saturation > 0.25:
        claims.append(Claim.of("vivid", vivid="muted" if look.saturation < 0.08 else "strong"))
    if look.contrast < 0.07 or look.contrast > 0.18:
        claims.append(
            Claim.of("contrast", contrast="close together" if look.contrast < 0.07 else "far apart")
        )
    if look.contrast > 0.1:
        claims += [Claim.of("lightest", colour=look.lightest)] if look.lightest else []
        claims += [Claim.of("darkest", colour=look.darkest)] if look.darkest else []
    return claims


def layout_claims(look: Look) -> list[Claim]:
    """Which side is brighter, which has which colour."""
    claims = []
    for side, other in _SIDES.items():
        names = {"side": side, "other": other}
        (colour, share), (colour2, share2) = look.region_colour[side], look.region_colour[other]
        if _unlike(colour, colour2) and min(share, share2) >= 0.6:
            claims.append(Claim.of("sides", **names, colour=colour, colour2=colour2))
        lead = look.region_brightness[side] - look.region_brightness[other]
        if abs(lead) >= 0.03:
            names = names if lead > 0 else {"side": other, "other": side}
            claims.append(Claim.of("brighter", **names, degree="clearly" if abs(lead) >= 0.1 else "slightly"))
        else:
            claims.append(Claim.of("equal", **names))
    if [claim.kind for claim in claims].count("equal") == 2:
        claims = [claim for claim in claims if claim.kind != "equal"] + [Claim.of("balanced")]
    lead = look.region_brightness["centre"] - look.region_brightness["border"]
    if abs(lead) >= 0.08:
        claims.append(Claim.of("middle", degree="brighter" if lead > 0 else "darker"))
    return claims


def _unlike(colour: str, other: str) -> bool:
    """Whether two colour names are far enough apart to tell two halves of a picture by them."""
    words, others = set(re.split(r"[- ]", colour)), set(re.split(r"[- ]", other))
    return not words & others and not {"beige", "brown"} <= words | others


def open_claims(look: Look) -> list[Claim]:
    """How much of the picture has no visible structure: all that pixels alone can say of what is there."""
    return [Claim.of("open", share=share_words(look.smooth))]


def say(claim: Claim, seed: str) -> str:
    """The claim as a perspective says it."""
    return sentence(choose(SPOKEN[claim.kind], seed, claim.kind).format(**dict(claim.words)))


def retell(claim: Claim) -> str:
    """The claim in an integrated text: other words, and lists the other way round."""
    words = {slot: _reversed(value) if slot == "colours" else value for slot, value in claim.words}
    if claim.kind == "middle":
        words["reverse"] = "darker" if words["degree"] == "brighter" else "brighter"
    return sentence(RETOLD[claim.kind][0].format(**words))


def understand(text: str) -> Claim | None:
    """The claim that `say` made this sentence from; None for a sentence of any other origin."""
    for kind, pattern in _patterns():
        match = pattern.fullmatch(text)
        if match:
            return Claim.of(kind, **{slot: words.lower() for slot, words in match.groupdict().items()})
    return None


def in_brief(claims: Iterable[Claim]) -> list[str]:
    """Main colours and brightness as adjectives, for a short text."""
    words = {claim.kind: dict(claim.words) for claim in claims}
    brief = [f"mainly {words['palette_one']['colour']}"] if "palette_one" in words else []
    brief += [f"mainly {_reversed(words['palette_two']['colours'])}"] if "palette_two" in words else []
    brief += ["of mixed colours"] if "palette_mixed" in words else []
    brief += [f"half of it {words['palette_half']['colour']}"] if "palette_half" in words else []
    return brief + ([words["light"]["light"]] if "light" in words else [])


def _reversed(items: str) -> str:
    return enumerate_(re.split(r", | and ", items)[::-1])


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    return [(kind, _pattern(frame)) for kind, frames in SPOKEN.items() for frame in frames]


def _pattern(frame: str) -> re.Pattern[str]:
    body = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[a-z, -]+)", re.escape(sentence(frame)))
    return re.compile(body, re.IGNORECASE)
