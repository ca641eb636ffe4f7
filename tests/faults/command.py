"""``mpgi`` as the harness starts it: the command itself, with an engine that samples if asked for."""

from __future__ import annotations

import os
import sys

from mpgi_ray import cli

if "MPGI_SAMPLING" in os.environ:
    from mpgi_ray.caption import job
    from support.sampling import connect

    assert job.caption.__kwdefaults__
    job.caption.__kwdefaults__["connect"] = connect

sys.exit(cli.main(sys.argv[1:]))
