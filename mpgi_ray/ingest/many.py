"""Many sources in one file: what is to be run for each.

```yaml
sources:
  dior: {root: data}                       # the preset of that name, its layout below data
  more: {root: data, preset: dota, share: 0.1}
  mine: {root: data/mine, commands: [mpgi ingest coco a.json --images img]}
```
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import Field

from mpgi_ray.config import Config, parse, read_yaml
from mpgi_ray.data.index import INDEX, read_index
from mpgi_ray.data.rejected import REJECTED
from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.data.tables import read_table
from mpgi_ray.errors import InputError, RecipeError
from mpgi_ray.ingest.source import presets


class Source(Config):
    """One source.

    Attributes:
        root: the folder that the paths of its commands are relative to.
        preset: whose commands are run; by default the one of the source's own name.
        commands: command lines instead of a preset's; what they write to is chosen here.
        share: of its pictures, chosen by a hash of their names.
    """

    root: str
    preset: str | None = None
    commands: tuple[str, ...] = ()
    share: float = Field(default=1.0, gt=0, le=1)


class Sources(Config):
    """What the file holds."""

    sources: dict[str, Source] = Field(min_length=1)


@dataclass(frozen=True)
class Step:
    """One ingest.

    Attributes:
        name: of its folder of shards.
        root: absolute.
        arguments: of `mpgi`, with paths relative to ``root`` and an absolute output.
    """

    name: str
    root: str
    arguments: tuple[str, ...]
    output: str


def steps(path: str, out: str) -> Iterator[Step]:
    """The ingests of a file of sources, in their order.

    Raises:
        RecipeError: the file or a command in it is wrong, or there is no such preset.
        InputError: a root is not there.
    """
    known, taken = presets(), dict[str, str]()
    for name, source in parse(Sources, read_yaml(Path(path)), path).sources.items():
        if not (root := Path(source.root).expanduser().absolute()).is_dir():
            raise InputError(f"{path}: the root of {name}, {root}, is not a folder")
        preset = source.preset or name
        if not source.commands and preset not in known:
            raise RecipeError(
                f"{path}: there is no preset {preset!r}: name one with preset, or give commands"
            )
        commands = source.commands or known[preset].about.commands
        if not commands:
            raise RecipeError(f"{path}: the preset {preset!r} tells no command: give commands")
        for number, command in enumerate(commands):
            step = _step(path, name, str(root), command, out, source, number if len(commands) > 1 else None)
            if step.name in taken:
                raise RecipeError(f"{path}: {name} and {taken[step.name]} would both write {step.output}")
            taken[step.name] = name
            yield step


def _step(
    path: str, name: str, root: str, command: str, out: str, source: Source, number: int | None
) -> Step:
    program, *words = shlex.split(command) or [""]
    if [program, *words[:1]] != ["mpgi", "ingest"] or len(words) < 3:
        raise RecipeError(f"{path}: {name}: expected `mpgi ingest FORMAT …`, found {command!r:.80}")
    called = name
    if "--out" in words:
        place = words.index("--out")
        given = PurePosixPath(words[place + 1]).name if place + 1 < len(words) else ""
        called = given.replace(source.preset or name, name, 1) if number is not None and given else name
        del words[place : place + 2]
    elif number is not None:
        called = f"{name}-{number}"
    output = f"{absolute(out)}/{called}"
    share = ("--share", str(source.share)) if source.share < 1 else ()
    return Step(called, root, (*words, *share, "--out", output), output)


def outcome(output: str) -> tuple[str, str, str]:
    """Samples, rejected rows and shards of an ingest, as text; dashes where it is not finished."""
    storage = Storage(output)
    if not storage.exists(INDEX):
        return "–", "–", "–"
    samples = [row.samples for row in read_index(storage).values()]
    rejected = read_table(storage, REJECTED, ["reason"]).num_rows
    return f"{sum(samples):,}", f"{rejected:,}", f"{len(samples):,}"
