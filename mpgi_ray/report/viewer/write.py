"""Writing the folder of the viewer: the report, the page of samples, and its data in pieces."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Unpack

from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.shards import ShardFields
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import RecipeError
from mpgi_ray.report.page import Panels, render_report, run_input
from mpgi_ray.report.spread import ordered_by
from mpgi_ray.report.viewer.against import Other
from mpgi_ray.report.viewer.columns import Columns, row_of
from mpgi_ray.report.viewer.draw import Draw, draw
from mpgi_ray.report.viewer.folder import PAGE, begin, finish, require_ours
from mpgi_ray.report.viewer.known import Fates, Scored
from mpgi_ray.report.viewer.pieces import SIZES, Pieces, rows_of

SAMPLES = 1000


def write_viewer(
    captions: str,
    output: str,
    *,
    samples: int = SAMPLES,
    against: str | None = None,
    cards: int = 24,
    seed: int = 0,
    **panels: Unpack[Panels],
) -> str:
    """Write the report of a caption run as a folder, with a page to look through many of its samples.

    One shard, and its texts, are in memory at a time; of ``texts.parquet`` and ``dropped.parquet`` of a
    curation the places and reasons are held.

    Args:
        captions: a caption folder.
        output: the folder, local or an fsspec URL: a new or empty one, or one that this wrote before.
        samples: how many it shows at most, drawn evenly from all sources and shards.
        against: another run's caption folder, to be shown beside this one; samples that both have are drawn.
        cards, seed, panels: of the report, see `mpgi_ray.report.page.render_report`. ``scores`` and
            ``curated`` are filters, too.

    Returns:
        What was written, in one line.

    Raises:
        InputError: as `render_report`, or ``against`` is no caption folder.
        OutputError: the folder holds files of others, or cannot be written.
        RecipeError: ``samples`` or ``cards`` is negative.
    """
    if samples < 0:
        raise RecipeError(f"samples={samples}: expected 0 or more")
    storage = Storage(output)
    require_ours(storage)
    folder = CaptionFolder(captions)
    folder.run_record()
    chosen = draw(folder, samples, Other(against) if against else None, seed)
    beside = {"page": PAGE, "drawn": chosen.drawn, "total": chosen.total}
    page = render_report(captions, cards=cards, seed=seed, viewer=beside, **panels)
    begin(storage, {"captions": folder.storage.url, "against": against})
    index = _write_samples(storage, chosen, panels.get("scores"), panels.get("curated"))
    finish(storage, _about(chosen) | index, page)
    return f"{storage.path('index.html')}: {chosen.drawn:,} of {chosen.total:,} samples"


def _write_samples(storage: Storage, chosen: Draw, scores: str | None, final: str | None) -> dict[str, Any]:
    """Write pieces and pictures, a shard at a time; the columns of the index."""
    known: list[Scored | Fates] = []
    if scores is not None:
        known.append(Scored(scores))
    if final is not None:
        known.append(Fates(final))
    shards, missing = run_input(chosen.folder)
    chosen.troubles += missing
    fields = ShardFields.model_validate(chosen.folder.run_record()["recipe"]["input"]["fields"])
    columns, pieces, order = Columns(), Pieces(storage, SIZES), []
    for shard, entries in chosen.entries(shards, fields):
        for one in known:
            one.add_to(entries, shard)
        for entry in entries:
            if entry.picture:
                storage.publish(f"pictures/{columns.samples}.jpg", entry.picture)
            order.append(ordered_by(chosen.seed, entry.sample_id or f"{shard}/{entry.index}"))
            split = (entry.note.split or "") if entry.note else ""
            columns.add(entry, split, map(row_of, entry.texts))
            pieces.add(rows_of(entry))
    pieces.close()
    return columns.record() | {"order": sorted(range(len(order)), key=order.__getitem__)}


def _about(chosen: Draw) -> dict[str, Any]:
    """The runs, what was drawn of them, and their prompts."""
    runs = [chosen.folder, *([chosen.other.folder] if chosen.other else [])]
    prompts = [(told["hash"], name, told.get("text", "")) for run in runs for name, told in _prompts(run)]
    return {
        "words": ["sample", "text"],
        "runs": [_run(run) for run in runs],
        "total": chosen.total,
        "alone": [chosen.alone, chosen.others_alone],
        "troubles": chosen.troubles,
        "prompts": list(dict.fromkeys(prompts)),
        "sizes": SIZES,
    }


def _prompts(run: CaptionFolder) -> list[tuple[str, Mapping[str, Any]]]:
    return list(run.run_record()["prompts"].items())


def _run(run: CaptionFolder) -> dict[str, str]:
    told = json.dumps(run.run_record()["identity"], sort_keys=True)
    name = "/".join(run.storage.path("").split("/")[-2:])
    return {"name": name, "id": hashlib.sha256(told.encode()).hexdigest()[:12]}
