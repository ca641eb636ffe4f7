"""Evaluate a checkpoint on final shards: embed the test samples, score retrieval, write ``metrics.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError
from mpgi_ray.evaluate.bars import chance, class_oracle
from mpgi_ray.evaluate.embed import embed_images, embed_texts
from mpgi_ray.evaluate.retrieval import retrieval, retrieval_merged
from mpgi_ray.train.checkpoint import load
from mpgi_ray.train.records import Record, list_shards, read_records

CAPTIONS = "captions"  # the texts people wrote for the image in the source
METRICS = "metrics.json"


def evaluate(
    checkpoint: Path | str,
    shards: Path | str,
    output: Path | str,
    *,
    split: str | None = None,
    text: str = "short",
) -> dict[str, Any]:
    """Retrieval figures of a checkpoint on final shards, also written to ``output/metrics.json``.

    Texts are embedded as protocol A does it: first letter upper case, the rest lower.

    Args:
        split: only samples of this split; None takes all.
        text: a perspective, or ``captions`` for the source's own (all of each image).

    Returns:
        What was evaluated, how many samples had no such text, and ``rows``: figures by the row's name.

    Raises:
        InputError: no checkpoint, no shards, or no sample with such a text.
        OutputError: the metrics cannot be written.
    """
    model, preprocess, tokenize = load(checkpoint)
    files = list_shards(shards)
    found = [record for record in read_records(files, pictures=False) if record.in_split(split)]
    usable = [record for record in found if texts_of(record, text)]
    if not usable:
        raise InputError(
            f"nothing to evaluate in {shards}: {len(found)} samples of split {split!r}, none has a {text!r}"
        )
    pictures = (r for r in read_records(files) if r.in_split(split) and texts_of(r, text))
    image_of_text = [i for i, record in enumerate(usable) for _ in texts_of(record, text)]
    texts = [sentence.capitalize() for record in usable for sentence in texts_of(record, text)]
    images = embed_images(model, preprocess, pictures)
    features = embed_texts(model, tokenize, texts)
    rows = {
        "model": retrieval(images, features, image_of_text),
        "model, equal texts merged": retrieval_merged(images, features, image_of_text, texts),
        "chance": chance(len(usable), image_of_text),
    }
    scenes = [" / ".join(record.annotation.get("scene", ())) for record in usable]
    if all(scenes):
        rows["class oracle"] = class_oracle(scenes, image_of_text)
    metrics = {
        "checkpoint": str(checkpoint),
        "shards": str(shards),
        "split": split,
        "text": text,
        "images": len(usable),
        "texts": len(texts),
        "without_text": len(found) - len(usable),
        "rows": {name: row.row() for name, row in rows.items()},
    }
    Storage(str(output)).publish(METRICS, json.dumps(metrics, indent=2).encode())
    return metrics


def texts_of(record: Record, text: str) -> Sequence[str]:
    """The texts of a sample under a perspective's name, or its source's captions; empty if it has none."""
    if text == CAPTIONS:
        return tuple(caption for caption in record.annotation.get(CAPTIONS, ()) if caption.strip())
    return (record.texts[text],) if record.texts.get(text) else ()


def table(metrics: Mapping[str, Any]) -> str:
    """The rows of `evaluate` for a terminal."""
    names = list(metrics["rows"]["model"])
    lines = [f"{'':26}" + "".join(f"{name:>12}" for name in names)]
    for title, row in metrics["rows"].items():
        lines.append(f"{title:26}" + "".join(f"{row[name]:12.2f}" for name in names))
    return "\n".join(lines)
