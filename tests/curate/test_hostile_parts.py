"""A caption folder with a part that is none: curation names it before it does anything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mpgi_ray.caption.run_json import open_run
from mpgi_ray.curate import Curation, curate
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.engines.template.engine import TemplateEngine
from mpgi_ray.errors import InputError, OutputError
from support.build import write_shards
from support.caption_runs import recipe, run_stages
from support.hostile_folders import FOREIGN, contents, write_foreign
from support.hostile_parts import hostile_parts


def test_a_part_that_is_none_is_named_and_nothing_is_touched(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [3])
    run = recipe(tmp_path, "captions")
    shards = find_shards(run.input.shards)
    open_run(CaptionFolder(run.output), run, shards)
    run_stages(run, TemplateEngine())
    write_foreign(tmp_path / "captions")
    write_foreign(tmp_path / "out")
    job = Curation(captions=str(tmp_path / "captions"), output=str(tmp_path / "out"))
    for place in ("integrated", "perspectives"):
        (part,) = (tmp_path / "captions" / place).glob("*.parquet")
        whole = part.read_bytes()
        for name, data, says in hostile_parts(whole):
            part.write_bytes(data)
            with pytest.raises(InputError) as caught:
                curate(job)
            said = str(caught.value)
            assert re.search(f"{part.name}.*{says}.*run the same `mpgi caption` again", said), (name, said)
            assert "\n" not in said
        part.write_bytes(whole)
    assert contents(tmp_path / "out") == FOREIGN
    assert contents(tmp_path / "captions").items() >= FOREIGN.items()
    for name in (".work/mine", "index.parquet", "summary.json", "sub/a.tar"):
        (tmp_path / "out" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "out" / name).write_bytes(b"mine")
        with pytest.raises(OutputError, match=rf"holds {name} and no curate\.json: choose an empty folder"):
            curate(job)
        assert contents(tmp_path / "out") == FOREIGN | {name: b"mine"}
        (tmp_path / "out" / name).unlink()
    (tmp_path / "captions/run.json").unlink()
    with pytest.raises(
        OutputError, match=r"holds integrated/s0-00000-of-00001\.parquet and no run\.json: bring that back"
    ):
        open_run(CaptionFolder(run.output), run, shards)
