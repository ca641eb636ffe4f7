"""What the tests of the documentation share: generated data in many forms, and one Ray for all commands."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from support.doc_data import make


@pytest.fixture(scope="session")
def made(ray_cluster: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    make(folder)
    return folder


@pytest.fixture(scope="session")
def environment(ray_cluster: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Commands join the one cluster, which saves the start of Ray for each, and reach no hub."""
    import ray

    return os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "RAY_ADDRESS": ray.get_runtime_context().gcs_address,
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(tmp_path_factory.mktemp("hub")),
    }
