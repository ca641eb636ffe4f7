"""Fixtures shared by the tests: where the real data lies, and one Ray cluster for the whole run."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from support.engines_fixtures import hosts, llm_engine, mllm_engine, tiny_llm, tiny_mllm  # noqa: F401 - fixtures

# workers must use this environment as it is, also when the tests were started by `uv run`
os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")

# the same cases in each run, so that a change is judged by what it did; `--hypothesis-profile=search` tries
# new ones
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None)
settings.load_profile("steady")

# files that take longest, begun first: one that is begun last keeps a second worker waiting
_LONG = (
    "caption/test_caption_job.py",
    "train/test_train.py",
    "caption/test_placement.py",
    "curate/test_curate.py",
    "demo/test_demo_run.py",
    "faults/test_faults.py",
    "doors/test_engine_and_perspective.py",
    "engines/test_vllm.py",
    "cli/test_jobs.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent

    def turn(item: pytest.Item) -> int:
        file = item.path.relative_to(here).as_posix()
        return _LONG.index(file) if file in _LONG else len(_LONG)

    items.sort(key=turn)


def pytest_collection_finish() -> None:
    """Leave what all test files imported out of every later search for garbage: it stays until the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def data_dir() -> Path:
    root = Path(
        os.environ.get("MPGI_TEST_DATA", Path(__file__).parents[1].parent / "shared" / "data")
    ).resolve()
    if not (root / "README.md").is_file():
        pytest.skip(f"no real data at {root}: set MPGI_TEST_DATA to its folder")
    return root


@pytest.fixture(scope="session")
def bucket() -> Iterator[str]:
    """A bucket of an S3 server on loopback: one for the run, as s3fs keeps its connection."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "none")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "none")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        import s3fs

        s3fs.S3FileSystem().mkdir("data")
        yield "s3://data"
    server.stop()


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[None]:
    """A local cluster with more logical CPUs than cores: actor pools hold theirs for the whole run."""
    import ray

    # workers import the engines that tests define; they inherit this process's environment, because one that
    # is given to Ray (`runtime_env`) starts Python twice for each and leaves those begun in advance unused
    here = Path(__file__).parent
    folders = [here, *(folder for folder in here.iterdir() if folder.is_dir())]
    found = os.pathsep.join([*map(str, folders), os.environ.get("PYTHONPATH", "")])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", found)
        options = {"include_dashboard": False, "log_to_driver": False}
        ray.init("local", num_cpus=8, num_gpus=2, **options)  # logical ones
    yield
    ray.shutdown()
