"""The card of a data set, ``README.md``: YAML that other programs read, and figures for people.

The YAML is that of Hugging Face's dataset cards; with its ``configs`` their ``datasets`` opens the folder.
All figures are counted on what lies beside the card, or handed over by the jobs that counted them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from mpgi_ray.curate import card_sections as sections
from mpgi_ray.curate.card_facts import CardFacts
from mpgi_ray.curate.counts import Counts
from mpgi_ray.curate.summary import CurateSummary
from mpgi_ray.data.final import CAPTIONS
from mpgi_ray.data.release import UNNAMED, Made

_MARKS = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T")
_OPENED = '```python\nimport datasets\n\ndatasets.load_dataset(FOLDER, split="train")\n```\n\n'
_NAMED = 4  # sources in the title
_LICENCES = {  # the whole of what sources state, to the identifier of the Hub
    "CC0 1.0": "cc0-1.0",
    "CC BY 3.0": "cc-by-3.0",
    "CC BY 4.0": "cc-by-4.0",
    "CC BY-SA 4.0": "cc-by-sa-4.0",
    "CC BY-NC 4.0": "cc-by-nc-4.0",
    "CC BY-NC-SA 3.0": "cc-by-nc-sa-3.0",
    "CC BY-NC-SA 4.0": "cc-by-nc-sa-4.0",
    "MIT": "mit",
}


def final_card(counts: Counts, facts: CardFacts, summary: CurateSummary) -> str:
    """The card of a folder of final shards."""
    title = _title(counts)
    columns = [
        *((suffix, "image") for suffix in sorted(counts.suffixes)),
        ("json", "json"),
        ("txt", "string"),
    ]
    columns += [(name, "string") for name in ("__key__", "__url__")]
    front = _front(title, counts, "shard-*.tar", "webdataset") | {
        # told here, as `datasets` would take the fields of the first samples for those of all
        "dataset_info": {"features": [{"name": name, "dtype": kind} for name, kind in columns]}
    }
    written = sum(counts.texts.values())
    listed = "" if summary.texts == written else f" (those of `{CAPTIONS}` are not listed there)"
    return _written(
        front,
        title,
        f"{counts.samples:,} pictures with {written:,} texts, in {summary.shards:,} WebDataset shards, in a "
        f"global random order (seed {summary.seed}).",
        "Each sample is a picture (8-bit grey or RGB), a `.json` with what its source says of it, its texts "
        "by name and how each was made, and a `.txt` with the main text. `captions.csv` has "
        f"{summary.texts:,} rows{listed}.",
        f"{_OPENED}The one split is all of it: that of a sample stands in its json.",
        sections.sources(counts),
        sections.maps(counts),
        sections.texts(counts, facts.names, summary.telling),
        sections.models(counts, facts),
        sections.chosen(facts, summary.samples_in, summary.dropped),
        sections.scores(facts),
        sections.citation(facts, counts),
    )


def release_card(
    counts: Counts,
    facts: CardFacts,
    made: Made,
    left_out: Sequence[Mapping[str, Any]],
    samples_in: int,
    dropped: Mapping[str, int],
    others: Sequence[str] = (),
) -> str:
    """The card of a captions-only release.

    Args:
        left_out: sources whose texts are not in it: ``source``, ``licence``, ``why``, ``samples``, ``texts``.
        samples_in, dropped: of the curation.
        others: sentences on what else lies in the folder.
    """
    title = _title(counts)
    rows = [[one[key] for key in ("source", "licence", "why", "samples", "texts")] for one in left_out]
    return _written(
        _front(title, counts, "data/captions-*.parquet", "parquet"),
        title,
        f"{sum(counts.texts.values()):,} texts about {counts.samples:,} pictures, as a captions-only "
        "release. A row of `data/` is a text with what identifies its picture (source, name, "
        "window, SHA-256 of the file); `captions.csv` is the same in short.",
        *others,
        f"{_OPENED}The one split is all of it: that of a picture is a column.",
        sections.sources(counts),
        sections.maps(counts),
        sections.section(
            "Sources that are left out",
            "Their licence forbids it, as it is told:" if rows else "",
            sections.table(("source", "licence", "why", "pictures", "texts"), rows),
        ),
        sections.texts(counts, made.names, {}),
        sections.models(counts, facts),
        sections.chosen(facts, samples_in, dropped),
        sections.scores(facts),
        sections.rebuild(made.ingested, counts),
        sections.citation(facts, counts),
    )


def _front(title: str, counts: Counts, files: str, kind: str) -> dict[str, Any]:
    people = counts.texts.get(CAPTIONS, 0)
    written = sum(counts.texts.values()) - people
    told = {licence for _, licence in counts.sources} | {licence for licence, _ in counts.maps}
    one = _LICENCES.get(next(iter(told))) if len(told) == 1 else None
    return {
        "pretty_name": title,
        "license": one or "other",
        **({} if one else {"license_name": "those-of-the-sources", "license_link": "README.md"}),
        "annotations_creators": [
            *(["machine-generated"] if written else []),
            *(["found"] if people else []),
        ],
        "size_categories": [_size(sum(counts.texts.values()) if kind == "parquet" else counts.samples)],
        "task_categories": ["image-to-text"],
        "tags": ["remote-sensing", kind],
        "configs": [{"config_name": "default", "data_files": [{"split": "train", "path": files}]}],
    }


def _title(counts: Counts) -> str:
    """Of what is in it: the name of its folder is of no account elsewhere."""
    names = sorted({source for source, _ in counts.sources} - {UNNAMED})
    shown = f"{', '.join(names[:_NAMED])}{' and others' if len(names) > _NAMED else ''}"
    return f"Captions of {shown or 'remote-sensing pictures'}"


def _size(rows: int) -> str:
    """The category of the Hub for a number of rows."""
    below = next((n for n in range(len(_MARKS)) if rows < 10 ** (n + 3)), len(_MARKS))
    if below == 0:
        return "n<1K"
    return f"n>{_MARKS[-1]}" if below == len(_MARKS) else f"{_MARKS[below - 1]}<n<{_MARKS[below]}"


def _written(front: Mapping[str, Any], title: str, *parts: str) -> str:
    head = yaml.safe_dump(dict(front), sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{head}---\n\n" + "\n\n".join([f"# {title}", *filter(None, parts)]) + "\n"
