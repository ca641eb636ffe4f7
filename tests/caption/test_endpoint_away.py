"""A whole command whose endpoint is away for a minute: nobody starts anything again, and nothing is lost."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from mpgi_ray.cli import main
from mpgi_ray.data.caption import from_table
from mpgi_ray.data.caption_folder import CaptionFolder
from support.build import write_shards
from support.endpoint import Answer, Endpoint, Request, completion

SHORT = "The image shows a river that bends between green fields, and a narrow road crosses it on a bridge."
LONG = f"{SHORT} Trees stand in a row along the water, and small houses lie beside the road in the north."
CHECKS = ("in one word", "Reply with this JSON object")  # of the engine, before the first sample
IMAGES, AWAY_S = 60, 60.0


@pytest.mark.slow
@pytest.mark.usefixtures("ray_cluster")
def test_an_endpoint_that_is_away_for_a_minute_loses_nothing(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [IMAGES])
    out, away, answered = tmp_path / "captions", list[float](), Counter[str]()

    def script(request: Request) -> Answer:
        if request.number == 3 * IMAGES:
            away.append(time.monotonic())
        if away and time.monotonic() - away[0] < AWAY_S:
            return Answer(reset=True)
        if not any(words in request.text for words in CHECKS):
            answered["integration" if LONG in request.text else "perspective"] += 1
        both = {"short": SHORT, "long": LONG}
        return shown(completion(json.dumps(both) if "response_format" in request.body else LONG), request)

    with Endpoint(script) as endpoint:
        settings = [f"generate.engine.url={endpoint.url}", "generate.engine.model=m", "chunk_size=4"]
        run = ["caption", "endpoint", "--shards", str(tmp_path / "shards"), "--out", str(out)]
        assert main([*run, *(part for setting in settings for part in ("--set", setting))]) == 0
    rows = [row for table in CaptionFolder(str(out)).tables() for row in from_table(table)]
    assert Counter(row.status for row in rows) == {"ok": 6 * IMAGES}
    assert answered["integration"] == IMAGES  # no question twice
    assert answered["perspective"] == 4 * IMAGES
    assert len(endpoint.requests) > answered.total()


def shown(answer: Answer, request: Request) -> Answer:
    """An answer that counts the tokens of the picture, if there is one."""
    assert isinstance(answer.body, dict)
    pictures = 0 if isinstance(request.body["messages"][-1]["content"], str) else 300
    return replace(
        answer, body=answer.body | {"usage": {"prompt_tokens": 11 + pictures, "completion_tokens": 7}}
    )
