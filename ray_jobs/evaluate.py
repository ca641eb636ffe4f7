"""`mpgi evaluate …` for `ray job submit -- python ray_jobs/evaluate.py …`: its exit code is the job's status."""

import sys

from mpgi_ray.cli import main

sys.exit(main(["evaluate", *sys.argv[1:]]))
