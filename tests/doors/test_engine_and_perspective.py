"""What docs/add-an-engine.md and docs/add-a-perspective.md say, done on a copy of the package."""

from __future__ import annotations

import json
import re
import shlex
import tarfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from support.build import write_shards
from support.scratch_package import ROOT, run_in, scratch_package

PAGES = ("add-an-engine.md", "add-a-perspective.md")
# all commands in one Ray session, and training without workers: their start takes longer than what they do
_RUN = """
import json, sys
from pathlib import Path

from alone import learn
from mpgi_ray.cli.main import main
from mpgi_ray.data.final import list_shards
from mpgi_ray.runtime.cluster import ray_session
from mpgi_ray.train import trainer
from mpgi_ray.train.scan import scan

def train(config, **_):
    loss = learn(config)
    source, _ = scan(list_shards(config.shards), config.split, config.texts)
    Path("learned.json").write_text(json.dumps(config.recipe(source)["texts"]))
    return trainer.TrainResult(config.output, config.steps, loss, config.steps)

trainer.train = train
with ray_session(cpus_held=3):
    for command in json.loads(sys.argv[1]):
        assert main(command) == 0, command
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which both pages were followed, their commands run."""
    folder = scratch_package(tmp_path_factory.mktemp("doors"), *PAGES)
    write_shards(folder / "shards", [8])
    text = "".join((ROOT / "docs" / page).read_text(encoding="utf-8") for page in PAGES)
    blocks = re.findall(r"^```bash\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = "".join(blocks).replace("\\\n", "").splitlines()
    run_in(folder, "-c", _RUN, json.dumps([shlex.split(line)[1:] for line in lines]))
    return folder


def test_an_engine_writes_and_its_texts_are_integrated(done: Path) -> None:
    (part,) = (done / "bright/perspectives").glob("*.parquet")
    rows = pq.read_table(part).to_pylist()
    assert {row["engine"] for row in rows} == {"brightness"}
    assert {row["text"] for row in rows} == {"The image is bright as a whole."}
    identity = json.loads((done / "bright/run.json").read_text())["identity"]
    assert identity["generate.engine.dark_below"] == 80
    (part,) = (done / "bright/integrated").glob("*.parquet")
    assert all("bright as a whole" in row["text"] for row in pq.read_table(part).to_pylist())


def test_a_perspective_is_captioned_curated_and_trained_on(done: Path) -> None:
    (shard,) = (done / "final").glob("*.tar")
    with tarfile.open(shard) as archive:
        files = [archive.extractfile(member) for member in archive if member.name.endswith(".json")]
        samples = [json.load(file) for file in files if file]
    names = {"objects", "layout", "scene", "attributes", "water", "short", "long"}
    assert [set(sample["texts"]) for sample in samples] == [names] * 8
    assert json.loads((done / "learned.json").read_text()) == dict.fromkeys(names, 1.0)
    assert (done / "model/open_clip_pytorch_model.bin").is_file()
