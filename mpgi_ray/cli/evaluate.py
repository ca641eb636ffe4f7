"""The subcommand of ``mpgi`` that compares models."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer

from mpgi_ray.cli.announce import announce
from mpgi_ray.cli.asked import ask
from mpgi_ray.cli.options import Grace, Takeover
from mpgi_ray.errors import RecipeError
from mpgi_ray.evaluate.protocol import Protocol
from mpgi_ray.runtime.stopping import GRACE


class Decoding(StrEnum):
    """How captions are written; `mpgi_ray.models.decoding` has the defaults of their settings."""

    GREEDY = "greedy"
    BEAM = "beam"
    NUCLEUS = "nucleus"


def evaluate(
    shards: Annotated[
        str, typer.Argument(help="Folder of final shards; with --suite, of a folder for each set.")
    ],
    out: Annotated[str, typer.Option(help="Folder for metrics.json, or with --engine for answers.")],
    models: Annotated[
        list[str] | None,
        typer.Option("--model", help="Folder of `mpgi train`, or NAME@FILE; several are compared."),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Ask an engine instead: a YAML file with its settings."),
    ] = None,
    questions: Annotated[
        str | None, typer.Option(help="With --engine: folder of `mpgi instruct` with the questions.")
    ] = None,
    blind: Annotated[
        bool, typer.Option("--blind", help="With --engine: ask it without the pictures.")
    ] = False,
    split: Annotated[str | None, typer.Option(help="Evaluate on this split only.")] = None,
    texts: Annotated[
        list[str] | None,
        typer.Option("--text", help="What retrieval asks for: a perspective, or captions (the source's)."),
    ] = None,
    protocols: Annotated[
        list[Protocol] | None,
        typer.Option(
            "--protocol",
            help="Protocol of retrieval, a by default; several have a table each, and cannot be compared.",
        ),
    ] = None,
    decoding: Annotated[Decoding, typer.Option(help="How models that can write captions do so.")] = (
        Decoding.GREEDY
    ),
    width: Annotated[
        int | None, typer.Option(help="With beam: how many captions grow side by side; 4 by default.")
    ] = None,
    temperature: Annotated[
        float | None, typer.Option(help="With nucleus: below 1, likely words are drawn more often.")
    ] = None,
    top_p: Annotated[
        float | None,
        typer.Option(help="With nucleus: the share that the drawn words come from; 0.9 by default."),
    ] = None,
    leaks: Annotated[
        str | None,
        typer.Option(
            help="Output of `mpgi leaks`, training pictures against these: what leaks is not zero-shot."
        ),
    ] = None,
    localize: Annotated[
        str | None, typer.Option(help="Folder of AIR-SLT: also measure semantic localization on it.")
    ] = None,
    segment: Annotated[
        str | None,
        typer.Option(
            help="A manifest with masks, or a folder of images and masks: also measure segmentation on it."
        ),
    ] = None,
    segment_source: Annotated[
        str | None, typer.Option(help="With --segment: the preset or file that lists the masks' values.")
    ] = None,
    probe_split: Annotated[
        str | None,
        typer.Option(help="Also probe the image tower, without texts, by the classes of this other split."),
    ] = None,
    suite: Annotated[
        str | None,
        typer.Option(
            help="SHARDS holds a folder for each test set: rs, the sets of the field, beside published "
            "figures, or a YAML file."
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Seed of the fact probes, fresh weights and nucleus decoding.")
    ] = 0,
    takeover: Takeover = False,
    grace: Grace = GRACE,
) -> None:
    """Compare models in tables of retrieval, classes by name, fact probes, captions and localization.

    Classes are called zero-shot only where a model says what it was trained on, and that was something else.
    With --engine, a multimodal model is asked the questions of `mpgi instruct`; a stopped run goes on.
    """
    decided: dict[str, Any] = {"--text": texts, "--protocol": protocols, "--localize": localize}
    decided |= {"--segment": segment, "--segment-source": segment_source, "--probe-split": probe_split}
    if engine is not None or questions is not None or blind:
        beside = decided | {"--model": models, "--suite": suite, "--leaks": leaks}
        ask(engine, questions, shards, out, split, blind, beside, takeover=takeover, grace=grace)
        return
    if not models:
        raise RecipeError("neither --model nor --engine: name a model to measure, or an engine to ask")
    from rich.console import Console

    from mpgi_ray.config import parse
    from mpgi_ray.evaluate.config import EvaluateConfig, choose_decoding
    from mpgi_ray.evaluate.job import evaluate as run
    from mpgi_ray.evaluate.suite import Suite
    from mpgi_ray.evaluate.suite_job import SuiteConfig, evaluate_suite
    from mpgi_ray.ingest.masked import Masked
    from mpgi_ray.ingest.related import related_sources
    from mpgi_ray.report.evaluation import print_evaluation

    if suite is not None:
        _refuse_beside_a_suite(suite, {"--split": split, **decided})
        announce("evaluate", suite=suite, sets=str(Suite.load(suite).find(shards)))
    given = {"width": width, "temperature": temperature, "top_p": top_p}
    settings = {name: value for name, value in given.items() if value is not None}
    if decoding is Decoding.NUCLEUS:
        settings["seed"] = seed
    values: dict[str, Any] = {"models": models, "output": out, "seed": seed}
    values |= {"leaks": leaks, "related": related_sources()}
    values["decoding"] = choose_decoding(decoding.value, settings)
    if suite is not None:
        values |= {"folder": shards, "suite": suite}
        several = evaluate_suite(parse(SuiteConfig, values, "mpgi evaluate"), takeover=takeover)
        print_evaluation(several.record(), Console())
        return
    values |= {"shards": shards, "split": split, "texts": texts or ["short"], "localize": localize}
    values |= {"protocol": protocols or Protocol.A, "probe_split": probe_split}
    masks = None if segment is None else Masked.of(segment, segment_source)
    found = run(parse(EvaluateConfig, values, "mpgi evaluate"), masks=masks, takeover=takeover)
    print_evaluation(found.record(), Console())


def _refuse_beside_a_suite(suite: str, decided: Mapping[str, Any]) -> None:
    if given := [option for option, value in decided.items() if value]:
        raise RecipeError(
            f"--suite {suite} and {', '.join(given)}: the suite says what is asked of each set; leave "
            f"{'it' if len(given) == 1 else 'them'} out, or evaluate one set without --suite"
        )
