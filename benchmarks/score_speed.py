"""How fast `mpgi score` is against a bare loop on the same model, and whether a kill makes it score twice.

Both sides embed the same pictures (256×256 JPEGs of about 15 kB) and the same texts, ``--captions`` to each,
with the same weights, in batches of 64 and on the same number of threads. In each pair one runs after the
other; who is first changes each time. The job is timed from its first published table to its last, over the
shards between: Ray's start and the model's load are left out of both sides. What counts for the job is all
else: reading and decoding, a table a shard, Ray's calls. The loop gets its pictures decoded, and publishes
nothing. Ray's workers run at the niceness of the loop here; usually they give way (`RAY_worker_niceness`).
Beside the ratio of texts a second stands that of texts a second of CPU time, of all processes, Ray's among
them: other programs on the machine disturb it less.

There are two loops. ``open_clip`` calls its preprocessing, ``encode_image`` and ``encode_text`` alone.
``trimmed`` encodes texts without the padding behind their end, as the job does: what is left of the
difference is the job's own cost.

With ``--texts`` so many texts are scored by a scorer that counts them, on one replica. Once the replica is
killed, then the driver; the same command goes on. Shown is how often each text was scored and published.

The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

os.environ.setdefault("RAY_worker_niceness", "0")  # before Ray is imported

import open_clip
import psutil
import pyarrow.parquet as pq
import torch
from pictures import noise_jpegs

from mpgi_ray.curate.choice import read_choice
from mpgi_ray.curate.scores import Scores, score
from mpgi_ray.data.image import decode
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.data.shards import read_shard
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.models import checkpoint
from mpgi_ray.models.architecture import Architecture, stock
from mpgi_ray.models.text_tower import encode_text

BATCH = 64
SMALL = {
    "embed_dim": 256,
    "vision_cfg": {"image_size": 224, "patch_size": 32, "layers": 8, "width": 384, "head_width": 64},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "layers": 6, "width": 256, "heads": 4},
}
WORDS = ("two", "large", "grey", "white", "ships", "roads", "houses", "trees", "beside", "near", "the", "of")
PARENT = Path(__file__).parents[1]
COUNTED = """
import sys
from mpgi_ray.cli.main import main
from mpgi_ray.curate.scores import scorer

scorer._SCORERS = "support.scorers"
sys.exit(main(["score", *sys.argv[1:]]))
"""


def write_shards(folder: Path, shards: int, samples: int, captions: int, pool: list[bytes]) -> None:
    """Shards of pictures with captions, which are all different, of 5 to 45 words."""
    drawn = random.Random(0)
    folder.mkdir()
    for number in range(shards):
        members = []
        for n in range(samples):
            key = f"{number:03d}-{n:04d}"
            words = [" ".join(drawn.choices(WORDS, k=drawn.randint(4, 44))) for _ in range(captions)]
            text = "\n".join(f"{key}{i} {told}" for i, told in enumerate(words))
            image = pool[(number * samples + n) % len(pool)]
            members.append((key, {"jpg": image, "txt": text.encode()}))
        (folder / f"s{number:03d}.tar").write_bytes(write_members(members))


def write_model(folder: Path, name: str | None) -> int:
    """A checkpoint with fresh weights; its parameters."""
    preprocess = asdict(open_clip.transform.PreprocessCfg(size=224))
    architecture = stock(name) if name else Architecture("score-speed", SMALL, preprocess)
    torch.manual_seed(0)
    model, _, _ = checkpoint.build(architecture)
    checkpoint.save(folder, architecture, model)
    return sum(parameter.numel() for parameter in model.parameters())


def samples_of(folder: Path) -> list[list[tuple[Any, list[str]]]]:
    """By shard, decoded pictures and their texts."""
    found = find_shards(str(folder))
    return [
        [
            (decode(one.image).pixels, list(one.annotation.captions))
            for one in read_shard(found.read(name), name)
        ]
        for name in found.files
    ]


class Watch(threading.Thread):
    """Looks at a folder of tables, and at the clocks whenever there is a new one.

    Attributes:
        seen: seconds and seconds of CPU of this process and all that it started, by number of tables.
    """

    def __init__(self, folder: Path, tables: int) -> None:
        super().__init__(daemon=True)
        self._folder, self._tables, self.seen = folder, tables, dict[int, tuple[float, float]]()

    def run(self) -> None:
        while self._tables not in self.seen:
            there = len(list(self._folder.glob("*.parquet"))) if self._folder.exists() else 0
            if there and there not in self.seen:
                self.seen[there] = time.perf_counter(), _cpu()
            time.sleep(0.01)


def _cpu() -> float:
    total = 0.0
    for process in (psutil.Process(), *psutil.Process().children(recursive=True)):
        with contextlib.suppress(psutil.Error):  # it has ended
            total += sum(process.cpu_times()[:2])
    return total


def job(scratch: Path, run: str, options: argparse.Namespace) -> tuple[float, float]:
    """Texts a second, and a second of CPU, of `mpgi score`, from the first table to the last."""
    config = Scores(
        shards=str(scratch / "shards"),
        output=str(scratch / run),
        scorers=(read_choice(f"clip:model={scratch}/model"),),
        cpus=options.threads,
        gpu=options.gpu,
    )
    watch = Watch(scratch / run / "scores", options.shards)
    watch.start()
    texts = score(config).texts
    watch.join()
    (began, used), (ended, spent) = watch.seen[1], watch.seen[options.shards]
    texts = texts * (options.shards - 1) // options.shards
    return texts / (ended - began), texts / (spent - used)


def loop(
    scratch: Path, shards: list[list[tuple[Any, list[str]]]], gpu: bool, trimmed: bool
) -> tuple[float, float]:
    """As `job`, of the bare loop over all shards but one."""
    folder = f"local-dir:{scratch}/model"
    model, _, preprocess = open_clip.create_model_and_transforms(folder)
    tokenize, device = open_clip.get_tokenizer(folder), "cuda" if gpu else "cpu"
    model = model.to(device).eval()
    began, used, texts = time.perf_counter(), time.process_time(), 0
    with torch.inference_mode():
        for samples in shards[1:]:
            images, features = [], []
            for start in range(0, len(samples), BATCH):
                batch = [preprocess(picture) for picture, _ in samples[start : start + BATCH]]
                images.append(model.encode_image(torch.stack(batch).to(device), normalize=True))
            told = [text for _, captions in samples for text in captions]
            told = sorted(told, key=len) if trimmed else told
            for start in range(0, len(told), BATCH):
                tokens = tokenize(told[start : start + BATCH]).to(device)
                encode = encode_text(model, tokens) if trimmed else model.encode_text(tokens, normalize=True)
                features.append(encode)
            owners = torch.arange(len(samples)).repeat_interleave(len(told) // len(samples))
            (torch.cat(images)[owners] * torch.cat(features)).sum(dim=1).cpu()
            texts += len(told)
    return texts / (time.perf_counter() - began), texts / (time.process_time() - used)


def speed(options: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    """The ratios of all pairs."""
    write_shards(scratch / "shards", options.shards, options.samples, options.captions, noise_jpegs())
    parameters = write_model(scratch / "model", options.model)
    torch.set_num_threads(options.threads)
    decoded = samples_of(scratch / "shards")
    sides, clocks = ("open_clip", "trimmed"), ("wall", "cpu")
    ratios: dict[str, list[float]] = {f"{side}_{clock}": [] for side in sides for clock in clocks}
    for pair in range(options.pairs):
        runs = [
            ("job", lambda pair=pair: job(scratch, f"run-{pair}", options)),
            ("open_clip", lambda: loop(scratch, decoded, options.gpu, False)),
            ("trimmed", lambda: loop(scratch, decoded, options.gpu, True)),
        ]
        rates = {name: run() for name, run in (runs if pair % 2 else runs[::-1])}
        for side in sides:
            for n, clock in enumerate(clocks):
                ratios[f"{side}_{clock}"].append(rates["job"][n] / rates[side][n])
        print(
            f"pair {pair}: "
            + "; ".join(
                f"{name} {wall:.1f} texts/s, {cpu:.1f} a CPU second" for name, (wall, cpu) in rates.items()
            )
            + f"; load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
    return {
        "parameters": parameters,
        "threads": options.threads,
        **{f"ratio_{name}": round(statistics.median(found), 3) for name, found in ratios.items()},
        **{f"ratios_{name}": [round(one, 3) for one in found] for name, found in ratios.items()},
    }


def killed(texts: int, scratch: Path) -> dict[str, Any]:
    """How often each of so many texts was scored and published, with a worker and then the driver killed."""
    samples, captions = 250, 4
    shards = -(-texts // (samples * captions))
    write_shards(scratch / "many", shards, samples, captions, noise_jpegs())
    out, log = scratch / "counted", scratch / "log"
    kill = f"{{{shards // 4:03d}-0000: worker, {shards // 2:03d}-0000: driver}}"
    chosen = f"counting:log={log},lease={out}/lease.json,kill={kill}"
    command = [sys.executable, "-c", COUNTED, "--shards", str(scratch / "many"), "--out", str(out)]
    found = os.pathsep.join([str(PARENT), str(PARENT / "tests"), os.environ.get("PYTHONPATH", "")])
    codes, seconds, before = [], [], 0
    for _ in range(2):
        began = time.perf_counter()
        done = subprocess.run([*command, "--scorer", chosen], env=os.environ | {"PYTHONPATH": found})
        codes.append(done.returncode)
        seconds.append(round(time.perf_counter() - began, 1))
        before = before or len(list((out / "scores").glob("*.parquet")))
    scored = Counter(log.read_text().splitlines())
    rows: Counter[str] = Counter()
    for path in (out / "scores").iterdir():
        table = pq.ParquetFile(path).read(["key", "name", "number"])
        rows.update(" ".join(map(str, row.values())) for row in table.to_pylist())
    return {
        "exit_codes": codes,
        "seconds": seconds,
        "tables_before_the_second_start": before,
        "tables": shards,
        "replicas_killed": len(list(scratch.glob("log.*"))),
        "texts": len(rows),
        "published_twice": sum(number > 1 for number in rows.values()),
        "scored": len(scored),
        "scored_twice": sum(number > 1 for number in scored.values()),
        "scored_and_not_published": len(scored.keys() - rows.keys()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="an open_clip name; by default one of 33 M parameters")
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--samples", type=int, default=256, help="of a shard")
    parser.add_argument("--captions", type=int, default=2, help="of a picture")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--gpu", action="store_true")
    parser.add_argument("--texts", type=int, help="count so many texts through two kills instead")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        result = killed(options.texts, scratch) if options.texts else speed(options, scratch)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
