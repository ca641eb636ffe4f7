"""Makes a small folder of every job by the commands of the installed version, as a fixture for later ones.

    cd CHECKOUT && python tests/support/make_folders.py /data/mpgi FIXTURE

Records of runs hold absolute paths, so the run is made in one place and its files are then copied to
another. Of the training run what is large stays behind: the weights and the checkpoints to go on from.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

_LARGE = ("open_clip_pytorch_model.bin", "tokenizer.json", "tensorboard", "steps")


def make(place: Path, fixture: Path) -> None:
    """Run every job below ``place`` and copy what they published to ``fixture``."""
    _pictures(place / "pictures")
    shards, captions, final, model = (str(place / name) for name in ("shards", "captions", "final", "model"))
    _mpgi("ingest", "folders", str(place / "pictures"), "--out", shards, "--shard-size", "10")
    _mpgi("caption", "template", "--shards", shards, "--out", captions, *_set("max_reject_rate=1"))
    _mpgi("curate", captions, "--out", final, "--shard-size", "2")
    _mpgi("train", final, "--out", model, "--steps", "2", "--batch", "2", *_set("context=16"))
    for name in ("shards", "captions", "final", "model"):
        shutil.copytree(place / name, fixture / name, ignore=shutil.ignore_patterns(*_LARGE))


def _pictures(folder: Path) -> None:
    """Six pictures of two classes; one is cut off, which only captioning finds, and one is empty."""
    draw = np.random.default_rng(0)
    for number in range(6):
        sink = io.BytesIO()
        ground = draw.integers(0, 200, 3)
        pixels = np.clip(ground + draw.integers(0, 40, (32, 32, 1)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(sink, "JPEG")
        data = sink.getvalue()
        file = folder / ("beach" if number % 2 else "forest") / f"{number}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes({1: data[: len(data) // 2], 4: b""}.get(number, data))


def _set(*assignments: str) -> list[str]:
    return [word for text in assignments for word in ("--set", text)]


def _mpgi(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "mpgi_ray", *arguments], check=True)


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]))
