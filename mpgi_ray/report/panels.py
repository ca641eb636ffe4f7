"""Panels of the report on what other jobs found, and the page of one of them alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.shard_list import ShardList
from mpgi_ray.data.shards import ShardFields
from mpgi_ray.report.duplicates import duplicates
from mpgi_ray.report.finished import job_of
from mpgi_ray.report.html import environment, page_at
from mpgi_ray.report.kept import curated
from mpgi_ray.report.leaks import leaks
from mpgi_ray.report.scores import scores

_EXAMPLES = 3  # of each reason or end; fewer if fewer cards are asked for
_ALONE: dict[str, Callable[[str, int], Any]] = {
    "duplicates": duplicates,
    "leaks": leaks,
    "score": lambda folder, cards: scores(folder, min(_EXAMPLES, cards)),
}


def panels_of_run(
    folder: CaptionFolder,
    shards: ShardList,
    cards: int,
    *,
    found: tuple[str | None, str | None, str | None] = (None, None, None),
    final: str | None = None,
) -> dict[str, Any]:
    """The panels beside a caption run, by the names that the page's template has for them; None for others.

    Args:
        folder: the caption run.
        shards: its input, as far as it is there.
        cards: groups and pairs to show.
        found: the folders of `mpgi duplicates`, `mpgi leaks` and `mpgi score`.
        final: folder of final shards.

    Raises:
        InputError: a folder is of another job, or not finished, or cannot be read.
    """
    copies, leaking, scored = found
    fields = ShardFields.model_validate(folder.run_record()["recipe"]["input"]["fields"])
    few = min(_EXAMPLES, cards)

    def find(shard: str) -> str:
        return f"{shards.root.url}/{shards.files[shard]}" if shard in shards.files else ""

    return {
        "duplicates": None if copies is None else duplicates(copies, cards),
        "leaks": None if leaking is None else leaks(leaking, cards),
        "scores": None if scored is None else scores(scored, few, captions=folder, fields=fields, find=find),
        "curated": None if final is None else curated(final, folder, fields, find, few),
    }


def job_alone(folder: str) -> str | None:
    """The job whose folder has a page of its own; None for other folders."""
    return job_of(folder, tuple(_ALONE))


def write_panel(folder: str, output: str, cards: int = 24) -> str:
    """Write a page about the output of `mpgi duplicates`, `mpgi leaks` or `mpgi score`.

    Args:
        cards: groups or pairs to show.

    Returns:
        ``output``.

    Raises:
        InputError: the folder is of another job, or not finished, or cannot be read.
        OutputError: the page cannot be written.
    """
    storage, name = page_at(output)
    job = job_alone(folder) or "duplicates"
    page = {"job": job, "panel": _ALONE[job](folder, cards)}
    storage.publish(name, environment().get_template("panel.html.j2").render(page).encode())
    return output
