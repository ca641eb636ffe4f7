"""Whatever a source holds, each entry is a sample or a row that says why not, and nothing else happens."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from mpgi_ray.caption.run_json import open_run
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.image import decode
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.data.text import clean_name
from mpgi_ray.engines.template.engine import TemplateEngine
from mpgi_ray.errors import MpgiError
from mpgi_ray.ingest import IngestConfig, IngestSummary, coco, folders, ingest, manifest
from mpgi_ray.ingest.item import Listing
from support.caption_runs import recipe, rows, run_stages
from support.hostile_annotations import write_manifest
from support.hostile_coco import bad_files, write_coco
from support.hostile_folders import (
    FOREIGN,
    build,
    contents,
    make_odd_places,
    outputs_of_others,
    write_foreign,
)
from support.hostile_pictures import hostile_pictures
from support.ingested import picture, samples

LONGEST = 3000  # characters of a line: it may quote a path


@pytest.fixture(autouse=True)
def no_code_ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the inputs would run writes a file ``pwned``."""
    monkeypatch.chdir(tmp_path)
    yield
    assert not list(tmp_path.rglob("pwned"))


def rejected_rows(output: Path) -> dict[int, tuple[str, str]]:
    """Reason and detail of the entries that are no samples, by their place in the source."""
    table = pq.read_table(output / "rejected.parquet").to_pylist()
    return {row["index"]: (row["reason"], row["detail"]) for row in table}


def run(listing: Listing, output: Path) -> IngestSummary:
    output.mkdir()
    write_foreign(output)
    summary = ingest(listing, IngestConfig(output=str(output)))
    assert contents(output).items() >= FOREIGN.items()
    assert summary.total == len(list(listing))
    return summary


def one_line(text: str) -> str:
    assert "\n" not in text
    assert len(text) <= LONGEST
    return text


def require(name: str, found: tuple[str, str], reason: str, says: str) -> None:
    assert reason == "any" or found[0] in reason.split("|"), (name, found)
    assert re.search(says, one_line(found[1])), (name, found)
    assert bool(found[0]) == bool(found[1])


@pytest.mark.filterwarnings("ignore::UserWarning:PIL", "ignore::RuntimeWarning:PIL")
def test_hostile_pictures_are_captioned_or_are_rows(tmp_path: Path) -> None:
    cases = {f"class/{case.name}": case for case in hostile_pictures()}
    (tmp_path / "in/class").mkdir(parents=True)
    for name, case in cases.items():
        (tmp_path / "in" / name).write_bytes(case.data)
    listing = folders(str(tmp_path / "in"))
    names = [entry.name for entry in listing]  # type: ignore[union-attr]
    run(listing, tmp_path / "shards")
    found = {names[index]: why for index, why in rejected_rows(tmp_path / "shards").items()}
    kept = samples(tmp_path / "shards")
    assert {*found, *kept} == {*cases}
    captions = recipe(tmp_path, "captions", chunk_size=1000)
    open_run(CaptionFolder(captions.output), captions, find_shards(captions.input.shards))
    run_stages(captions, TemplateEngine())
    names_of = {sample.key: name for name, sample in kept.items()}
    texts: dict[str, int] = {}
    for row in rows(captions):
        name = names_of[row.key]
        if row.status == "ok":
            texts[name] = texts.get(name, 0) + 1
        else:
            found[name] = row.reason, row.detail
    assert {*found} | {*texts} == {*cases}
    assert not found.keys() & texts.keys()
    assert set(texts.values()) == {6}
    for name in texts:  # what a header states is what is decoded
        assert (kept[name].annotation.width, kept[name].annotation.height) == decode(
            kept[name].image
        ).pixels.size
    for name, case in cases.items():
        require(name, found.get(name, ("", "")), case.reason, case.says)


def test_odd_files_are_kept_or_are_rows(tmp_path: Path) -> None:
    files = {clean_name(os.fsdecode(odd.path)): odd for odd in build(tmp_path / "in")}
    listing = folders(str(tmp_path / "in"))
    names = [clean_name(entry.name) for entry in listing]  # type: ignore[union-attr]
    run(listing, tmp_path / "shards")
    found = {names[index]: why for index, why in rejected_rows(tmp_path / "shards").items()}
    hidden = {name for name in files if re.search(r"(^|/)(\.|Thumbs\.db)", name)}
    assert len(hidden) == 6
    assert {*found, *samples(tmp_path / "shards")} == {*files} - hidden
    for name, odd in ((name, files[name]) for name in {*files} - hidden):
        require(name, found.get(name, ("", "")), odd.reason, odd.says)


def test_hostile_annotations_are_kept_or_are_rows(tmp_path: Path) -> None:
    path, notes = write_manifest(tmp_path / "manifest")
    file, pictures = write_coco(tmp_path / "coco")
    for cases, listing, output in (
        (notes, manifest(str(path)), tmp_path / "of_manifest"),
        (pictures, coco(str(file), str(file.parent)), tmp_path / "of_coco"),
    ):
        assert run(listing, output).total == len(cases)
        found = rejected_rows(output)
        for place, case in enumerate(cases):
            require(case.name, found.get(place, ("", "")), case.reason, case.says)
    kept = samples(tmp_path / "of_coco")
    told = {case.name: len(case.notes) for case in pictures if not case.reason}
    assert {name: len(kept[f"{name}.png"].annotation.objects) for name in told} == told  # none is lost


def refused(call: Callable[..., object], *arguments: object) -> str:
    with pytest.raises(MpgiError) as caught:
        call(*arguments)
    return one_line(str(caught.value))


def test_a_source_that_is_none_is_one_line(tmp_path: Path) -> None:
    places = make_odd_places(tmp_path)
    (tmp_path / "blank.jsonl").write_bytes(b"\n\n \n")

    def ingested(read: Callable[[str], Listing], name: str) -> object:
        shutil.rmtree("out", ignore_errors=True)
        return ingest(read(name), IngestConfig(output="out"))

    of_pictures = partial(coco, images=".")
    for name, (data, says) in bad_files().items():
        (tmp_path / "x.json").write_bytes(data)
        said = refused(ingested, of_pictures, "x.json")
        assert re.search(says, said), (name, said)
        assert "x.json" in said
    for name, says in places.items():
        assert re.search("expected .*CLASS/picture.jpg|Too many levels", refused(folders, name)), name
        for read in (manifest, of_pictures):
            assert re.search(says, refused(read, name)), name
    assert "holds no entries: expected one picture" in refused(ingested, manifest, "blank.jsonl")


def test_an_output_that_cannot_be_one_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "in/port").mkdir(parents=True)
    (tmp_path / "in/port/a.png").write_bytes(picture())
    write_foreign(tmp_path / "in")
    listing = folders("in")

    def into(output: str) -> str:
        return refused(ingest, listing, IngestConfig(output=output))

    for name in make_odd_places(tmp_path):
        assert re.search("is not a folder|Too many levels", into(name)), name
    for name in ("in", "in/out", "in/port/../out", "./in"):
        assert "every file of which is ingested: choose an output folder elsewhere" in into(name)
    assert "expected a local path, or a URL" in into("s4://x")
    for number, (name, data, says) in enumerate(outputs_of_others()):
        output = tmp_path / f"out {number}"
        write_foreign(output)
        (output / name).write_bytes(data)
        said = into(str(output))
        assert re.search(says, said), (name, said)
        assert contents(output) == FOREIGN | {name: data}
    assert contents(tmp_path / "in") == FOREIGN | {"port/a.png": picture()}
