"""What ``mpgi ingest auto`` believes files to be: the right format among its guesses, and a helpful no."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from mpgi_ray.cli import main
from mpgi_ray.errors import InputError
from mpgi_ray.ingest import folders, load_source
from mpgi_ray.ingest.recognise import beliefs
from support.ingested import picture, put, rejected, samples
from support.miniature_hqrs import MINIATURES

REAL = {
    "airbus_aircraft": {"manifest"},
    "dota_examples": {"manifest", "dota", "yolo"},
    "dubai_seg": {"manifest", "masks"},
    "eurosat": {"manifest", "folders"},
    "gid_mtl15": {"manifest", "masks"},
    "kit_ais_vehicles": {"manifest", "yolo"},
    "neon_trees": {"boxes", "voc"},
    "oam_osm_buildings": {"manifest", "osm"},
    "osm_tiles_portugal": {"osm"},
    "rsicd": {"manifest"},
    "seg_format_samples": {"masks"},
    "simd": {"manifest", "yolo"},
    "ucm": {"manifest", "karpathy", "labels", "folders"},
}


@pytest.mark.parametrize("name", REAL)
def test_real_folders(data_dir: Path, name: str) -> None:
    assert {belief.format for belief in beliefs(str(data_dir / name))} == REAL[name]


@pytest.mark.parametrize("name", ["captions_full", "oracles", "schemas"])
def test_what_is_none_of_them_gets_a_helpful_no(data_dir: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"of a format that is known; found \d+ of \..*mpgi ingest --help"):
        beliefs(str(data_dir / name))


@pytest.mark.parametrize("name", MINIATURES)
def test_miniatures_of_published_layouts(tmp_path: Path, name: str) -> None:
    MINIATURES[name](tmp_path / "in")
    found = beliefs(str(tmp_path / "in"))
    assert load_source(name).about.reader in {belief.format for belief in found}
    for number, belief in enumerate(found):  # all read what is there, as they are printed
        output = tmp_path / f"out{number}"
        classes = ["--source", name] if belief.format == "masks" else []
        assert main(["ingest", belief.format, *belief.arguments, *classes, "--out", str(output)]) == 0
        assert rejected(output) == []


@pytest.mark.parametrize("masks", ["msk", "seg", "masks/all"])
def test_masks_in_folders_of_other_names(tmp_path: Path, masks: str) -> None:
    put(tmp_path, {f"{folder}/{name}.png": picture() for folder in ("img", masks) for name in "abc"})
    (belief,) = beliefs(str(tmp_path))
    assert (belief.format, belief.arguments[1:]) == ("masks", ("--masks", str(tmp_path / masks)))
    with pytest.raises(InputError, match=f"{masks.split('/')[0]} seems to hold masks or labels"):
        folders(str(tmp_path))


def test_captions_of_pictures_that_are_elsewhere(tmp_path: Path) -> None:
    note = {"images": [{"filename": "4.tif", "sentences": [{"raw": "A pier."}], "split": "train"}]}
    put(tmp_path, {"captions.json": json.dumps(note).encode(), "img/a.png": picture()})
    belief = beliefs(str(tmp_path))[0]
    assert (belief.format, belief.arguments[1:]) == ("karpathy", ("--images", "FOLDER"))
    assert "its pictures, such as 4.tif, are not here" in belief.why


def test_the_command_that_is_printed_reads_what_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("harbor", "forest", "beach"):
        (tmp_path / "in" / folder).mkdir(parents=True)
        (tmp_path / "in" / folder / "a b.png").write_bytes(picture())
    assert main(["ingest", "auto", str(tmp_path / "in")]) == 0
    why, command = capsys.readouterr().out.splitlines()
    assert why == "folders: pictures lie in class folders: beach, forest, harbor …"
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(command)[1:]) == 0
    assert {sample.annotation.scene for sample in samples(tmp_path / "shards").values()} == {
        ("beach",),
        ("forest",),
        ("harbor",),
    }
    assert rejected(tmp_path / "shards") == []
    assert [belief.format for belief in beliefs(str(tmp_path))] == ["folders"]  # not our own tables
    assert main(["ingest", "auto", str(tmp_path / "shards")]) == 1
    assert "`mpgi caption` reads them as they are" in capsys.readouterr().err
    (tmp_path / "notes.md").write_text("nothing")
    assert main(["ingest", "auto", str(tmp_path / "notes.md")]) == 1
    assert "found 1 of .md" in capsys.readouterr().err
    assert main(["ingest", "auto", str(tmp_path / "nowhere")]) == 1
    assert "there is nothing at" in capsys.readouterr().err
