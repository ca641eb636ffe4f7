"""`mpgi caption …` for `ray job submit -- python ray_jobs/caption.py …`: its exit code is the job's status."""

import sys

from mpgi_ray.cli import main

sys.exit(main(["caption", *sys.argv[1:]]))
