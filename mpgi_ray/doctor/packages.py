"""Whether the packages that this one names are installed, in versions that it takes."""

from __future__ import annotations

import platform
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, metadata, requires, version

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from mpgi_ray.doctor.finding import Finding, State

_NAME = "mpgi-ray"
_NOT_FOR_USERS = ("dev",)


def packages() -> Iterator[Finding]:
    """Python, this package, what it always needs, and each of its extras."""
    about = metadata(_NAME)
    takes = SpecifierSet(about["Requires-Python"])
    fits = platform.python_version() in takes
    told = f"{platform.python_version()}, expected {takes}"
    yield Finding("Python", State.OK if fits else State.WRONG, told, "" if fits else "use such a Python")
    yield Finding(_NAME, State.OK, about["Version"])
    extras = about.get_all("Provides-Extra") or []
    for extra, needed in requirements(requires(_NAME) or [], extras).items():
        if extra not in _NOT_FOR_USERS:
            yield of_extra(extra, needed)


def requirements(lines: Iterable[str], extras: Iterable[str]) -> dict[str, list[Requirement]]:
    """What each extra brings on this machine; under an empty name what is always needed."""
    found: dict[str, list[Requirement]] = defaultdict(list)
    for one in map(Requirement, lines):
        if one.marker is None or one.marker.evaluate({"extra": ""}):
            found[""].append(one)
            continue
        for extra in extras:
            if one.marker.evaluate({"extra": extra}):
                found[extra].append(one)
    return found


def of_extra(extra: str, needed: Iterable[Requirement]) -> Finding:
    """Whether all packages of an extra are there; of an extra that is absent as a whole nothing is wrong."""
    there: list[str] = []
    gone: list[str] = []
    other: list[str] = []
    for one in needed:
        try:
            has = version(one.name)
        except PackageNotFoundError:
            gone.append(one.name)
            continue
        if one.specifier.contains(has, prereleases=True):
            there.append(f"{one.name} {has}")
        else:
            other.append(f"{one.name} {has} (expected {one.specifier})")
    name = f"{_NAME}[{extra}]" if extra else _NAME
    about, fix = f"extra {extra}" if extra else "packages", f"pip install '{name}'"
    if other:
        return Finding(about, State.WRONG, ", ".join(other), fix)
    if gone:
        state = State.ABSENT if extra else State.WRONG
        return Finding(about, state, f"{', '.join(gone)}: not installed", fix)
    return Finding(about, State.OK, ", ".join(there))
