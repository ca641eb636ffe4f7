"""`mpgi inspect --rejects` of folders that are no caption runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpgi_ray.cli.look import inspect
from mpgi_ray.data.rejected import DROPPED, dropped_table
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import publish_table
from mpgi_ray.errors import InputError
from mpgi_ray.ingest import IngestConfig, folders, ingest
from mpgi_ray.report.rejects import rejects
from support.report_runs import Page


def test_what_an_ingest_or_a_curation_left_out_is_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, page = tmp_path / "in/port", str(tmp_path / "page.html")
    one.mkdir(parents=True)
    (one / "1.png").write_bytes(b"none")
    listing, output = folders(str(tmp_path / "in")), str(tmp_path / "out")
    with pytest.raises(InputError, match="give the output folder"):
        rejects(output)
    Storage(output).publish_json("ingest.json", {})
    with pytest.raises(InputError, match=r"holds no rejected\.parquet: `mpgi ingest` has not ended"):
        rejects(output)
    Storage(output).delete("ingest.json")
    ingest(listing, IngestConfig(output=output))
    inspect(output, rejects=5)
    assert "port/1.png" in capsys.readouterr().out
    inspect(output, html=page, rejects=5)
    assert "not_an_image" in Page(Path(page).read_text()).words

    final = Storage(str(tmp_path / "final"))
    final.publish_json("curate.json", {})
    publish_table(final, DROPPED, dropped_table("s", [(3, "<b>", "no_short_text"), (4, "k", "other")]))
    assert rejects(final.url, 1).rows == (("s", "<b>", "no_short_text"),)
    inspect(final.url, html=page, rejects=5)
    assert "<b>" in Page(Path(page).read_text()).words
