"""The endpoint on a Ray Serve of its own: scores, load, what is refused, a replica that dies, and its end."""

from __future__ import annotations

import http.client
import io
import json
import subprocess
import sys
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mpgi_ray.models.scorer import Scorer
from mpgi_ray.reward.request import MAX_BODY
from mpgi_ray.runtime.metrics import REWARD
from support.doc_blocks import blocks
from support.random_scorer import write_scorer
from support.served import DEADLINE, Served, free_port, serving

pytestmark = pytest.mark.slow  # a start of Ray, and a replica that is replaced

TEXTS = ["Two red ships.", "Sand is yellow.", "A harbour."]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(write_scorer(tmp_path_factory.mktemp("scorer"), " ".join(TEXTS))) as found:
        yield found


def picture(number: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(number).integers(0, 255, (80, 100, 3), np.uint8))


def asked(number: int, *, torn: int | None = None) -> bytes:
    sink = io.BytesIO()
    picture(number).save(sink, "PNG")
    data = b64encode(sink.getvalue()[:torn]).decode()
    return json.dumps({"image_data": f"data:image/png;base64,{data}", "completions": TEXTS}).encode()


def test_scores_are_those_of_the_scorer_under_any_load(served: Served) -> None:
    number = 16
    scorer = Scorer.load(served.run, gpu=False)
    expected = scorer.score(map(picture, range(number)), [TEXTS] * number)
    sent = [(place % number, place % 5 == 0) for place in range(64 * 6)]
    bodies = [asked(place, torn=5000 if torn else None) for place, torn in sent]
    before = served.figures()
    with ThreadPoolExecutor(64) as clients:
        answers = list(clients.map(served.ask, bodies))
    for (place, torn), (status, told) in zip(sent, answers, strict=True):
        if torn:  # its header is whole, so it is found in the batch
            assert status == 400
            assert "image_data: PNG picture cannot be decoded" in told["error"]
            continue
        assert status == 200
        np.testing.assert_allclose([one["score"] for one in told["scores"]], expected[place], rtol=1e-5)
    end = time.monotonic() + DEADLINE
    while (found := served.figures() - before)["ray_mpgi_reward_requests_total"] < len(sent):
        assert time.monotonic() < end
    assert found["ray_mpgi_reward_batch_count"] < len(sent) / 2
    assert {metric.exported for metric in REWARD} <= set(found)


def test_the_client_of_the_page_gets_these_scores(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    (client,) = (block for block in blocks("docs/rewards.md") if "def rewards(" in block.code)
    monkeypatch.setenv("MPGI_REWARD_KEY", "s3cret")
    names: dict[str, Any] = {}
    exec(client.code.replace("127.0.0.1:8000", f"127.0.0.1:{served.port}"), names)
    sink = io.BytesIO()
    picture(3).save(sink, "PNG")
    found = names["rewards"](sink.getvalue(), "What is here?", TEXTS)
    (expected,) = Scorer.load(served.run, gpu=False).score([picture(3)], [TEXTS])
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_what_is_no_request_is_refused(served: Served) -> None:
    for data, status in ((b"{", 400), (b"[]", 400), (asked(0)[:-1] + b',"completion1":"x"}', 400)):
        got, told = served.ask(data)
        assert (got, list(told)) == (status, ["error"])
    assert served.ask(asked(0), Authorization="Bearer other")[0] == 401
    assert served.ask(bytes(MAX_BODY + 1))[0] == 413


def test_an_endless_body_is_refused_while_it_comes(served: Served) -> None:
    """No length is said, and no more is read once it is too long."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=DEADLINE)
    connection.putrequest("POST", "/v1/rewards")
    connection.putheader("Authorization", "Bearer s3cret")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    part = b"100000\r\n" + bytes(1 << 20) + b"\r\n"
    for _ in range((MAX_BODY >> 20) + 1):
        connection.send(part)
    reply = connection.getresponse()  # the body has not ended
    assert reply.status == 413
    assert "expected at most" in json.loads(reply.read())["error"]
    connection.close()


def test_a_replica_that_dies_is_replaced(served: Served) -> None:
    first = served.replica()
    with ThreadPoolExecutor(8) as clients:
        under_way = [clients.submit(served.ask, asked(number)) for number in range(40)]
        first.kill()
        statuses = Counter(one.result()[0] for one in under_way)
    assert set(statuses) <= {200, 500, 503}, statuses  # no answer is wrong, and none is missing
    end = time.monotonic() + DEADLINE
    while served.ask(asked(0))[0] != 200:
        assert time.monotonic() < end
    assert served.replica().pid != first.pid


def test_a_folder_without_a_scorer_is_said(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mpgi_ray", "reward", "serve", str(tmp_path), "--port", str(free_port())]
    done = subprocess.run(command, text=True, capture_output=True, timeout=DEADLINE)
    assert done.returncode == 1
    assert f"error: the endpoint did not start: InputError: {tmp_path} has no scorer.pt" in done.stderr
    assert "Traceback" not in done.stderr
