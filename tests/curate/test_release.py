"""A release holds what it says, and it and the originals give the same final shards again."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import tarfile
from collections import Counter
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import DatasetCard
from PIL import Image

from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.cli import main
from mpgi_ray.curate import CurateSummary, Curation, curate
from mpgi_ray.curate.choice import Choice
from mpgi_ray.curate.release import ReleaseConfig, ReleaseSummary, release
from mpgi_ray.curate.scores.job import Scores, score
from mpgi_ray.data.final import list_shards, read_records
from mpgi_ray.data.shards import ShardFields
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError, OutputError, RecipeError
from mpgi_ray.ingest import IngestConfig, SourceConfig, ingest, manifest
from mpgi_ray.ingest.windows import Tiling
from mpgi_ray.prompts import load
from support.build import noise, tar
from support.caption_here import caption_here

pytestmark = pytest.mark.usefixtures("ray_cluster")

TILING = Tiling(tile=48, overlap=8)
SOURCES = {
    "open": SourceConfig(name="Open Set", licence="CC BY 4.0, (c) somebody"),
    "closed": SourceConfig(name="Closed Set", licence="academic use only; pictures of Google Earth"),
    "silent": SourceConfig(name="Silent Set", licence="none stated; research use"),
}


def originals(folder: Path) -> None:
    """Three sources: one with a large picture, one TIFF, names that are not safe, and people's captions."""
    for number, name in enumerate(SOURCES):
        source = folder / name
        source.mkdir(parents=True)
        lines = []
        for i in range(6):
            image = f"{i}/a.jpg" if i else "ä=b.jpg"
            path = source / image
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(noise(100 * number + i, 80 if i == 1 else 40))
            box = {"label": "ship", "bbox": [4, 4, 20 + i, 20]}
            said = [f"=1+{i} ships, seen from above.", "A harbour."] if i < 3 else []
            lines.append({"image": image, "scene": ["harbour"], "boxes": [box], "captions": said})
        sink = io.BytesIO()
        Image.open(io.BytesIO(noise(900 + number))).save(sink, "TIFF")
        (source / "flat.tif").write_bytes(sink.getvalue())
        lines.append({"image": "flat.tif", "scene": ["harbour"]})
        (source / "m.jsonl").write_text("\n".join(map(json.dumps, lines)))


def shards_of(
    folder: Path, name: str, out: Path, join: Path | None = None, tiling: Tiling | None = TILING
) -> Any:
    config = IngestConfig(
        output=str(out), source=SOURCES[name], tiling=tiling, join=None if join is None else str(join)
    )
    return ingest(manifest(str(folder / name / "m.jsonl")), config)


class Made:
    """Originals, their shards, captions, final shards and a release of these."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        originals(folder / "originals")
        for name in SOURCES:
            shards_of(folder / "originals", name, folder / "shards" / name)
        values = {"input": {"shards": str(folder / "shards")}, "output": str(folder / "captions")}
        caption_here(Recipe.model_validate(values))
        self.final, self.release = folder / "final", folder / "release"
        self.curated: CurateSummary = curate(
            Curation(captions=str(folder / "captions"), output=str(self.final), shard_size=10, seed=3)
        )
        self.released: ReleaseSummary = release(self.config("release", unpack=True, mgrs=True))

    def config(self, output: str, **values: Any) -> ReleaseConfig:
        return ReleaseConfig(final=str(self.final), output=str(self.folder / output), **values)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, ray_cluster: None) -> Made:
    return Made(tmp_path_factory.mktemp("release"))


def content(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def tars(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.tar"))}


def texts_of(folder: Path) -> list[tuple[str, str, str]]:
    """Key, name and text of all texts in final shards, people's among them."""
    found = []
    for record in read_records(list_shards(folder), pictures=False):
        found += [(record.key, name, text) for name, text in record.texts.items()]
        found += [(record.key, "captions", text) for text in record.captions]
    return sorted(found)


def table(folder: Path) -> list[dict[str, Any]]:
    return [row for path in sorted(folder.glob("data/*.parquet")) for row in pq.read_table(path).to_pylist()]


def rows_of_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def card_table(text: str, section: str) -> list[list[str]]:
    """The rows of the first table of a section."""
    lines = text.partition(f"\n## {section}\n")[2].partition("\n## ")[0].strip().splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("|"))
    rows = takewhile(lambda line: line.startswith("|"), lines[first:])
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in rows][2:]


def test_card_csv_table_and_shards_agree_in_every_count(made: Made) -> None:
    shards, rows = texts_of(made.final), table(made.release)
    assert (made.curated.kept, made.curated.texts, len(shards)) == (30, 180, 192)
    closed = {row["key"] for row in table(release_all(made)) if row["source"] == "Closed Set"}
    assert sorted((row["key"], row["name"], row["text"]) for row in rows) == [
        one for one in shards if one[0] not in closed
    ]
    assert (made.released.samples, made.released.texts) == (20, 128)
    told = rows_of_csv(made.release / "captions.csv")
    assert [(row["source"], row["sha256"], row["name"], row["caption"].lstrip()) for row in told] == [
        (row["source"], row["sha256"], row["name"], row["text"]) for row in rows
    ]
    windows = {row["window"] for row in told}
    assert windows == {"", "0 0 44 44", "36 0 44 44", "0 36 44 44", "36 36 44 44"}
    assert not any(row["caption"].startswith("=") for row in told)
    for folder, names, sources in (
        (
            made.final,
            Counter(name for _, name, _ in shards),
            {"Closed Set": 64, "Open Set": 64, "Silent Set": 64},
        ),
        (made.release, Counter(row["name"] for row in rows), {"Open Set": 64, "Silent Set": 64}),
    ):
        card = (folder / "README.md").read_text()
        assert {row[0]: int(row[1]) for row in card_table(card, "Texts")} == names
        assert {row[0]: int(row[3]) for row in card_table(card, "Sources")} == sources
        assert sum(int(row[4]) for row in card_table(card, "Models and prompts")) == sum(
            number for name, number in names.items() if name != "captions"
        )
        lengths = {row[0]: row[2] for row in card_table(card, "Texts")}
        objects = [len(text.split()) for _, name, text in shards if name == "objects"]
        if folder == made.final:
            assert lengths["objects"] == f"{sum(objects) / len(objects):.1f}"
    summary = json.loads((made.release / "summary.json").read_text())
    assert (summary["samples"], summary["texts"]) == (20, 128)


def release_all(made: Made) -> Path:
    """A release with the source whose licence forbids it."""
    release(made.config("all", share=("Closed Set",)))
    return made.folder / "all"


def test_what_a_licence_forbids_is_left_out_and_named(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    (left,) = made.released.left_out
    assert (left.source, left.why, left.samples, left.texts) == (
        "Closed Set",
        "use by a closed group alone",
        10,
        64,
    )
    assert json.loads((made.release / "release.json").read_text())["left_out"][0]["source"] == "Closed Set"
    assert card_table((made.release / "README.md").read_text(), "Sources that are left out") == [
        [left.source, left.licence, left.why, "10", "64"]
    ]
    assert {row["source"] for row in table(made.release)} == {"Open Set", "Silent Set"}
    assert [one.source for one in made.released.kept_back] == ["Closed Set", "Silent Set"]
    assert {row["source"] for row in table(release_all(made))} == {"Open Set", "Closed Set", "Silent Set"}
    with pytest.raises(RecipeError, match="no source 'Opn Set': did you mean 'Open Set'"):
        release(made.config("none", share=("Opn Set",)))
    out = str(made.folder / "command")
    assert main(["release", str(made.final), "--out", out]) == 0
    said = capsys.readouterr().out
    assert "128 texts about 20 pictures" in said
    assert "left out: Closed Set: 10 pictures (use by a closed group alone" in said


def test_the_card_is_read_by_the_hub_and_its_prompts_have_their_hashes(made: Made) -> None:
    for folder in (made.final, made.release):
        data = DatasetCard.load(folder / "README.md").data
        assert (data.license, data.size_categories) == ("other", ["n<1K"])
        assert data.annotations_creators == ["machine-generated", "found"]
        told = {row["prompt_hash"] for row in table(made.release)} - {""}
        names = {path.stem for path in folder.glob("prompts/[a-z]*.j2")}
        assert names == {"objects", "layout", "scene", "attributes", "integrate"}
        assert {load(name).hash for name in names} == told
        for name in names:
            assert (folder / f"prompts/{name}.j2").read_text() == load(name).source


def test_a_release_and_the_originals_give_the_same_shards(made: Made, tmp_path: Path) -> None:
    everything = release_all(made)
    for name in SOURCES:
        summary = shards_of(made.folder / "originals", name, tmp_path / "joined" / name, everything)
        assert (summary.kept, summary.missing) == (10, "")
    again = curate(
        Curation(captions=str(everything), shards=str(tmp_path / "joined"), output=str(tmp_path / "again"))
    )
    assert tars(tmp_path / "again") == tars(made.final)
    assert (tmp_path / "again/captions.csv").read_bytes() == (made.final / "captions.csv").read_bytes()
    assert replace(again, telling={}) == replace(made.curated, telling={})
    assert again.telling == made.curated.telling
    # the shards of the first ingest do as well, and a release of what was made again says the same
    curate(
        Curation(captions=str(everything), shards=str(made.folder / "shards"), output=str(tmp_path / "own"))
    )
    assert tars(tmp_path / "own") == tars(made.final)
    release(
        ReleaseConfig(final=str(tmp_path / "again"), output=str(tmp_path / "twice"), share=("Closed Set",))
    )
    assert table(tmp_path / "twice") == table(everything)


def test_selected_texts_are_told_on_the_card_and_come_back(made: Made, tmp_path: Path) -> None:
    captions, shards = str(made.folder / "captions"), str(made.folder / "shards")
    scorers = (Choice(name="truth"), Choice(name="text"))
    score(Scores(captions=captions, output=str(tmp_path / "scores"), scorers=scorers))
    rules = [
        {"name": "false_claim", "drop": "contradicted > 0"},
        {"name": "second", "drop": "name = 'captions' and number > 0"},
        {"name": "short_ones", "texts": 3, "by": "words"},
    ]
    (tmp_path / "rules.yaml").write_text(json.dumps({"scores": [str(tmp_path / "scores")], "rules": rules}))
    final = tmp_path / "final"
    chosen = {"captions": captions, "output": str(final), "select": str(tmp_path / "rules.yaml")}
    made_of_rules = curate(Curation.model_validate(chosen | {"shard_size": 10}))
    assert made_of_rules.selection is not None
    assert 0 < made_of_rules.texts == made_of_rules.selection.kept
    release(ReleaseConfig(final=str(final), output=str(tmp_path / "release"), share=("Closed Set",)))
    for folder in (final, tmp_path / "release"):
        card = (folder / "README.md").read_text()
        told = card.partition("Rules about texts, in their order:")[2].partition("\n## ")[0]
        outcomes = made_of_rules.selection.rules
        counts = [f"| {one.seen} | {one.dropped} | {one.pictures} |" for one in outcomes]
        assert [line.partition("}` ")[2] for line in told.splitlines() if "`{" in line] == counts
        rows = {row[0]: row for row in card_table(card, "Scores of the texts")}
        texts = pq.read_table(final / "texts.parquet").to_pandas()
        assert int(rows["supported"][2]) == texts["kept"].sum()
        assert rows["clip_tokens"][3] == f"{texts[texts['kept']]['clip_tokens'].mean():.4g}"
    again = {"captions": str(tmp_path / "release"), "shards": shards, "output": str(tmp_path / "again")}
    curate(Curation.model_validate(again))
    assert tars(tmp_path / "again") == tars(final)
    assert (tmp_path / "again/captions.csv").read_bytes() == (final / "captions.csv").read_bytes()


def test_without_some_sources_the_rest_is_the_same(made: Made, tmp_path: Path) -> None:
    originals_now = tmp_path / "originals"
    originals(originals_now)
    (originals_now / "open/3/a.jpg").write_bytes(noise(7))
    (originals_now / "open/4/a.jpg").unlink()
    moved = originals_now / "open/moved.jpg"
    (originals_now / "open/5/a.jpg").rename(moved)
    lines = (originals_now / "open/m.jsonl").read_text().replace("5/a.jpg", "moved.jpg")
    (originals_now / "open/m.jsonl").write_text(lines + json.dumps({"image": "moved.jpg"}).join(["\n", ""]))
    summary = shards_of(originals_now, "open", tmp_path / "joined/open", made.release)
    assert summary.kept == 8
    assert "2 samples of the release are missing" in summary.missing
    lost = pq.read_table(tmp_path / "joined/open/missing.parquet").to_pylist()
    assert {(row["image"], row["reason"]) for row in lost} == {
        ("3/a.jpg", "other_bytes"),
        ("4/a.jpg", "not_found"),
    }
    assert shards_of(originals_now, "open", tmp_path / "joined/open", made.release).missing == summary.missing
    again = curate(
        Curation(captions=str(made.release), shards=str(tmp_path / "joined"), output=str(tmp_path / "again"))
    )
    assert (again.kept, again.dropped) == (8, {})
    assert "12 samples of the release are missing: 12 not_found" in str(again)
    assert pq.read_table(tmp_path / "again/missing.parquet").num_rows == 12
    keys = {row["key"]: row["image"] for row in table(made.release) if row["source"] == "Open Set"}
    there = {key for key, image in keys.items() if image not in ("3/a.jpg", "4/a.jpg")}
    assert texts_of(tmp_path / "again") == [one for one in texts_of(made.final) if one[0] in there]
    bytes_of = {name: data for shard in tars(made.final).values() for name, data in members(shard).items()}
    for shard in tars(tmp_path / "again").values():
        for name, data in members(shard).items():
            assert bytes_of[name] == data


def members(shard: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(shard)) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


def test_other_windows_than_those_of_the_release_are_one_error(made: Made, tmp_path: Path) -> None:
    for tiling in (None, Tiling(tile=48), Tiling(tile=64)):
        with pytest.raises(InputError, match="it was made with --tile 48 --overlap 8"):
            shards_of(made.folder / "originals", "open", tmp_path / str(tiling), made.release, tiling)
        assert not (tmp_path / str(tiling)).exists()  # the right options go into the same folder
    record = json.loads((made.release / "release.json").read_text())
    record["identity"]["made"]["ingested"] = []  # as of shards that another program made
    shutil.copytree(made.release, tmp_path / "unknown")
    (tmp_path / "unknown/release.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match=r"names a window of a picture, .*: give the --tile options"):
        shards_of(made.folder / "originals", "open", tmp_path / "out", tmp_path / "unknown", None)
    with pytest.raises(
        InputError, match="names no picture of the source 'Closed Set', only of Open Set, Silent"
    ):
        shards_of(made.folder / "originals", "closed", tmp_path / "closed", made.release)
    options = [
        "--source",
        str(source_file(tmp_path)),
        "--join",
        str(made.release),
        "--out",
        str(tmp_path / "x"),
    ]
    lines = str(made.folder / "originals/open/m.jsonl")
    assert main(["ingest", "manifest", lines, *options, "--tile", "48", "--overlap", "8"]) == 0
    assert main(["ingest", "manifest", lines, *options, "--share", "0.5"]) == 1


def source_file(folder: Path) -> Path:
    path = folder / "open.yaml"
    path.write_text("name: Open Set\nlicence: CC BY 4.0, (c) somebody\n")
    return path


def test_settings_stand_in_a_release(made: Made, tmp_path: Path) -> None:
    shards = (str(made.folder / "shards/open"), str(made.folder / "shards/silent"))
    config = Curation(captions=str(made.release), shards=shards, output=str(tmp_path / "out"))
    with pytest.raises(RecipeError, match="seed stands in the release"):
        curate(config.model_copy(update={"seed": 4}))
    with pytest.raises(RecipeError, match="name the shards of the originals with --shards"):
        curate(config.model_copy(update={"shards": None}))


def test_copies_in_two_parts_of_a_source_give_way_to_the_one_of_the_release(tmp_path: Path) -> None:
    """One picture lies in both parts, under two names; the release has that of the second part."""
    pictures = {"train": {"a": 1, "b": 2}, "val": {"c": 1, "d": 3}}
    for split, parts in pictures.items():
        (tmp_path / split).mkdir()
        for name, number in parts.items():
            (tmp_path / split / f"{name}.jpg").write_bytes(noise(number))
        lines = [{"image": f"{name}.jpg", "split": split, "captions": [name, " "]} for name in parts]
        (tmp_path / split / "m.jsonl").write_text("\n".join(map(json.dumps, lines)))

    def parts(out: str, join: str | None = None) -> tuple[str, ...]:
        folders = []
        for split in pictures:
            config = IngestConfig(output=str(tmp_path / out / split), source=SOURCES["open"], join=join)
            ingest(manifest(str(tmp_path / split / "m.jsonl")), config)
            folders.append(config.output)
        return tuple(folders)

    shards = parts("shards")
    rows = {"shard": ["val/shard-000000", "train/shard-000000"], "index": [0, 0], "keep": [True, False]}
    rows |= {"sample_id": [hashlib.sha256(noise(1)).hexdigest()] * 2, "reason": ["", "exact"]}
    pq.write_table(pa.table(rows), tmp_path / "groups.parquet")
    only = Choice(name="duplicates", settings={"groups": str(tmp_path / "groups.parquet")})
    final, out = str(tmp_path / "final"), str(tmp_path / "release")
    assert curate(Curation(shards=shards, output=final, filters=(only,))).kept == 3
    assert release(ReleaseConfig(final=final, output=out)).texts == 3
    lines = (tmp_path / "val/m.jsonl").read_text().splitlines()
    lines[1] = json.dumps(json.loads(lines[1]) | {"split": None})  # the release knows it
    (tmp_path / "val/m.jsonl").write_text("\n".join(lines))
    again = curate(Curation(captions=out, shards=parts("joined", out), output=str(tmp_path / "again")))
    assert (again.kept, again.dropped, again.missing) == (3, {"not_in_release": 1}, "")
    assert tars(tmp_path / "again") == tars(tmp_path / "final")


class Killed(BaseException):
    """What ends a job without any of its own words."""


def test_a_release_resumes_is_deterministic_and_belongs_to_its_shards(made: Made) -> None:
    whole, original = content(made.release), Storage.publish

    def fatal(self: Storage, name: str, data: Any) -> None:
        if name == "README.md":
            raise Killed
        original(self, name, data)

    config = made.config("killed", unpack=True, mgrs=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Storage, "publish", fatal)
        with pytest.raises(Killed):
            release(config)
    with pytest.raises(InputError, match="is not finished: run the same `mpgi release` again"):
        curate(
            Curation(captions=config.output, shards=str(made.folder / "shards"), output=config.output + "-x")
        )
    assert release(config) == made.released
    assert content(made.folder / "killed") == whole
    assert release(config) == replace(made.released, nothing_to_do=True)
    with pytest.raises(OutputError, match="made with other settings: share was"):
        release(made.config("killed", unpack=True, mgrs=True, share=("Closed Set",)))
    with pytest.raises(InputError, match=r"holds no curate\.json"):
        release(ReleaseConfig(final=str(made.folder / "shards/open"), output=str(made.folder / "no")))


def test_shards_of_an_earlier_version_are_released_and_made_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = Path(__file__).parents[1] / "fixtures/folders-0.1.0"
    summary = release(ReleaseConfig(final=str(before / "final"), output=str(tmp_path / "release")))
    assert (summary.samples, summary.texts) == (4, 24)
    assert main(["inspect", str(tmp_path / "release")]) == 0
    assert capsys.readouterr().out.startswith(f"{summary}\nof 2 final shards; texts: ")
    assert main(["inspect", str(tmp_path / "release"), "--status"]) == 0
    assert "a release, finished\nfinal shards published: 2 of 2, 0 left" in capsys.readouterr().out
    parts = {"captions": str(tmp_path / "release"), "shards": str(before / "shards")}
    curate(Curation(output=str(tmp_path / "again"), **parts))
    assert tars(tmp_path / "again") == tars(before / "final")


def test_repeated_pictures_and_peoples_captions_of_other_programs_come_back(tmp_path: Path) -> None:
    same, said = noise(1), b"A pier.\n-2 boats"
    pictures = {"1": same, "2": same, "3": noise(2)}
    members = [
        (f"{key}.{field}", data)
        for key, image in pictures.items()
        for field, data in (("rgb", image), ("say", said))
    ]
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards/a.tar").write_bytes(tar(*members))
    final, shards = str(tmp_path / "final"), str(tmp_path / "shards")
    curate(
        Curation(shards=shards, output=final, shard_size=2, fields=ShardFields(image="rgb", captions="say"))
    )
    assert release(ReleaseConfig(final=final, output=str(tmp_path / "release"))).texts == 6
    curate(Curation(captions=str(tmp_path / "release"), shards=shards, output=str(tmp_path / "again")))
    assert tars(tmp_path / "again") == tars(tmp_path / "final")
    assert (tmp_path / "again/captions.csv").read_bytes() == (tmp_path / "final/captions.csv").read_bytes()
