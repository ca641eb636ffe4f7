"""`mpgi curate …` for `ray job submit -- python ray_jobs/curate.py …`: its exit code is the job's status."""

import sys

from mpgi_ray.cli import main

sys.exit(main(["curate", *sys.argv[1:]]))
