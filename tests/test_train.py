"""Training on small coloured shapes: from final shards to a checkpoint that retrieves."""

from __future__ import annotations

import io
import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import open_clip
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing
import webdataset
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from torch.nn.parallel import DistributedDataParallel

from mpgi_ray.errors import InputError, MpgiError, OutputError, RecipeError
from mpgi_ray.evaluate.checkpoint import evaluate, table
from mpgi_ray.train import checkpoint
from mpgi_ray.train.clip import clip_loss, contrastive_loss
from mpgi_ray.train.data import Batch, Loader, choose_text, plan_epoch, scan
from mpgi_ray.train.loop import fit, learning_rate, parameter_groups
from mpgi_ray.train.records import Record, list_shards, read_records
from mpgi_ray.train.tokenizer import END, PAD, START, TextTokenizer
from mpgi_ray.train.trainer import TrainConfig, train

COLOURS = {"red": (200, 40, 40), "green": (40, 170, 60), "blue": (50, 70, 210), "yellow": (220, 210, 60)}
GROUNDS = {"water": (20, 60, 110), "sand": (205, 185, 140), "grass": (70, 110, 60), "asphalt": (70, 70, 75)}
SHAPES = ("building", "tank")
PLACES = {"left": 10, "right": 38}


def write_shapes(folder: Path, count: int, *, seed: int = 0, shards: int = 4, split: str = "train") -> Path:
    """Final shards of one shape each on a ground, with two perspectives."""
    rng = random.Random(seed)
    folder.mkdir(parents=True)
    writers = [webdataset.TarWriter(str(folder / f"shard-{i:06d}.tar")) for i in range(shards)]
    for index in range(count):
        colour, ground = rng.choice(list(COLOURS)), rng.choice(list(GROUNDS))
        shape, place = rng.choice(SHAPES), rng.choice(list(PLACES))
        image = Image.new("RGB", (64, 64), tuple(c + rng.randint(-9, 9) for c in GROUNDS[ground]))
        x, y = PLACES[place] + rng.randint(-6, 6), rng.randint(10, 38)
        draw = ImageDraw.Draw(image)
        (draw.rectangle if shape == "building" else draw.ellipse)((x, y, x + 16, y + 16), COLOURS[colour])
        png = io.BytesIO()
        image.save(png, "PNG")
        texts = {
            "objects": f"There is one {colour} {shape} on {ground}.",
            "layout": f"A {colour} {shape} stands on the {place} of the {ground}.",
        }
        note = {"scene": [ground], "split": split, "captions": list(texts.values())}
        writers[index % shards].write(
            {
                "__key__": f"{index:05d}",
                "png": png.getvalue(),
                "json": {"sample_id": f"{seed}-{index}", "texts": texts, "annotation": note},
                "txt": texts["objects"],
            }
        )
    for writer in writers:
        writer.close()
    return folder


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shapes(tmp_path_factory.mktemp("data") / "train", 200)


@pytest.fixture(scope="module")
def trained(shapes: Path, tmp_path_factory: pytest.TempPathFactory, ray_cluster: None) -> Path:
    output = tmp_path_factory.mktemp("model") / "run"
    result = train(TrainConfig(shards=shapes, output=output, steps=60, batch=64, lr=1e-3))
    assert (result.checkpoint, result.steps, result.samples) == (output, 60, 200)
    return output


def test_training_learns_to_retrieve_unseen_pictures(trained: Path, tmp_path: Path) -> None:
    held_out = write_shapes(tmp_path / "test", 60, seed=1, split="test")
    metrics = evaluate(trained, held_out, tmp_path, split="test", text="layout")
    model, merged = metrics["rows"]["model"], metrics["rows"]["model, equal texts merged"]
    assert all(name in table(metrics) for name in metrics["rows"])
    assert model["mean_recall"] > 4 * metrics["rows"]["chance"]["mean_recall"]
    assert model["mean_recall"] > 1.3 * metrics["rows"]["class oracle"]["mean_recall"]
    assert merged["mean_recall"] > model["mean_recall"]
    assert json.loads((tmp_path / "metrics.json").read_text()) == metrics
    captions = evaluate(trained, held_out, tmp_path, text="captions")
    assert (captions["images"], captions["texts"]) == (60, 120)


def test_a_run_leaves_its_checkpoint_and_a_line_a_step(trained: Path, shapes: Path) -> None:
    log = [json.loads(line) for line in (trained / "train.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log] == list(range(1, 61))
    assert log[-1]["loss"] < log[0]["loss"] / 1.5
    assert sorted(path.name for path in trained.iterdir()) == [
        "open_clip_config.json",
        "open_clip_pytorch_model.bin",
        "tokenizer.json",
        "train.jsonl",
    ]
    with pytest.raises(OutputError, match="holds a checkpoint already"):
        train(TrainConfig(shards=shapes, output=trained, steps=1))


def test_open_clip_reads_the_checkpoint_as_it_is(trained: Path, shapes: Path) -> None:
    model, preprocess, tokenize = checkpoint.load(trained)
    plain, _, plain_preprocess = open_clip.create_model_and_transforms(f"local-dir:{trained}")
    picture = Image.open(io.BytesIO(next(read_records(list_shards(shapes))).image))
    pixels, plain_pixels = preprocess(picture)[None], plain_preprocess(picture)[None]
    tokens = tokenize(["There is one red tank on sand."])
    assert torch.equal(pixels, plain_pixels)
    assert torch.equal(model.encode_image(pixels), plain.eval().encode_image(pixels))
    assert torch.equal(model.encode_text(tokens), plain.encode_text(tokens))


def test_a_checkpoint_must_be_whole(tmp_path: Path) -> None:
    (tmp_path / checkpoint.CONFIG).write_text("{}")
    with pytest.raises(InputError, match=f"{checkpoint.WEIGHTS} missing"):
        checkpoint.load(tmp_path)


def test_a_stock_model_keeps_its_activation_and_name(tmp_path: Path) -> None:
    architecture = checkpoint.stock("ViT-B-32-quickgelu")
    layers = {"layers": 1, "width": 64}  # the real size is no help here
    model_cfg = architecture.model_cfg | {"embed_dim": 32}
    model_cfg["vision_cfg"] = model_cfg["vision_cfg"] | layers
    model_cfg["text_cfg"] = model_cfg["text_cfg"] | layers | {"heads": 1, "vocab_size": 49408}
    architecture = replace(architecture, model_cfg=model_cfg)
    model, _, tokenize = checkpoint.build(architecture)
    checkpoint.save(tmp_path, architecture, model)
    loaded, _, loaded_tokenize = checkpoint.load(tmp_path)
    tokens = tokenize(["an airport"])
    assert type(loaded.visual.transformer.resblocks[0].mlp.gelu).__name__ == "QuickGELU"
    assert torch.equal(tokens, loaded_tokenize(["an airport"]))
    assert torch.equal(model.eval().encode_text(tokens), loaded.encode_text(tokens))
    with pytest.raises(RecipeError, match="unknown model 'ViT-X'"):
        checkpoint.stock("ViT-X")


def _gradients(rank: int, workers: int, folder: str) -> None:
    """One backward pass of this worker's part of a batch of 8; the first worker saves loss and gradients."""
    torch.set_num_threads(1)
    if workers > 1:
        store = f"file://{folder}/store"
        dist.init_process_group("gloo", init_method=store, rank=rank, world_size=workers)
    tokenizer = TextTokenizer.train(["a red ship", "two green trees", "some sand"], 16)
    torch.manual_seed(0)
    architecture = checkpoint.small(tokenizer)
    # no batch norm, whose statistics each worker takes from its own part
    tower = {"image_size": 64, "patch_size": 16, "layers": 2, "width": 64, "head_width": 32}
    architecture = replace(architecture, model_cfg=architecture.model_cfg | {"vision_cfg": tower})
    plain, _, _ = checkpoint.build(architecture)
    model = DistributedDataParallel(plain) if workers > 1 else plain
    # texts repeat within a worker's half and across the halves
    texts = ["a red ship", "sand", "two trees", "sand", "a ship", "a red ship", "trees", "a red ship"]
    pixels = torch.randn(8, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    part = slice(rank * 8 // workers, (rank + 1) * 8 // workers)
    loss = clip_loss(model, Batch(pixels[part], tokenizer(texts)[part], ()))
    loss.backward()
    value = loss.detach().clone()
    if workers > 1:
        dist.all_reduce(value)
    if rank == 0:
        gradients = {name: p.grad for name, p in plain.named_parameters()}
        torch.save((value / workers, gradients), f"{folder}/{workers}.pt")
    if workers > 1:
        dist.destroy_process_group()


def test_two_workers_have_the_gradients_of_one_with_the_whole_batch(tmp_path: Path) -> None:
    for workers in (1, 2):
        torch.multiprocessing.spawn(_gradients, (workers, str(tmp_path)), nprocs=workers)
    (one_loss, one), (two_loss, two) = (torch.load(tmp_path / f"{workers}.pt") for workers in (1, 2))
    torch.testing.assert_close(two_loss, one_loss, atol=1e-5, rtol=0)
    assert one["logit_scale"].abs() > 1e-3
    for name, gradient in one.items():
        torch.testing.assert_close(two[name], gradient, atol=1e-5, rtol=0, msg=lambda m, n=name: f"{n}: {m}")


def test_a_repeated_text_is_no_negative() -> None:
    features = torch.nn.functional.normalize(torch.randn(4, 8), dim=1)
    tokens = torch.tensor([[1, 5, 2], [1, 6, 2], [1, 5, 2], [1, 7, 2]])
    scale = torch.tensor(10.0)
    logits = scale * features @ features.T
    expected = torch.zeros(())
    for i in range(4):
        rivals = [j for j in range(4) if j == i or not torch.equal(tokens[i], tokens[j])]
        expected += torch.logsumexp(logits[i, rivals], 0) - logits[i, i]
    torch.testing.assert_close(contrastive_loss(features, features, scale, tokens), expected / 4)


def test_a_loss_that_is_not_finite_stops_with_step_and_samples() -> None:
    model = torch.nn.Linear(1, 1)
    model.logit_scale = torch.nn.Parameter(torch.zeros(()))

    def loss(model: torch.nn.Module, batch: Batch) -> torch.Tensor:
        return model(batch.images).mean()

    good = Batch(torch.ones(2, 1), torch.zeros(2, 1), ("shard-0/a", "shard-0/b"))
    bad = replace(good, images=torch.full((2, 1), torch.nan), keys=("shard-1/c", "shard-1/d"))
    steps = fit(model, loss, [good, bad], steps=2, lr=1e-3)
    assert next(steps).step == 1
    before = model.weight.clone()
    with pytest.raises(MpgiError, match=r"step 2.*shard-1/c, shard-1/d"):
        next(steps)
    assert torch.equal(model.weight, before)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"batch": 512}, InputError, "200 samples in 4 shards.*gets 200 samples and needs 512"),
        ({"workers": 8, "batch": 64}, InputError, "gets 0 samples and needs 8"),
        ({"split": "val"}, InputError, "split 'val'.*hold splits train and texts layout, objects"),
        ({"texts": ("short",)}, InputError, "a text of short"),
        ({"model": "ViT-X"}, RecipeError, "unknown model"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_workers_start(
    shapes: Path, tmp_path: Path, change: dict[str, object], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        train(TrainConfig(shards=shapes, output=tmp_path / "run", steps=1, **change))
    with pytest.raises(InputError, match="no shards in"):
        train(TrainConfig(shards=tmp_path, output=tmp_path / "run", steps=1))


def test_a_broken_shard_is_named(shapes: Path, tmp_path: Path) -> None:
    whole = Path(list_shards(shapes)[0]).read_bytes()
    (tmp_path / "shard-000000.tar").write_bytes(whole[: len(whole) // 2 + 100])
    with pytest.raises(InputError, match=r"shard-000000\.tar"):
        list(read_records(list_shards(tmp_path)))


def test_configuration_asks_for_one_length_and_even_shares(tmp_path: Path) -> None:
    for wrong in ({}, {"steps": 1, "epochs": 1}, {"steps": 1, "workers": 3}, {"steps": 1, "bach": 2}):
        with pytest.raises(ValueError, match=r"epochs|batch|bach"):
            TrainConfig(shards=tmp_path, output=tmp_path, **wrong)


@given(
    counts=st.lists(st.integers(0, 50), min_size=1, max_size=12),
    workers=st.integers(1, 4),
    share=st.integers(1, 8),
    epoch=st.integers(0, 3),
)
def test_a_plan_deals_every_shard_once_and_no_worker_runs_dry(
    counts: list[int], workers: int, share: int, epoch: int
) -> None:
    try:
        plan = plan_epoch(counts, workers, share, 0, epoch)
    except InputError:
        assert len(counts) < workers or min(counts) < share
        return
    assert sorted(index for part in plan.parts for index in part) == list(range(len(counts)))
    assert len(plan.parts) == workers
    assert all(sum(counts[index] for index in part) >= plan.steps * share for part in plan.parts)
    assert plan.steps >= 1


def test_an_epoch_shows_each_picture_once_in_an_order_of_its_own(shapes: Path) -> None:
    source = scan(list_shards(shapes), "train", ("objects", "layout"))
    tokenizer = TextTokenizer.train(["one red building"], 24)
    _, preprocess, _ = checkpoint.build(checkpoint.small(tokenizer))

    def keys(epoch: int) -> list[str]:
        loader = Loader(source, preprocess, tokenizer, share=20, seed=0, threads=2)
        seen: list[str] = []
        for worker in (0, 1):
            plan = plan_epoch(source.counts, 2, 20, 0, epoch)
            for batch in loader.epoch(plan, worker, epoch):
                assert batch.images.shape == (20, 3, 64, 64)
                assert batch.tokens.shape == (20, 24)
                seen += batch.keys
        return seen

    first, second = keys(0), keys(1)
    assert len(first) == len(set(first)) == 200
    assert sorted(first) == sorted(second)
    assert first != second
    assert keys(0) == first


def test_texts_are_drawn_evenly_and_anew_each_epoch() -> None:
    def record(index: int) -> Record:
        return Record("s", "k", f"id{index}", {"objects": "o", "scene": "s", "long": "l"}, {}, b"")

    drawn = Counter(choose_text(record(i), ("objects", "scene", "short"), 0, 0) for i in range(1000))
    assert set(drawn) == {"o", "s"}
    assert min(drawn.values()) > 400
    over_epochs = {choose_text(record(0), ("objects", "scene"), 0, epoch) for epoch in range(20)}
    assert over_epochs == {"o", "s"}


@given(st.text(max_size=40))
@example("a pier at the <end> of <pad> the harbour")
def test_no_text_is_unknown_to_the_tokenizer(text: str) -> None:
    tokenizer = TextTokenizer.train(["two ships in the harbour"] * 3, 300)
    ids = tokenizer([text])[0].tolist()
    assert ids[0] == START
    assert ids.count(END) == 1
    end = ids.index(END)
    assert set(ids[end + 1 :]) <= {PAD}
    decoded = tokenizer.decode(ids)
    assert "\ufffd" not in decoded or "\ufffd" in text
    assert tokenizer.decode(tokenizer([decoded])[0].tolist()) == decoded


def test_the_tokenizer_is_small_deterministic_and_cuts_at_the_end_token() -> None:
    texts = [f"There are {n} ships near pier {n * 7}." for n in range(500)]
    first, second = TextTokenizer.train(texts, 8), TextTokenizer.train(texts, 8)
    assert first.to_json() == second.to_json()
    assert 259 < len(first) <= 2000
    assert first(["ships " * 20])[0, -1] == END
    assert torch.equal(first("SHIPS near"), first("ships near"))
    again = TextTokenizer.from_json(first.to_json(), 8)
    assert torch.equal(again(texts), first(texts))


def test_schedule_and_weight_decay() -> None:
    rates = [learning_rate(step, 100, 1.0) for step in range(1, 101)]
    assert rates[9] == max(rates) == 1.0
    assert rates == [*sorted(rates[:9]), *sorted(rates[9:], reverse=True)]
    assert rates[-1] == pytest.approx(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.LayerNorm(3))
    decayed, free = parameter_groups(model)
    assert [tuple(p.shape) for p in decayed["params"]] == [(3, 3)]
    assert len(free["params"]) == 3
    assert free["weight_decay"] == 0
