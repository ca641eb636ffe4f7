"""The four jobs on an S3 server that answers wrongly; more of it is `make faults-s3`."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from support.s3_runs import hit_by


@pytest.mark.slow
def test_four_jobs_that_meet_a_hundred_faults_of_storage_end_as_on_a_disk() -> None:
    with ProcessPoolExecutor(1, get_context("spawn")) as own:  # it starts a Ray of its own
        faults, passed, failed = own.submit(hit_by, 100, seed=0, pictures=24).result()
    assert (faults >= 100, passed % 4, failed) == (True, 0, 0)
