"""The shipped presets: each reads the layout that it states, by the commands that it states."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pytest

from mpgi_ray.cli.main import main
from mpgi_ray.config import module_names
from mpgi_ray.data.sample import Annotation
from mpgi_ray.ingest.source import presets
from mpgi_ray.rules.labels import unknown_labels
from mpgi_ray.rules.lexicon import scene_phrase
from support.ingested import rejected, samples
from support.miniature_hqrs import MINIATURES
from support.miniature_others import OTHERS
from support.miniatures import Truth

PRESETS = presets()


def near(found: object, expected: object) -> bool:
    return np.allclose(np.array(found, dtype=float), np.array(expected, dtype=float), atol=1e-6)


def check(note: Annotation, truth: Truth) -> None:
    assert [thing.label for thing in note.objects] == [label for label, _ in truth.objects]
    assert near([thing.box for thing in note.objects], [box for _, box in truth.objects])
    assert note.scene == ((truth.scene,) if truth.scene else ())
    assert sorted(note.labels) == sorted(truth.labels)
    assert note.cover.keys() == dict(truth.cover).keys()
    assert near([note.cover[label].fraction for label, _ in truth.cover], [part for _, part in truth.cover])
    assert note.split == truth.split
    assert truth.date in (None, note.date)
    assert truth.gsd in (None, note.gsd)
    assert note.captions == truth.captions


@pytest.mark.parametrize("name", [*MINIATURES, *OTHERS])
def test_a_miniature_by_the_commands_of_its_preset(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    truths = (MINIATURES | OTHERS)[name](tmp_path)
    source = PRESETS[name]
    monkeypatch.chdir(tmp_path)
    found: dict[str, Annotation] = {}
    for command in source.about.commands:
        program, *arguments = shlex.split(command)
        assert program == "mpgi"
        assert main(arguments) == 0
        out = tmp_path / arguments[arguments.index("--out") + 1]
        assert rejected(out) == []
        found |= {called: sample.annotation for called, sample in samples(out).items()}
    # what stands before the name of a picture depends on the folder that the command names
    by_file = {Path(called).name: truth for called, truth in truths.items()}
    assert {Path(called).name for called in found} == by_file.keys()
    assert len(found) == len(truths)
    for called, note in found.items():
        check(note, by_file[Path(called).name])
        assert (note.source, note.licence) == (source.name, source.licence)
    assert not unknown_labels(found.values())


def test_every_source_of_hqrs_has_a_preset_that_tells_all() -> None:
    assert len(MINIATURES) == 23
    for name in MINIATURES:
        about = PRESETS[name].about
        told = (about.kind, about.layout, about.citation, about.lineage, PRESETS[name].licence)
        assert all(told), name
        assert about.reader in module_names("mpgi_ray.ingest.formats")
        for command in about.commands:
            words = shlex.split(command)
            assert words[:3] == ["mpgi", "ingest", about.reader]
            assert words[words.index("--source") + 1] == name


@pytest.mark.parametrize("name", PRESETS)
def test_texts_have_words_for_every_class(name: str) -> None:
    source = PRESETS[name]
    assert not unknown_labels([Annotation(width=1, height=1, vocabulary=source.vocabulary)])
    assert [scene for scene in source.about.scenes if scene_phrase(scene) is None] == []


def test_sources_are_listed_and_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    assert main(["sources"]) == 0
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.split()}
    assert PRESETS.keys() <= rows.keys()
    for name, source in PRESETS.items():
        assert rows[name].rstrip().endswith("seen" if source.about.verified else "unverified")
    assert main(["sources", "visdrone"]) == 0
    shown = capsys.readouterr().out
    assert all(command in shown for command in PRESETS["visdrone"].about.commands)
    assert "motor: motorcycle, motorcycles" in shown
    assert main(["sources", "visdron"]) == 1
    assert "did you mean 'visdrone'?" in capsys.readouterr().err


def test_what_is_told_of_a_source_does_not_tell_runs_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    MINIATURES["eurosat"](tmp_path)
    monkeypatch.chdir(tmp_path)
    plain = "name: EuroSAT\n"
    for text in (plain, plain + "about: {citation: another}\n"):
        Path("mine.yaml").write_text(text)
        assert main(["ingest", "folders", "EuroSAT/2750", "--source", "mine.yaml", "--out", "out"]) == 0
    assert len(samples(tmp_path / "out")) == 2
