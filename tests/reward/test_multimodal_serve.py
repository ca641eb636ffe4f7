"""The endpoint of a scorer on a tiny random Qwen2-VL: pictures, questions, and requests without a picture."""

from __future__ import annotations

import io
import json
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mpgi_ray.models.scorers import load_scorer
from support.served import serving
from support.tiny_models import make_mllm, make_scorer

pytestmark = pytest.mark.slow  # a start of Ray

TEXTS = ["A harbor with five ships.", "Two airplanes.", "Farmland."]


def picture(number: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(number).integers(0, 255, (60, 90, 3), np.uint8))


def body(shown: Image.Image | None, question: str) -> bytes:
    sink = io.BytesIO()
    if shown:
        shown.save(sink, "PNG")
    data = f"data:image/png;base64,{b64encode(sink.getvalue()).decode()}" if shown else None
    told = {"image_data": data, "problem_description": question, "completions": TEXTS}
    return json.dumps(told).encode()


def test_a_multimodal_scorer_is_served_with_and_without_pictures(tmp_path: Path) -> None:
    run = str(make_scorer(make_mllm(tmp_path / "base"), tmp_path / "scorer"))
    sent = [
        (picture(number) if number % 3 else None, ("", "What is here?")[number % 2]) for number in range(12)
    ]
    scorer = load_scorer(run, gpu=False)
    expected = scorer.score([shown for shown, _ in sent], [TEXTS] * len(sent), [asked for _, asked in sent])
    with serving(run) as served, ThreadPoolExecutor(12) as clients:
        answers = list(clients.map(lambda one: served.ask(body(*one)), sent * 2))
    for (status, told), scores in zip(answers, [*expected, *expected], strict=True):
        assert status == 200
        np.testing.assert_allclose([one["score"] for one in told["scores"]], scores, rtol=1e-4)
    assert len({tuple(scores.tolist()) for scores in expected}) > 6
