"""How fast our training is against open_clip's own trainer, `open_clip_train`.

Both sides train the same model from the same weights on the same final shards for one epoch: Ray Data and
Ray Train with one worker, and the trainer in open_clip's wheel with the webdataset release that it works
with. In each pair one runs after the other, in processes of their own; who is first changes each time.

Equal work: each picture is decoded once and resized bicubically (theirs: out of a random crop of at least
nine tenths, ours: whole), each text has about 75 tokens of the stock tokenizer, and the optimiser, gradient
clipping, precision (float32; on a GPU bfloat16 autocast) and number of threads are the same. A run with
another number of threads ends the benchmark.

The clock runs from the arrival of the first batch to the end of the last step. So start-up is left out, and
all reading but that of a few batches counts: a side that reads far ahead pays for it in the first steps. The
default model is a transformer of 22 M parameters for 64 pixels.

The last line is one JSON object: median and lower quartile of the ratio of our samples a second to theirs,
and the median share of our time that was spent waiting for data. Each pair's steps are written to ``--rows``.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import open_clip
import torch
from pictures import noise_jpegs

from mpgi_ray.data.tar_write import write_members
from mpgi_ray.models import checkpoint
from mpgi_ray.models.architecture import Architecture, stock
from mpgi_ray.train import trainer
from mpgi_ray.train.config import TrainConfig
from mpgi_ray.train.tracking import read_log
from mpgi_ray.train.worker import work

CORES = len(os.sched_getaffinity(0))
SMALL = {
    "embed_dim": 256,
    "vision_cfg": {"image_size": 64, "patch_size": 8, "layers": 6, "width": 256, "head_width": 64},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "layers": 6, "width": 256, "heads": 4},
}
LR, WEIGHT_DECAY, MAX_GRADIENT = 1e-4, 0.2, 1.0
WORDS = ("two", "large", "grey", "white", "ships", "roads", "houses", "trees", "beside", "near")
LOGGED = re.compile(r"Data \(t\): (?P<data>[\d.]+) .*, (?P<speed>[\d.e+-]+)/s, ")


def write_shards(folder: Path, samples: int, shards: int) -> None:
    """Final shards of 256×256 JPEGs of about 15 kB, smooth colour with noise, and a text of 70 words each."""
    words, pool = random.Random(0), noise_jpegs()
    folder.mkdir()
    for number in range(shards):
        members = []
        for i in range(samples * number // shards, samples * (number + 1) // shards):
            text = " ".join(words.choices(WORDS, k=70))
            note = {"sample_id": f"{i:08d}", "texts": {"long": text}}
            fields = {"jpg": pool[i % len(pool)], "json": json.dumps(note).encode(), "txt": text.encode()}
            members.append((f"{i:08d}", fields))
        (folder / f"shard-{number:06d}.tar").write_bytes(write_members(members))


def write_model(folder: Path, name: str | None) -> int:
    """A checkpoint with fresh weights, for both sides to start from; returns its parameters."""
    if name is None:
        preprocess = asdict(open_clip.transform.PreprocessCfg(size=64))
        architecture = Architecture("train-speed", SMALL, preprocess)
    else:
        architecture = stock(name)
    torch.manual_seed(0)
    model, _, _ = checkpoint.build(architecture)
    checkpoint.save(folder, architecture, model)
    return sum(parameter.numel() for parameter in model.parameters())


def watched(told: dict[str, Any]) -> Any:
    """A worker of ours that leaves a note of how many threads it computed with."""
    problem = work(told)
    Path(f"{told['run'].config.output}.threads").write_text(str(torch.get_num_threads()))
    return problem


def ours(options: argparse.Namespace, scratch: Path, run: str) -> dict[str, Any]:
    """Threads, and the seconds and the waits for data of each step."""
    config = TrainConfig(
        shards=str(scratch / "shards"),
        output=str(scratch / run),
        model=str(scratch / "model"),
        steps=options.steps,
        batch=options.batch,
        lr=LR,
        weight_decay=WEIGHT_DECAY,
        max_gradient=MAX_GRADIENT,
        save_every=options.steps,
        gpu=options.gpu,
    )
    trainer.work = watched
    trainer.train(config)
    log = read_log(config.output)
    seconds = [options.batch / step["samples_per_second"] for step in log]
    waits = [step["data_wait"] * spent for step, spent in zip(log, seconds, strict=True)]
    threads = int(Path(f"{config.output}.threads").read_text())
    return {"threads": threads, "seconds": seconds, "waits": waits}


def theirs(options: argparse.Namespace, scratch: Path, run: str) -> dict[str, Any]:
    """As `ours`, of `open_clip_train.main`."""
    from open_clip_train.main import main

    arguments = {
        "train-data": f"{scratch}/shards/shard-{{000000..{2 * options.loaders - 1:06d}}}.tar",
        "train-num-samples": options.batch * options.steps,
        "dataset-type": "webdataset",
        "model": f"local-dir:{scratch}/model",
        "batch-size": options.batch,
        "epochs": 1,
        "workers": options.loaders,
        "precision": "amp_bf16" if options.gpu else "fp32",
        "device": "cuda" if options.gpu else "cpu",
        "lr": LR,
        "wd": WEIGHT_DECAY,
        "beta1": 0.9,
        "beta2": 0.98,
        "eps": 1e-6,
        "warmup": options.steps // 10,
        "grad-clip-norm": MAX_GRADIENT,
        "log-every-n-steps": 1,
        "logs": scratch,
        "name": run,
    }
    main([word for name, value in arguments.items() for word in (f"--{name}", str(value))])
    log = [found for line in (scratch / run / "out.log").open() if (found := LOGGED.search(line))]
    seconds = [options.batch / float(step["speed"]) for step in log]
    waited = [float(step["data"]) * number for number, step in enumerate(log, 1)]  # logged as mean so far
    waits = [now - before for before, now in zip([0.0, *waited], waited, strict=False)]
    return {"threads": torch.get_num_threads(), "seconds": seconds, "waits": waits}


def side(name: str, options: argparse.Namespace, scratch: Path, run: str) -> dict[str, Any]:
    """Run one side in a process of its own."""
    given = [f"--{key}={getattr(options, key)}" for key in ("batch", "steps", "loaders")]
    command = [sys.executable, __file__, "--side", name, "--scratch", str(scratch), "--run", run, *given]
    command += ["--gpu"] if options.gpu else []
    # a process by itself may take hyper-threads for cores or not; our workers take what they may run on
    environment = dict(os.environ)
    if name == "theirs":
        environment |= {"OMP_NUM_THREADS": str(CORES), "PYTHONPATH": str(scratch / "webdataset")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-4000:]}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if len(figures["seconds"]) != options.steps:
        raise SystemExit(f"{name} logged {len(figures['seconds'])} steps, expected {options.steps}")
    return figures


def install_webdataset(folder: Path) -> None:
    """The last webdataset that `open_clip_train` reads shards with, for its side alone."""
    uv = Path(sys.executable).with_name("uv")
    wanted = ["--no-deps", "--target", str(folder), "webdataset==0.2.86"]
    subprocess.run([str(uv), "pip", "install", "-q", *wanted], check=True)


def measured(figures: dict[str, Any], options: argparse.Namespace) -> tuple[float, float]:
    """Samples a second, and the share of the time that was waited for data, without the first wait."""
    start, *waits = figures["waits"]
    seconds = sum(figures["seconds"]) - start
    return options.batch * options.steps / seconds, sum(waits) / seconds


def arguments() -> argparse.Namespace:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--model", help="a CLIP that open_clip knows by name, instead of the small one")
    parser.add_argument("--gpu", action="store_true", help="both sides on one GPU, in bfloat16")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=48)
    parser.add_argument("--loaders", type=int, default=2, help="processes that read for open_clip_train")
    parser.add_argument("--rows", type=Path, default=Path("build/train_speed.jsonl"))
    parser.add_argument("--side", choices=["ours", "theirs"], help=argparse.SUPPRESS)
    parser.add_argument("--scratch", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--run", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.steps % (2 * options.loaders) or options.pairs < 2:
        parser.error("--steps: expected a multiple of twice --loaders; --pairs: 2 or more")
    return options


def main() -> None:
    options = arguments()
    if options.side:
        print(json.dumps((ours if options.side == "ours" else theirs)(options, options.scratch, options.run)))
        return
    options.rows.parent.mkdir(parents=True, exist_ok=True)
    ratios, waits = [], []
    with tempfile.TemporaryDirectory(prefix="mpgi-bench-") as name, options.rows.open("w") as file:
        scratch = Path(name)
        write_shards(scratch / "shards", options.batch * options.steps, 2 * options.loaders)
        install_webdataset(scratch / "webdataset")
        parameters = write_model(scratch / "model", options.model)
        print(
            f"{options.model or 'small transformer'}, {parameters / 1e6:.0f} M parameters, batch "
            f"{options.batch}, {options.steps} steps, {CORES} threads\n"
            f"{'pair':>4} {'ours/s':>8} {'theirs/s':>8} {'ratio':>6} {'our wait':>8} {'their wait':>10} "
            f"{'load':>5}"
        )
        for pair in range(options.pairs):
            order = ("ours", "theirs") if pair % 2 == 0 else ("theirs", "ours")
            figures = {which: side(which, options, scratch, f"{which}-{pair}") for which in order}
            threads = {which: found["threads"] for which, found in figures.items()}
            if len(set(threads.values())) > 1:
                raise SystemExit(f"the sides did not compute with equally many threads: {threads}")
            (our_speed, our_wait), (their_speed, their_wait) = (
                measured(figures[which], options) for which in ("ours", "theirs")
            )
            ratios.append(our_speed / their_speed)
            waits.append(our_wait)
            load = os.getloadavg()[0]
            print(
                f"{pair:>4} {our_speed:>8.1f} {their_speed:>8.1f} {ratios[-1]:>6.3f} {our_wait:>8.1%} "
                f"{their_wait:>10.1%} {load:>5.1f}",
                flush=True,
            )
            file.write(json.dumps({"pair": pair, "first": order[0], "load": load, **figures}) + "\n")
    summary = {
        "median": statistics.median(ratios),
        "lower_quartile": statistics.quantiles(ratios, n=4, method="inclusive")[0],
        "data_wait": statistics.median(waits),
    }
    print(
        f"lower quartile of the ratio {summary['lower_quartile']:.3f} (0.9 or more expected), "
        f"waiting for data {summary['data_wait']:.1%} (5 % or less expected)"
    )
    details = {"parameters": parameters, "batch": options.batch, "steps": options.steps, "threads": threads}
    print(json.dumps({**summary, "ratios": ratios, **details, "gpu": options.gpu}))


if __name__ == "__main__":
    main()
