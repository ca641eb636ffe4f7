"""Scores of texts: what the scorers give, what the tables hold, and how a job that was killed goes on."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from statistics import mean, pvariance
from typing import Any

import numpy as np
import open_clip
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import ray
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mpgi_ray.curate.choice import read_choice
from mpgi_ray.curate.scorers.text import repetition
from mpgi_ray.curate.scores import Scores, score, scorer
from mpgi_ray.curate.scores.scorer import Named, Shown, load_scorers
from mpgi_ray.curate.scores.scoring import Done, Job, Scoring, texts_of
from mpgi_ray.curate.scores.table import Column, scores_table, tally_of
from mpgi_ray.curate.sources import Source
from mpgi_ray.data.box import Box
from mpgi_ray.data.caption import Caption
from mpgi_ray.data.sample import Annotation, LabelClass, Object, Rejected, Sample
from mpgi_ray.data.shards import ShardFields
from mpgi_ray.errors import InputError, OutputError, RecipeError
from mpgi_ray.models import checkpoint
from mpgi_ray.models.architecture import Architecture
from mpgi_ray.models.place import revision_of
from support.build import noise, tar

TESTS = Path(__file__).parents[1]
TINY = Architecture(
    "tiny",
    {
        "embed_dim": 32,
        "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 8, "head_width": 32},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 2},
    },
    {},
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("model")
    checkpoint.save(folder, TINY, checkpoint.build(TINY)[0])
    return str(folder)


def sample(index: int, image: bytes, **told: Any) -> Sample:
    width, height = (32, 32) if not image else Image.open(io.BytesIO(image)).size
    return Sample(f"k{index}", index, image, "jpg", Annotation(width=width, height=height, **told), "name")


def encoded(image: Image.Image, kind: str = "PNG") -> bytes:
    sink = io.BytesIO()
    image.save(sink, kind)
    return sink.getvalue()


def values(choice: str, *samples: Shown) -> list[tuple[float | str, ...]]:
    (one,) = load_scorers([read_choice(choice)])
    return [tuple(row) for row in one.open(gpu=False)(samples)]


def test_scores_are_those_of_plain_open_clip(model: str) -> None:
    """Of pictures of several forms, with their turns more than a batch; texts of one to hundreds of words."""
    colour = Image.open(io.BytesIO(noise(1, 96)))
    odd = [colour.resize((60, 40)), colour.convert("L"), colour.convert("P"), colour.convert("CMYK")]
    kinds = ["PNG", "PNG", "PNG", "TIFF"]
    images = [encoded(*one) for one in zip(odd, kinds, strict=True)]
    images += [noise(seed, 24 + seed) for seed in range(16)]
    long = "many ships beside a long grey pier in a harbour " * 20
    shown = [
        Shown(sample(n, image), (Named("a", 0, f"Ship {n % 7}."), Named("b", 0, long if n % 3 else "Sea.")))
        for n, image in enumerate(images)
    ]
    found = values(f"clip:model={model},rotations=6", *shown)

    network, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{model}")
    tokenize = open_clip.get_tokenizer(f"local-dir:{model}")
    network.eval()
    expected = []
    with torch.inference_mode():
        for one in shown:
            picture = Image.open(io.BytesIO(one.sample.image)).convert("RGB")
            turns = [picture.rotate(60 * turn, Image.Resampling.BICUBIC) for turn in range(6)]
            features = network.encode_image(torch.stack(list(map(preprocess, turns))), normalize=True)
            for text in one.texts:
                cosines = (features @ network.encode_text(tokenize([text.text]), normalize=True)[0]).tolist()
                expected.append((cosines[0], pvariance(cosines)))
    assert np.ptp(np.array(expected), axis=0).min() > 1e-4  # the pictures and texts differ
    np.testing.assert_allclose(np.array(found), np.array(expected), rtol=0, atol=1e-4)
    np.testing.assert_allclose(np.array(found)[:, 1], np.array(expected)[:, 1], rtol=0.01)
    plain = values(f"clip:model={model},column=small", *shown)
    np.testing.assert_allclose(np.array(plain)[:, 0], np.array(found)[:, 0], rtol=0, atol=1e-5)


def test_pictures_without_a_score_are_told_and_move_no_other(model: str) -> None:
    text = (Named("a", 0, "A ship."), Named("b", 0, "A pier."))
    good = Shown(sample(0, noise(0)), text)
    infrared = Shown(sample(1, noise(1), false_colour=True), text)
    torn = Shown(replace(sample(2, noise(2)), image=noise(2)[:-300]), text)
    found = values(f"clip:model={model},rotations=2", infrared, good, torn)
    assert found[:2] == [("false_colour", "false_colour")] * 2
    assert found[4:] == [("broken_image", "broken_image")] * 2
    np.testing.assert_allclose(found[2:4], values(f"clip:model={model},rotations=2", good), atol=1e-6)
    assert values(f"clip:model={model}", infrared) == [("false_colour",)] * 2


def test_claims_are_counted_against_annotation_and_pixels() -> None:
    pixels = Image.new("RGB", (100, 100), (40, 120, 50))
    pixels.paste((200, 30, 30), (10, 10, 50, 50))
    box = Object(label="building", box=Box(10, 10, 50, 50))
    vocabulary = {label: LabelClass(exhaustive=True) for label in ("building", "crane")}
    known = sample(0, encoded(pixels), objects=(box,), vocabulary=vocabulary)
    told = ("A red building.", "A blue building.", "A building and a crane.", "It is a fine day.")
    texts = tuple(Named("a", n, text) for n, text in enumerate(told))
    measured = values("truth", Shown(known, texts))
    annotated = values("truth:measured=false", Shown(known, texts))
    assert [row[:3] for row in measured] == [(2, 0, 0), (1, 1, 0), (1, 1, 0), (0, 0, 0)]
    assert [row[:3] for row in annotated] == [(1, 0, 1), (1, 0, 1), (1, 1, 0), (0, 0, 0)]
    assert [row[3] for row in measured] == [1, 1, 1, 0]
    bare = Shown(sample(0, encoded(pixels)), texts)
    assert [row[3] for row in values("truth", bare)] == ["nothing_annotated"] * 4


@given(st.lists(st.sampled_from(["a", "ship", "Pier,", "it's", "sea-side"]), max_size=30))
def test_repetition_is_the_share_of_runs_that_occurred_before(words: list[str]) -> None:
    runs = [" ".join(words[n : n + 3]) for n in range(len(words) - 2)]
    before = sum(run in runs[:n] for n, run in enumerate(runs))
    text = "  ".join(words)
    assert repetition(text) == pytest.approx(before / len(runs) if runs else 0)
    assert repetition(text.upper() + "!") == repetition(text)


def test_words_and_tokens() -> None:
    text = "Two ships, one grey pier."
    ((words, tokens, repeated),) = values("text", Shown(sample(0, noise(0)), (Named("a", 0, text),)))
    assert (words, repeated) == (5, 0)
    assert tokens == len(open_clip.tokenizer.SimpleTokenizer().encode(text)) + 2


def test_rows_are_the_ok_texts_in_order_and_all_else_is_counted() -> None:
    def caption(index: int, name: str, text: str, **fields: str) -> Caption:
        place = {"caption_id": "", "sample_id": "", "shard": "s", "index": index, "key": "k"}
        return Caption(**place, perspective=name, text=text, **({"stage": "integrated"} | fields))

    bad = {"status": "rejected", "reason": "format"}
    captions = [
        caption(0, "long", "A long text."),
        caption(0, "short", "Straße."),
        caption(1, "short", "", **bad),
        caption(1, "short", "", status="retried", reason="format"),
        caption(2, "short", "A ship."),
        caption(4, "", "", stage="input", status="rejected", reason="empty_image"),
        caption(5, "short", "", status="failed", reason="engine"),
    ]
    entries: list[Sample | Rejected] = [sample(n, noise(n)) for n in range(4)]
    entries[0] = sample(0, noise(0), captions=("One.", " ", "Two."))
    entries += [Rejected("k4", 4, "empty_image", ""), sample(5, noise(5))]
    samples, tally = texts_of("s", entries, captions, ("short", "long"))
    columns = (Column("x", "test", "m", "r"),)
    table = scores_table(
        "s", samples, columns, [(1.0,), ("none",), (2.0,), (float("nan"),), ("odd",)], tally, {}
    )
    places = [(row["index"], row["name"], row["number"], row["x"]) for row in table.to_pylist()]
    assert places == [
        (0, "short", 0, 1.0),
        (0, "long", 0, None),
        (0, "captions", 0, 2.0),
        (0, "captions", 1, None),
        (2, "short", 0, None),
    ]
    digest = hashlib.blake2b("Straße.".encode(), digest_size=8).digest()
    assert table["text_hash"][0].as_py() == int.from_bytes(digest, "little")
    told = tally_of(table.schema.metadata)
    assert told.samples == 2
    assert told.left_out == {"no_text": 2, "not_captioned": 1, "empty_image": 1}
    assert told.texts_left_out == {"rejected": 1, "failed": 1}
    assert told.none == {"x": {"none": 1, "odd": 1, "not_finite": 1}}
    assert table.field("x").metadata == {b"scorer": b"test", b"model": b"m", b"revision": b"r"}
    assert table.schema.field("x").type == pa.float64()
    assert not len(scores_table("s", [], columns, [], tally, {}))


def test_a_revision_is_the_hash_of_the_weights(model: str, tmp_path: Path) -> None:
    weights = tmp_path / "weights.pt"
    weights.write_bytes(bytes(range(256)))
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    assert revision_of(f"ViT-B-32-quickgelu@{weights}") == f"sha256:{digest[:16]}"
    before = revision_of(model)
    other = tmp_path / "other"
    torch.manual_seed(1)
    checkpoint.save(other, TINY, checkpoint.build(TINY)[0])
    assert revision_of(str(other)) != before == revision_of(model)


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        (["clp:model=x"], "there is no scorer 'clp': did you mean 'clip'"),
        (["text:words=3"], "scorer text: unknown key 'words'"),
        (["clip:model=/a", "clip:model=/b"], "two columns 'clip': .*column=clip_large"),
        (["clip:model=/a,column=name"], "two columns 'name'"),
    ],
)
def test_what_is_wrong_with_a_scorer_is_said(choices: list[str], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        load_scorers([read_choice(one, "--scorer") for one in choices])


def test_a_model_that_is_not_there_is_told_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(tar(("0.jpg", noise(0)), ("0.txt", b"A ship.")))
    choice = read_choice(f"clip:model={tmp_path}/none")
    out = tmp_path / "out"
    with pytest.raises(InputError, match=r"none is not a checkpoint, it lacks .*or NAME@FILE"):
        score(Scores(shards=str(tmp_path / "*.tar"), output=str(out), scorers=(choice,)))
    assert not out.exists()


def test_a_shard_that_cannot_be_read_is_left_out_only_if_it_has_no_captions(tmp_path: Path) -> None:
    (tmp_path / "torn.tar").write_bytes(tar(("0.jpg", noise(0)))[:700])
    source = Source("torn", "torn.tar", ())
    job = Job(None, str(tmp_path / "out"), str(tmp_path), ShardFields(), (), (), (), gpu=False)
    with pytest.raises(InputError, match=r"torn\.tar"):
        Scoring(job)(source)
    assert Scoring(replace(job, captions=str(tmp_path)))(source) == Done("torn", unreadable=True)
    assert not (tmp_path / "out").exists()


KILLED = """
import sys
from mpgi_ray.cli.main import main
from mpgi_ray.curate.scores import scorer

scorer._SCORERS = "support.scorers"
sys.exit(main(["score", *sys.argv[1:]]))
"""


@pytest.mark.usefixtures("ray_cluster")
def test_no_text_is_scored_twice_when_a_worker_and_the_driver_are_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for shard in range(6):
        members = [
            member
            for n in range(4)
            for key in [f"s{shard}-{n}"]
            for member in (
                (f"{key}.jpg", noise(10 * shard + n)),
                (f"{key}.txt", f"Ship {key}.\nSea.".encode()),
            )
        ]
        bare = (f"s{shard}-x.txt", b"no picture")
        (tmp_path / f"s{shard}.tar").write_bytes(tar(*members, bare))
    out, log, shards = tmp_path / "out", tmp_path / "log", str(tmp_path / "*.tar")
    chosen = f"counting:log={log},lease={out}/lease.json,kill={{s1-0: worker, s3-0: driver}}"
    command = [sys.executable, "-c", KILLED, "--shards", shards, "--out", str(out), "--scorer", chosen]
    found = {"PYTHONPATH": os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])}
    environment = os.environ | found | {"RAY_ADDRESS": ray.get_runtime_context().gcs_address}
    done = subprocess.run([*command, "--cpus", "1"], env=environment, capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    before = {path.name: path.stat().st_mtime_ns for path in (out / "scores").iterdir()}
    assert set(before) >= {"s0.parquet", "s1.parquet", "s2.parquet"}
    assert not (out / "summary.json").exists()

    monkeypatch.setattr(scorer, "_SCORERS", "support.scorers")
    config = Scores(shards=shards, output=str(out), scorers=(read_choice(chosen),), cpus=1)
    summary = score(config)
    assert (summary.texts, summary.samples, summary.left_out) == (48, 24, {"missing_image": 6})
    lines = Counter(log.read_text().splitlines())
    assert len(lines) == 48
    assert set(lines.values()) == {1}
    tables = [pq.ParquetFile(path).read() for path in sorted((out / "scores").iterdir())]
    rows = pa.concat_tables([table.replace_schema_metadata() for table in tables]).to_pylist()
    assert {f"{row['key']} {row['name']} {row['number']}" for row in rows} == set(lines)
    assert {name: (out / "scores" / name).stat().st_mtime_ns for name in before} == before
    letters = [row["letters"] for row in rows]
    figure = summary.scores["letters"].of
    assert (figure["least"], figure["most"], figure["mean"]) == (4, 10, pytest.approx(mean(letters)))
    assert figure["p90"] == pytest.approx(np.quantile(letters, 0.9))
    assert sorted(path.name for path in out.iterdir()) == ["score.json", "scores", "summary.json"]
    assert score(config).nothing_to_do
    lost = next((out / "scores").rglob("*.parquet"))
    content = lost.read_bytes()
    lost.unlink()
    assert not score(config).nothing_to_do
    assert lost.read_bytes() == content
    with pytest.raises(OutputError, match=r"other settings: scorers\.0 was"):
        score(config.model_copy(update={"scorers": (read_choice("counting:log=x"),)}))
