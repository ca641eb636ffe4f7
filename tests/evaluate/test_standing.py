"""Accuracies on classes are called zero-shot only if the training was on other data, and says so."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from PIL import Image

from mpgi_ray.cli.main import main
from mpgi_ray.data.final import list_shards
from mpgi_ray.data.sample import Annotation, Sample
from mpgi_ray.data.shards import sample_members
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.evaluate import test_set
from mpgi_ray.evaluate.leaked import Leaked
from mpgi_ray.evaluate.standing import standing
from mpgi_ray.models import checkpoint
from mpgi_ray.models.architecture import small
from mpgi_ray.models.model_folder import Seen
from mpgi_ray.models.tokenizer import TextTokenizer
from mpgi_ray.train.scan import scan
from support.grounds import encoded, ground

pytestmark = pytest.mark.usefixtures("ray_cluster")
TURNED, JPEG = Image.Transpose.ROTATE_90, {"kind": "JPEG", "quality": 40}


def sample(
    key: str, picture: Image.Image, split: str, source: str | None, kind: str = "PNG", **how: int
) -> Sample:
    note = Annotation(
        width=picture.width,
        height=picture.height,
        scene=("field" if picture.getpixel((0, 0))[0] % 2 else "river",),
        captions=("A field beside a river.",),
        split=split,
        source=source,
    )
    suffix = {"PNG": "png", "JPEG": "jpg"}[kind]
    return Sample(key, 0, encoded(picture, kind, **how), suffix, note, key)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Final shards, what leaks from their training pictures, and a model for each split of these."""
    folder = tmp_path_factory.mktemp("standing")
    asked = [ground(seed, 96) for seed in range(6)]
    train = [
        *(sample(f"c{seed}", ground(seed, 96), "clean", "ours") for seed in range(10, 14)),
        sample("turned", asked[0].transpose(TURNED), "leaky", "ours", **JPEG),
        sample("saved", asked[1], "leaky", "ours", **JPEG),
        sample("l2", ground(20, 96), "leaky", "ours"),
        sample("same", asked[2], "copied", "ours"),
        sample("own", ground(21, 96), "other split", "Asked"),
        sample("relative", ground(22, 96), "related", "Cut"),
        sample("unnamed", ground(23, 96), "unnamed", None),
    ]
    test = [sample(f"t{number}", picture, "test", "asked") for number, picture in enumerate(asked)]
    (folder / "shards").mkdir()
    for name, samples in {"train": train, "test": test}.items():
        (folder / "shards" / f"{name}.tar").write_bytes(write_members(map(sample_members, samples)))
    shards = {name: str(folder / "shards" / f"{name}.tar") for name in ("train", "test")}
    assert main(["leaks", shards["train"], "--against", shards["test"], "--out", str(folder / "leaks"),
                 "--no-overlaps"]) == 0  # fmt: skip
    assert main(["curate", "--shards", str(folder / "shards"), "--out", str(folder / "final")]) == 0
    torch.manual_seed(0)
    architecture = small(TextTokenizer.train(["A field beside a river."], 12))
    network, _, _ = checkpoint.build(architecture)
    for split in {one.annotation.split for one in train}:
        checkpoint.save(folder / split, architecture, network)
        _, seen = scan(list_shards(folder / "final"), split, {"captions": 1.0})
        (folder / split / "seen.json").write_text(json.dumps(asdict(seen)))
    return folder


def refused(folder: Path, model: str, *, leaks: bool = True) -> str:
    leaked = Leaked.read(str(folder / "leaks")) if leaks else None
    return standing(str(folder / model), test_set.TestSet.read(str(folder / "final"), "test"), leaked).refused


def test_a_model_that_was_trained_on_copies_is_refused_the_word_and_a_clean_one_is_not(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clean, leaky = str(folder / "clean"), str(folder / "leaky")
    asked = ["evaluate", str(folder / "final"), "--model", clean, "--model", leaky, "--out", str(tmp_path)]
    asked += ["--split", "test", "--text", "captions", "--leaks", str(folder / "leaks")]
    assert main(asked) == 0
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["leaks"] == str(folder / "leaks")
    assert metrics["not_zero_shot"] == {leaky: "2 of its training pictures show what these pictures show"}
    assert metrics["status"] == {
        clean: "no picture seen; no leak found; 2 of 2 classes seen; zero-shot",
        leaky: "no picture seen; LEAK: 2 training pictures show what these show (2 copy); "
        f"2 of 2 classes seen; not zero-shot: {metrics['not_zero_shot'][leaky]}",
    }
    assert {row["model"] for row in metrics["zero_shot"]} == {clean, leaky}
    said = capsys.readouterr().out.replace("\n", "")
    called, not_called = said.index("Zero shot, per cent"), said.index("Classes by name, not zero-shot")
    assert clean in said[called:not_called]
    assert leaky not in said[called:not_called]


def test_without_a_search_the_copies_are_not_known(folder: Path) -> None:
    assert refused(folder, "leaky", leaks=False) == ""


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ("copied", "1 of 6 pictures were in training, and 1 of its training pictures show what these"),
        ("other split", "pictures of asked were in training"),
        ("unnamed", "not all training pictures tell which data set they are of"),
    ],
)
def test_the_same_pictures_the_same_source_and_no_source_are_refused(
    folder: Path, model: str, why: str
) -> None:
    assert refused(folder, model).startswith(why)


def test_sources_that_are_made_of_the_same_pictures_are_one(folder: Path) -> None:
    test = test_set.TestSet.read(str(folder / "final"), "test")
    assert standing(str(folder / "related"), test).refused == ""
    made = standing(str(folder / "related"), test, None, [("cut", "asked")])
    assert made.refused == "pictures of asked were in training, as Cut"


def test_who_does_not_say_what_it_saw_is_not_called_zero_shot(folder: Path, tmp_path: Path) -> None:
    test = test_set.TestSet.read(str(folder / "final"), "test")
    published = standing("ViT-B-32-quickgelu@openai.pt", test)
    assert str(published).startswith("leak unknown: the model does not say what it was trained on")
    assert published.refused
    seen = json.loads((folder / "clean" / "seen.json").read_text())

    def told(**changes: object) -> str:
        record = {name: value for name, value in (seen | changes).items() if value is not None}
        (tmp_path / "seen.json").write_text(json.dumps(record))
        return standing(str(tmp_path), test).refused

    assert told() == ""
    assert told(before="openai") == ""  # pictures of the web at large
    assert told(before="RemoteCLIP.pt") == "RemoteCLIP.pt does not say what it was trained on"
    # the image tower of a run that started from OpenAI's, in a model of weights of which nothing is told
    both = Seen(before="RemoteCLIP.pt").after(Seen(before="openai")).before
    assert told(before=both) == "RemoteCLIP.pt does not say what it was trained on"
    # as an earlier version wrote it
    assert told(sources=None) == "not all training pictures tell which data set they are of"


def test_a_search_of_other_pictures_proves_nothing(folder: Path) -> None:
    leaked = Leaked.read(str(folder / "leaks"))
    asked = {"elsewhere"}
    trained = set(json.loads((folder / "leaky" / "seen.json").read_text())["samples"])
    between = leaked.between(trained | {"new"}, asked)
    assert between.pictures == 0
    assert between.compared == "1 of 4 training pictures and 1 of 1 test pictures"
    many = leaked.table.set_column(
        leaked.table.schema.get_field_index("met"), "met", [[2] * len(leaked.table)]
    )
    assert Leaked(None, many).between(trained, asked).unclear == 2
