"""`mpgi train …` for `ray job submit -- python ray_jobs/train.py …`: its exit code is the job's status."""

import sys

from mpgi_ray.cli import main

sys.exit(main(["train", *sys.argv[1:]]))
