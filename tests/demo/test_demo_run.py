"""The demo as a whole: every job after the other, on a few scenes."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpgi_ray.cli import main
from mpgi_ray.data.caption_folder import CaptionFolder

pytestmark = pytest.mark.usefixtures("ray_cluster")


def test_the_demo_goes_from_scenes_to_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["demo", "--out", str(tmp_path), "--scenes", "50"])
    said, errors = capsys.readouterr()
    assert status == 0, errors
    made = tmp_path / "template"
    report = made / "report.html"
    assert f"open the report: {report.as_uri()}" in said
    assert sum(table.num_rows for table in CaptionFolder(str(made / "captions")).tables()) == 50 * 6
    for part in ("Retrieval, protocol repeated", "class oracle", "mean recall", "Classes by name", "Probes"):
        assert part in said
    html = report.read_text()
    assert html.count("data:image/") >= 10
    assert "Training" in html


@pytest.mark.slow
def test_the_demo_trains_a_model_that_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["demo", "--out", str(tmp_path), "--scenes", "50", "--coca"])
    said, errors = capsys.readouterr()
    assert status == 0, errors
    assert "Captions, decoding Greedy()" in said
    assert "most frequent of the class" in said
