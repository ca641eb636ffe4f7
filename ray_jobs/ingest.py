"""`mpgi ingest …` for `ray job submit -- python ray_jobs/ingest.py …`: its exit code is the job's status."""

import sys

from mpgi_ray.cli import main

sys.exit(main(["ingest", *sys.argv[1:]]))
