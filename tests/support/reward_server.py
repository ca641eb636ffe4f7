"""`mpgi reward serve` on a Ray whose metrics are exported at a port that is known, and often."""

from __future__ import annotations

import sys

import ray

from mpgi_ray.cli import main

if __name__ == "__main__":
    run, port, metrics = sys.argv[1:]
    often = {"metrics_report_interval_ms": 300}  # Ray's own are 10 s
    options = {"include_dashboard": False, "log_to_driver": False, "_system_config": often}
    ray.init("local", num_cpus=4, _metrics_export_port=int(metrics), **options)
    sys.exit(main(["reward", "serve", run, "--port", port]))
