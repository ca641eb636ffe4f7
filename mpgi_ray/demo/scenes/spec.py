"""What a generated scene shows, before anything is drawn: the facts that probes and captions tell.

Every other pair (2k, 2k + 1) of scenes with even k is a pair of near-twins, the same in all but one fact;
so a quarter of all scenes is the changed twin of the one before it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from random import Random

from mpgi_ray.demo.scenes.canvas import SIDES
from mpgi_ray.demo.scenes.kinds import KINDS, Kind

_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_WHERE = {
    "left": "on the left side",
    "right": "on the right side",
    "top": "in the upper part",
    "bottom": "in the lower part",
}


@dataclass(frozen=True, slots=True)
class SceneSpec:
    """The facts of one scene.

    Attributes:
        number, seed: the scene's identity; the drawing depends on nothing else.
        kind: the scene class.
        label: the class of the main objects; nothing else in the scene has it.
        count: how many there are.
        colour: of all of them.
        side: of the image (``left``, ``right``, ``top``, ``bottom``): the middles of all main objects lie
            in that half.
        twin_of: the number of the scene that this one repeats in all but one fact.
        differs: the name of that fact: ``label``, ``count``, ``colour`` or ``side``.
    """

    number: int
    seed: int
    kind: str
    label: str
    count: int
    colour: str
    side: str
    twin_of: int | None = None
    differs: str | None = None

    @property
    def key(self) -> str:
        """``parking-lot-000123``."""
        return f"{self.kind.replace(' ', '-')}-{self.number:06d}"

    @property
    def split(self) -> str:
        """``train`` (80 %), ``val`` (4 %) or ``test`` by a hash of seed and pair: twins stay together."""
        digest = hashlib.sha256(f"{self.seed}/{self.number // 2}".encode()).digest()
        share = int.from_bytes(digest[:4]) / 2**32
        return "train" if share < 0.8 else "val" if share < 0.84 else "test"

    @property
    def background(self) -> int:
        """The number of the scene whose layout this one has: its own or its twin's."""
        return self.number if self.twin_of is None else self.twin_of


def spec(number: int, seed: int = 0) -> SceneSpec:
    """The facts of a scene.

    Raises:
        ValueError: a number or seed below 0.
    """
    if number < 0 or seed < 0:
        raise ValueError(f"scene {number} of seed {seed}: expected a number and a seed from 0")
    random = Random(f"spec/{seed}/{number}")
    if number % 4 == 1:
        return _changed(spec(number - 1, seed), number, random)
    kind = _kind(number, seed)
    return SceneSpec(
        number,
        seed,
        kind.name,
        label=random.choice(kind.labels),
        count=random.randint(1, kind.most),
        colour=random.choice(kind.colours),
        side=random.choice(SIDES),
    )


def kind_of(spec: SceneSpec) -> Kind:
    """The kind by its name."""
    return next(kind for kind in KINDS if kind.name == spec.kind)


def caption(spec: SceneSpec) -> str:
    """One true sentence that tells all facts of a scene. Twins share its wording."""
    template = Random(f"words/{spec.seed}/{spec.background}").choice(kind_of(spec).captions)
    plural = "es" if spec.label.endswith("s") else "s"
    things = f"{_NUMBERS[spec.count - 1]} {spec.colour} {spec.label}{plural if spec.count > 1 else ''}"
    text = template.format(things=things, are="are" if spec.count > 1 else "is", where=_WHERE[spec.side])
    return text[0].upper() + text[1:]


def _kind(number: int, seed: int) -> Kind:
    # every 15 scenes that are not twins show each kind once, in an order of their own
    block, place = divmod(number - (number + 2) // 4, len(KINDS))
    return Random(f"kinds/{seed}/{block}").sample(KINDS, len(KINDS))[place]


def _changed(twin: SceneSpec, number: int, random: Random) -> SceneSpec:
    kind = kind_of(twin)
    changes = {
        "label": [replace(twin, label=label) for label in kind.labels if label != twin.label],
        "count": [replace(twin, count=twin.count + n) for n in (-1, 1) if 1 <= twin.count + n <= kind.most],
        "colour": [replace(twin, colour=colour) for colour in kind.colours if colour != twin.colour],
        "side": [replace(twin, side=side) for side in SIDES if side != twin.side],
    }
    fact = random.choice([fact for fact, changed in changes.items() if changed])
    return replace(random.choice(changes[fact]), number=number, twin_of=twin.number, differs=fact)
