"""A filter is added as docs/add-a-filter.md says."""

from __future__ import annotations

from pathlib import Path

from mpgi_ray.data.storage import Storage
from support.scratch_package import run_in, scratch_package

BEFORE = Path(__file__).parents[1] / "fixtures/folders-0.1.0"


def test_a_filter_is_one_file(tmp_path: Path) -> None:
    package, out = scratch_package(tmp_path / "package", "add-a-filter.md"), tmp_path / "final"
    where = [str(BEFORE / "captions"), "--shards", str(BEFORE / "shards"), "--out", str(out)]
    chosen = ["--filter", "scene:classes=[beach, harbour]", "--filter", "min_words:text=long,words=3"]
    run_in(package, "-m", "mpgi_ray", "curate", *where, *chosen)
    storage = Storage(str(out))
    summary, identity = storage.read_json("summary.json"), storage.read_json("curate.json")
    assert (summary["kept"], summary["dropped"]) == (2, {"not_an_image": 1, "other_scene": 2})
    assert identity["filters.0"] == {"name": "scene", "classes": ["beach", "harbour"]}
    assert identity["filters.1"] == {"name": "min_words", "text": "long", "words": 3}
