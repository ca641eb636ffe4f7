"""How much memory `mpgi ingest geotiff --tile` takes for one picture that is larger than it may hold.

A GeoTIFF of `--side` pixels is written piece by piece, in blocks of 256 pixels or in strips of one row, and
cut by the command into windows of 1,024 pixels. Shown is the most memory that the command held at a time, in
MiB. The last line is one JSON object with all figures.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import rasterio
from PIL import Image
from rasterio.transform import from_origin
from rasterio.windows import Window

PIECE = 1000  # rows written at a time
METRES = 0.5
LAYOUTS = {"blocks": {"tiled": True, "blockxsize": 256, "blockysize": 256}, "strips": {"tiled": False}}


def write(path: Path, side: int, layout: str) -> None:
    """A picture of smooth colour with noise, other pixels in every piece."""
    random = np.random.default_rng(0)
    place = {"crs": "EPSG:32629", "transform": from_origin(5e5, 4.3e6, METRES, METRES)}
    kind = {"driver": "GTiff", "count": 3, "dtype": "uint8", "photometric": "RGB", "BIGTIFF": "YES"}
    with rasterio.open(path, "w", width=side, height=side, **kind, **place, **LAYOUTS[layout]) as file:
        for top in range(0, side, PIECE):
            rows = min(PIECE, side - top)
            small = Image.fromarray(random.integers(40, 200, (8, 64, 3), dtype=np.uint8))
            noise = random.integers(-4, 5, (rows, side, 1), dtype=np.int16)
            pixels = (np.asarray(small.resize((side, rows)), np.int16) + noise).astype(np.uint8)
            file.write(np.moveaxis(pixels, -1, 0), window=Window(0, top, side, rows))


def measure(side: int, layout: str) -> dict[str, float | str]:
    with tempfile.TemporaryDirectory(prefix="mpgi-bench-") as place:
        (pictures := Path(place) / "pictures").mkdir()
        # in a process of its own: what this one held when it starts the command would count as the command's
        writer = multiprocessing.get_context("spawn").Process(
            target=write, args=(pictures / "large.tif", side, layout)
        )
        writer.start()
        writer.join()
        assert writer.exitcode == 0
        command = [sys.executable, "-m", "mpgi_ray", "ingest", "geotiff", str(pictures), "--tile", "1024"]
        began = time.perf_counter()
        with subprocess.Popen([*command, "--out", f"{place}/shards"], stdout=subprocess.DEVNULL) as run:
            _, status, used = os.wait4(run.pid, 0)
            run.returncode = os.waitstatus_to_exitcode(status)
        assert run.returncode == 0
        seconds, peak = time.perf_counter() - began, used.ru_maxrss / 1024
        return {"layout": layout, "side": side, "seconds": seconds, "peak_mib": peak}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--side", type=int, default=20_000)
    parser.add_argument("--layouts", nargs="+", choices=LAYOUTS, default=list(LAYOUTS))
    given = parser.parse_args()
    rows = []
    for layout in given.layouts:
        rows.append(row := measure(given.side, layout))
        print(
            f"{layout:>7} {given.side:,} px {row['peak_mib']:>7.0f} MiB {row['seconds']:>6.0f} s", flush=True
        )
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
