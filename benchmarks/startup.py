"""How long commands take to say their first word, against Python itself and against the import of Ray.

Each round runs every command once, in turn, so that a machine that is busy for a while disturbs all alike;
one round before the first is not counted, as it fills the disk's cache. Timed are whole runs, but of `mpgi
caption`, which is ended after its first line on standard error: until that line. The medians stand beside
their ratio to that of ``python -c "import ray"``.

The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pictures import noise_jpegs

from mpgi_ray.data.tar_write import write_members

RAY = 'python -c "import ray"'
MPGI = str(Path(sys.executable).with_name("mpgi"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        shards = Path(home, "shards")
        shards.mkdir()
        pictures = noise_jpegs(4)
        members = ((f"{number}", {"jpg": picture}) for number, picture in enumerate(pictures))
        (shards / "a.tar").write_bytes(write_members(members))
        caption = [MPGI, "caption", "template", "--shards", str(shards), "--out", f"{home}/captions"]
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "mpgi --version": [MPGI, "--version"],
            "mpgi --help": [MPGI, "--help"],
            RAY: [sys.executable, "-c", "import ray"],
        }
        seconds: dict[str, list[float]] = {name: [] for name in (*commands, "mpgi caption, first line")}
        for turn in range(args.rounds + 1):
            for name, command in commands.items():
                begun = time.perf_counter()
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
                seconds[name].append(time.perf_counter() - begun)
            seconds["mpgi caption, first line"].append(_first_line(caption))
            if turn == 0:
                for times in seconds.values():
                    times.clear()
    ray = statistics.median(seconds[RAY])
    for name, times in seconds.items():
        middle = statistics.median(times)
        spread = f"{min(times):.2f} to {max(times):.2f}"
        print(f"{name:26} {middle:6.2f} s ({spread} s), {middle / ray:5.2f} of the import of Ray")
    load = os.getloadavg()[0]
    print(f"median of {args.rounds} rounds on {os.cpu_count()} cores, load {load:.1f} at the end")
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    print(json.dumps({"rounds": args.rounds, "load": load, "seconds": medians}))


def _first_line(command: list[str]) -> float:
    """Seconds until a command's first line on standard error; then it is ended, before it starts Ray."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    line = process.stderr.readline()
    passed = time.perf_counter() - begun
    process.kill()
    process.wait()
    process.stderr.close()
    if not line.startswith(b"caption: "):
        raise SystemExit(f"the first line is {line!r}, expected what is captioned")
    return passed


if __name__ == "__main__":
    main()
