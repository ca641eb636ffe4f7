"""A training run, a model, an evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from mpgi_ray.cli.looking.asked import Asked, Look
from mpgi_ray.data.caption_folder import METRICS
from mpgi_ray.data.storage import Storage, split_url
from mpgi_ray.models.model_folder import (
    CONFIG,
    RUN,
    SAFE_WEIGHTS,
    WEIGHTS,
    is_whole,
    read_log,
    seen_by,
)
from mpgi_ray.report.evaluation import print_evaluation

if TYPE_CHECKING:
    from rich.console import Console


def _run(asked: Asked) -> dict[str, Any]:
    storage, log = Storage(asked.path), read_log(asked.path)
    told = storage.read_json(RUN)
    return {
        "name": told.get("name"),
        "recipe": told.get("recipe", {}),
        "samples_left_out": told.get("left_out"),
        "finished": is_whole(storage),
        "last_step": log[-1] if log else None,
        **_seen(asked.path),
    }


def _show_run(asked: Asked, console: Console) -> None:
    told = _run(asked)
    recipe, last = told["recipe"], told["last_step"]
    of = {name: recipe.get(name) for name in ("model", "shards", "batch", "epochs", "steps")}
    known = ", ".join(f"{name} {value}" for name, value in of.items() if value is not None)
    console.print(Text(f"{told['name']}: {known}"))
    if last:
        console.print(Text(f"step {last['step']:,}: loss {last['loss']:.4g}"))
    state = "The model is there." if told["finished"] else "It is not finished: the same command goes on."
    console.print(state)
    _show_seen(told, console)


def _model(asked: Asked) -> dict[str, Any]:
    storage = Storage(asked.path)
    weights = next(name for name in (WEIGHTS, SAFE_WEIGHTS) if storage.exists(name))
    config = storage.read_json(CONFIG)
    size = storage.size(weights)
    return {"weights": weights, "bytes": size, "config": config, **_seen(asked.path)}


def _show_model(asked: Asked, console: Console) -> None:
    told = _model(asked)
    console.print(Text(f"{told['weights']}: {told['bytes']:,} bytes"))
    _show_seen(told, console)


def _seen(path: str) -> dict[str, Any]:
    seen = seen_by(path)
    if seen is None:
        return {"samples_seen": None, "sources_seen": None}
    return {"samples_seen": len(seen.samples), "sources_seen": [name for name in seen.sources if name]}


def _show_seen(told: dict[str, Any], console: Console) -> None:
    if told["samples_seen"] is None:
        console.print("The folder does not say what the model was trained on.")
        return
    of = f" of {', '.join(told['sources_seen'])}" if told["sources_seen"] else ""
    console.print(Text(f"Trained on {told['samples_seen']:,} samples{of}."))


def _metrics(asked: Asked) -> dict[str, Any]:
    path = asked.path if asked.path.endswith(".json") else f"{asked.path.rstrip('/')}/{METRICS}"
    storage, name = split_url(path)
    return storage.read_json(name)


def _show_metrics(asked: Asked, console: Console) -> None:
    print_evaluation(_metrics(asked), console)


TRAINING = Look(_show_run, _run)
MODEL = Look(_show_model, _model)
EVALUATION = Look(_show_metrics, _metrics)
