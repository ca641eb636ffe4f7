"""The pages that are made of the program itself, so that they tell what it is and not what it was."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import docstrings
import settings
from pydantic import BaseModel
from typer.testing import CliRunner

import mpgi_ray
from mpgi_ray import prompts
from mpgi_ray.cli.main import app
from mpgi_ray.config import shipped
from mpgi_ray.ingest.source import SourceConfig, presets


def recipe() -> str:
    """Every setting of a caption run, and the recipes that are shipped."""
    files = (
        f"### {name}\n\n```yaml\n{file.read_text(encoding='utf-8')}```\n"
        for name, file in shipped("mpgi_ray.recipes").items()
    )
    return f"""# Recipe

Every setting of `mpgi caption` and `mpgi plan`, as it stands in a YAML file. `--set a.b=c` sets one on the
command line; a setting without a default must be given. A wrong key is answered with the nearest right one.

{settings.sections(mpgi_ray.Recipe)}

## The shipped recipes

{chr(10).join(files)}"""


def job_settings() -> str:
    """Every setting of the other jobs."""
    there = {model.__name__: "recipe.md" for model in settings.reach(mpgi_ray.Recipe)}
    jobs = (
        *(mpgi_ray.Curation, mpgi_ray.Duplicates, mpgi_ray.Leaks, mpgi_ray.Scores, mpgi_ray.ReleaseConfig),
        *(mpgi_ray.TrainConfig, mpgi_ray.EvaluateConfig, mpgi_ray.SuiteConfig, SourceConfig),
    )
    return f"""# Settings of other jobs

What the jobs take [from Python](api.md); commands have an option for each, and `mpgi train` has `--set
a.b=c`. `SourceConfig` has the keys of the file that `mpgi ingest --source FILE` reads. The settings of a
caption run are on the page [recipe](recipe.md).

{settings.sections(*jobs, elsewhere=there)}
"""


def prompt_files() -> str:
    """Every prompt, as it is shipped."""
    folder = shipped_prompts()
    names = sorted(folder, key=lambda name: (name.startswith("_"), name))
    named = {name: f"`prompt_hash` {prompts.load(name).hash}\n\n" for name in prompts.shipped()}
    told = (f"## {name}\n\n{named.get(name, '')}```jinja\n{folder[name]}```\n" for name in names)
    return f"""# Every prompt

What a model is asked, word for word: the files of `mpgi_ray/prompts`. The settings at the top say how many
words an answer may have; the [page on perspectives](add-a-perspective.md) tells how to write one. Names
that begin with `_` are blocks that prompts share: the system texts, the facts of a picture, the texts that
are merged, and what a model is told when its answer could not be used. `mpgi plan` prints the prompts of
some of your samples with everything filled in.

`prompt_hash` is what records name: a hash of the file and of all shared blocks.

{chr(10).join(told)}"""


def shipped_prompts() -> dict[str, str]:
    """The text of each prompt file, by its name."""
    files = Path(prompts.__file__).parent.glob("*.j2")
    return {file.stem: file.read_text(encoding="utf-8") for file in sorted(files)}


def sources() -> str:
    """The data sets that presets are shipped for, as ``mpgi sources NAME`` tells of each."""
    rows, told = [], []
    for name, source in presets().items():
        about = source.about
        classes = " + ".join(str(len(some)) for some in (about.scenes, source.vocabulary) if some)
        cells = (f"[{name}](#{name})", about.kind or "", about.reader or "", classes, source.licence or "")
        rows.append(f"| {' | '.join(cells)} |")
        told.append(f"## {name}\n\n```text\n{_printed('sources', name)}```\n")
    return f"""# Sources

{len(rows)} data sets whose classes, layout and terms of use are known. `mpgi sources` lists them, `mpgi
sources NAME` prints what stands here, and `mpgi ingest FORMAT … --source NAME` uses it. None of them is
shipped, and none is downloaded. A source of your own is [a file of the same
keys](settings.md#sourceconfig); [what is read](shards.md) says more.

| source | made for | reader | classes | licence |
| --- | --- | --- | --- | --- |
{chr(10).join(rows)}

{chr(10).join(told)}"""


def _printed(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    if result.exit_code:
        raise SystemExit(f"mpgi {' '.join(arguments)} ended with {result.exit_code}: {result.output}")
    return result.output


def reference() -> str:
    """The public names of the package with their docstrings."""
    return "# Public names\n\n[From Python](api.md) tells how they are used.\n\n" + "\n\n".join(
        _name(name) for name in mpgi_ray.__all__
    )


def _name(name: str) -> str:
    thing = getattr(mpgi_ray, name)
    doc = docstrings.read(thing)
    lines = [f"## {name}", f"`from mpgi_ray import {name}`"]
    if inspect.isfunction(thing):
        lines.append(f"```python\n{name}{_signature(thing)}\n```")
    lines.append(doc.text)
    for title, entries in doc.sections.items():
        listed = (f"- `{names}`: {text}" if names else f"- {text}" for names, text in entries)
        lines.append(f"**{title}**\n\n" + "\n".join(listed))
    if inspect.isclass(thing) and not issubclass(thing, BaseModel):  # of settings, fields are all
        lines += (_method(method, what) for method, what in vars(thing).items() if _is_told(method, what))
    return "\n\n".join(line for line in lines if line)


def _is_told(name: str, what: object) -> bool:
    function = what.__func__ if isinstance(what, classmethod) else what
    return not name.startswith("_") and inspect.isfunction(function)


def _method(name: str, what: object) -> str:
    function = what.__func__ if isinstance(what, classmethod) else what
    told = docstrings.read(function).text.replace("\n", " ")
    return f"```python\n.{name}{_signature(function)}\n```" + f"\n\n{told}" * bool(told)


def _signature(function: object) -> str:
    """With a line for each argument, where there are several."""
    signature = inspect.signature(function)  # type: ignore[arg-type]
    own = [p for p in signature.parameters.values() if p.name not in ("self", "cls")]
    text = str(signature.replace(parameters=own)).replace("'", "")
    return text if len(text) < 80 else re.sub(r"(?<=[(,]) ?(?=[\w*]+(?::|,|=))", "\n    ", text)


PAGES = {
    "recipe.md": recipe,
    "settings.md": job_settings,
    "prompts.md": prompt_files,
    "sources.md": sources,
    "reference.md": reference,
}
