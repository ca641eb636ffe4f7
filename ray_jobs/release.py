"""`mpgi release …` as an entry point of `ray job submit`; its exit code is the job's status."""

import sys

from mpgi_ray.cli import main

sys.exit(main(["release", *sys.argv[1:]]))
