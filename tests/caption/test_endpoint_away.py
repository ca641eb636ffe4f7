"""A whole command whose endpoint is away for a minute: nobody starts anything again, and nothing is lost."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

import pytest

from mpgi_ray.cli import main
from mpgi_ray.data.caption import from_table
from mpgi_ray.data.caption_folder import CaptionFolder
from support.build import write_shards
from support.endpoint import Answer, Endpoint, Request, completion

SHORT = "The image shows a river that bends between green fields, and a narrow road crosses it on a bridge."
LONG = f"{SHORT} Trees stand in a row along the water, and two small houses lie beside the road in the north."
IMAGES, AWAY_S = 60, 60.0


@pytest.mark.slow
@pytest.mark.usefixtures("ray_cluster")
def test_an_endpoint_that_is_away_for_a_minute_loses_nothing(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [IMAGES])
    out, away, answered = tmp_path / "captions", list[float](), 0

    def script(request: Request) -> Answer:
        nonlocal answered
        if request.number == 3 * IMAGES:
            away.append(time.monotonic())
        if away and time.monotonic() - away[0] < AWAY_S:
            return Answer(reset=True)
        answered += 1
        both = {"short": SHORT, "long": LONG}
        return completion(json.dumps(both) if "response_format" in request.body else LONG)

    with Endpoint(script) as endpoint:
        settings = [f"generate.engine.url={endpoint.url}", "generate.engine.model=m", "chunk_size=4"]
        run = ["caption", "endpoint", "--shards", str(tmp_path / "shards"), "--out", str(out)]
        assert main([*run, *(part for setting in settings for part in ("--set", setting))]) == 0
    rows = [row for table in CaptionFolder(str(out)).tables() for row in from_table(table)]
    assert Counter(row.status for row in rows) == {"ok": 6 * IMAGES}
    assert answered == 5 * IMAGES  # no question twice: four perspectives and an integration
    print(f"{len(endpoint.requests) - answered} tries met an endpoint that was away")
    assert len(endpoint.requests) > answered
