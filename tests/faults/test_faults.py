"""The harness on one run: what it does with all jobs is `make faults`."""

from __future__ import annotations

import pytest
from run_faults import hit_by, job_of


@pytest.mark.parametrize("job", ["ingest", pytest.param("sampled", marks=pytest.mark.slow)])
def test_a_job_that_meets_three_faults_ends_as_an_undisturbed_one(job: str) -> None:
    number = next(number for number in range(100) if job_of(0, number) == job)
    assert hit_by([number], seed=0) == (3, 0)
