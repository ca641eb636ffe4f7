"""The sections of a card, each from what was counted or handed over; one without anything known is empty."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from mpgi_ray.curate.card_facts import PROMPTS, CardFacts
from mpgi_ray.curate.counts import Counts, lengths_in_words
from mpgi_ray.curate.telling import TextTelling
from mpgi_ray.data.clip_tokens import CONTEXT
from mpgi_ray.data.final import CAPTIONS
from mpgi_ray.data.release import UNNAMED, Ingested

NOT_STATED = "not stated"
_PAPER = "MpGI, [arXiv 2507.16716](https://arxiv.org/abs/2507.16716)"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown; numbers have thousands marked. Without rows it is empty."""
    rows = list(rows)
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def section(title: str, *parts: str) -> str:
    """A section of its parts; empty if all of them are."""
    told = [part for part in parts if part]
    return "\n\n".join([f"## {title}", *told]) if told else ""


def sources(counts: Counts) -> str:
    rows = [
        (source, licence or NOT_STATED, samples, texts)
        for (source, licence), (samples, texts) in sorted(counts.sources.items())
    ]
    splits = {name or "none": number for name, number in sorted(counts.splits.items())}
    return section(
        "Sources",
        "The licence of each source is told as its samples state it. It holds for the pictures and for what "
        f"people wrote (the texts `{CAPTIONS}`).",
        table(("source", "licence", "pictures", "texts"), rows),
        f"Pictures by split: {_numbers(splits)}.",
    )


def maps(counts: Counts) -> str:
    """Which maps facts were taken from, under which licence, and of how many pictures the place is known."""
    rows = [
        (licence or NOT_STATED, day or NOT_STATED, n) for (licence, day), n in sorted(counts.maps.items())
    ]
    taken = (
        "Facts of these pictures were taken from a map. Its licence holds beside that of the pictures: ODbL "
        "asks whoever publishes what was made of the map to name it."
    )
    placed = (
        f"Of {counts.placed:,} pictures it is known where they lie: the `.json` of a final sample has "
        "`bounds` (west, south, east and north in degrees), and under `map` the ids of what shows."
    )
    return section(
        "Maps",
        taken if rows else "",
        table(("licence of the map", "date of the extract", "pictures"), rows),
        placed if counts.placed else "",
    )


def texts(counts: Counts, names: Sequence[str], telling: Mapping[str, TextTelling]) -> str:
    """Their lengths.

    Args:
        telling: of a curation; without it, tokens stand in the counts, if they were counted.
    """
    rows = []
    for name in _in_order(counts.texts, names):
        told = telling.get(name)
        tokens: tuple[str, ...] = ("", "", "", "")
        if told is not None and told.tokens is not None:
            mean, p95, largest, cut = (told.tokens[key] for key in ("mean", "p95", "largest", "cut"))
            tokens = f"{mean:.1f}", f"{p95:,.0f}", f"{largest:,.0f}", f"{cut:.1%}"
        elif lengths := counts.tokens.get(name):
            cut = sum(number for length, number in lengths.items() if length > CONTEXT) / lengths.total()
            tokens = *lengths_in_words(lengths), f"{cut:.1%}"
        own = f"{told.own:.1%}" if told else ""
        rows.append((name, counts.texts[name], *lengths_in_words(counts.words[name]), *tokens, own))
    head = (
        *("text", "number", "words, mean", "95 %", "longest", "tokens of CLIP, mean", "95 %", "longest"),
        *(f"more than {CONTEXT}", "no other picture has it"),
    )
    kept = [n for n in range(len(head)) if any(row[n] != "" for row in rows)]
    return section(
        "Texts", table([head[n] for n in kept], [[row[n] for n in kept] for row in rows]), _scores(counts)
    )


def models(counts: Counts, facts: CardFacts) -> str:
    """Who wrote the texts, and with which prompts."""
    written = {key: number for key, number in counts.authors.items() if key[1]}
    rows = [(*key[:2], key[2], key[3], number) for key, number in sorted(written.items())]
    prompts = [
        (name, prompt.hash, prompt.shown, f"[{name}.j2]({PROMPTS}/{name}.j2)")
        for name, prompt in facts.prompts.items()
    ]
    hashes = (
        "The hash is of the file and of the shared blocks beside it: the first 16 hex digits of the SHA-256 "
        f"of all of them, joined by a NUL ({', '.join(facts.blocks)})."
    )
    versions = f"Versions: {', '.join(f'{name} {told}' for name, told in facts.versions.items())}."
    return section(
        "Models and prompts",
        table(("text", "model", "revision", "hash of the prompt", "texts"), rows),
        table(("prompt", "hash", "shown to the model", "file"), prompts),
        hashes if prompts else "",
        versions if facts.versions else "",
    )


def chosen(facts: CardFacts, samples_in: int, dropped: Mapping[str, int]) -> str:
    """What was left out on the way, and what found it."""
    asked = [
        f"Of what models were asked for, {status}: {_numbers(reasons)}."
        for status, reasons in sorted(facts.not_ok.items())
    ]
    lines = []
    for number, settings in enumerate(facts.filters, 1):
        told = {key: value for key, value in settings.items() if key not in ("name", "found")}
        found = settings.get("found")
        parts = [f"`{settings['name']}`", *([json.dumps(told, ensure_ascii=False)] if told else [])]
        lines.append(f"{number}. {' '.join(parts)}{f': {_found(found)}' if found else ''}")
    return section(
        "What was left out",
        f"The curation took {samples_in:,} pictures in; dropped: {_numbers(dropped) or 'none'}.",
        *asked,
        "Filters, in their order, with the figures of the job that they read:" if lines else "",
        "\n".join(lines),
        "Rules about texts, in their order:" if facts.rules else "",
        table(("rule", "texts seen", "dropped", "pictures that lost their last text"), _rules(facts)),
    )


def scores(facts: CardFacts) -> str:
    """Of the texts that rules kept and dropped."""
    rows = [
        (
            one["score"],
            one["scorer"],
            one["kept"],
            *(_mean(one[key]) for key in ("mean_kept", "mean_dropped")),
        )
        for one in facts.scores
    ]
    head = ("score", "scorer, model and revision", "texts kept", "their mean", "mean of those dropped")
    return section("Scores of the texts", table(head, rows))


def rebuild(ingested: Sequence[Ingested], counts: Counts) -> str:
    """The commands that make final shards of the release and of the originals."""
    how: dict[str, list[Ingested]] = defaultdict(list)
    for one in ingested:
        how[one.source].append(one)
    there = counts.source_names
    parts = [one for source in there for one in how.get(source) or [Ingested(source=source, format="FORMAT")]]
    lines = []
    for number, one in enumerate(parts, 1):
        name = "" if one.source == UNNAMED else " --source PRESET"
        options = f" {one.options}" if one.options else ""
        lines.append(
            f"mpgi ingest {one.format} ROOT{name}{options} --join . --out shards/{number}  # {one.source}"
        )
    folders = " ".join(f"--shards shards/{number}" for number in range(1, len(parts) + 1))
    return section(
        "Rebuild it from the originals",
        "Whoever has the sources' pictures makes the same shards of them, here with ROOT for the folder "
        "of a source, PRESET for the source's preset and this folder as `.`:",
        "\n".join(["```bash", *lines, f"mpgi curate . {folders} --out final", "```"]),
        "Pictures are known by the SHA-256 of their files. What is missing is listed in `missing.parquet`.",
    )


def citation(facts: CardFacts, counts: Counts) -> str:
    """The paper of the method and those of the sources."""
    there = {source for source, _ in counts.sources}
    lines = [f"- {source}: {paper}" for source, paper in sorted(facts.citations.items()) if source in there]
    without = sorted(there - facts.citations.keys() - {UNNAMED})
    return section(
        "Citation",
        "\n".join([f"- The method: {_PAPER}", *lines]),
        f"No citation is known here for {', '.join(without)}." if without else "",
    )


def _rules(facts: CardFacts) -> list[tuple[object, ...]]:
    numbers = ("seen", "dropped", "pictures")
    return [
        (f"`{json.dumps(one['rule'], ensure_ascii=False)}`", *(one[n] for n in numbers))
        for one in facts.rules
    ]


def _mean(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _scores(counts: Counts) -> str:
    rows = [
        (name, score, n, f"{total / n:.3f}") for (name, score), (n, total) in sorted(counts.scores.items())
    ]
    return table(("text", "measured while it was made", "texts", "mean"), rows)


def _in_order(there: Mapping[str, int], names: Sequence[str]) -> list[str]:
    return [name for name in dict.fromkeys((*names, *sorted(there))) if name in there]


def _found(figures: Mapping[str, object]) -> str:
    parts = [
        f"{key.replace('_', ' ')} ({_numbers(value)})"
        if isinstance(value, Mapping)
        else f"{key.replace('_', ' ')} {value:,}"
        for key, value in figures.items()
        if value != {}
    ]
    return ", ".join(parts)


def _numbers(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {number:,}" for name, number in counted.items())


def _cell(value: object) -> str:
    told = f"{value:,}" if isinstance(value, int) else str(value)
    return " ".join(told.replace("|", "\\|").split())
