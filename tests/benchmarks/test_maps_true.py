"""The independent reader of maps: it tells true sentences from false ones, and finds ours true."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import shapely


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))


@pytest.mark.parametrize(
    ("sentence", "so"),
    [
        ("Within this area there is a beach and a track.", True),
        ("Within this area there is a beach and a cliff.", False),
        ("A track runs through the centre of the image.", True),
        ("There are at least two buildings in the image.", True),
        ("There are at least three buildings in the image.", False),
        ("Buildings are in the upper left and on the right.", True),
        ("A building lies at the bottom.", False),
        ("The image has at least two buildings near its edges.", True),
        ("The centre of the image holds at least one building.", False),
        ("At least one building is large in the image.", True),
        ("At least two buildings are large in the image.", False),
        ("Buildings are red.", None),
        ("Within this area there is a castle.", None),
    ],
)
def test_what_is_there_and_what_is_not(sentence: str, so: bool | None) -> None:
    from maps_true import Scene, judged

    scene = Scene(62094, 50163, 17)
    scene.add("", {}, shapely.box(0.05, 0.05, 0.3, 0.3))
    scene.add("", {}, shapely.box(0.8, 0.4, 0.9, 0.5))
    scene.add("", {}, shapely.box(0.801, 0.4, 0.9, 0.5))  # drawn twice
    scene.add("way/1", {"natural": "beach"}, shapely.box(-1, 0.8, 2, 2))
    scene.add("way/2", {"highway": "track"}, shapely.LineString([(0.5, 0), (0.5, 1)]))
    scene.add("way/3", {"natural": "cliff"}, shapely.LineString([(1.1, 0), (1.1, 1)]))
    assert judged(scene, sentence)[1] is so


@pytest.mark.slow
def test_the_rules_say_what_the_files_say(
    data_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import maps_scene
    import maps_true

    for module in (maps_scene, maps_true):
        monkeypatch.setattr(module, "DATA", data_dir)
    with pytest.raises(SystemExit) as end:
        maps_true.main()
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert end.value.code == 0, told
    assert told["pictures"] == told["from_the_files"] == 22
    assert told["true"] == told["sentences"] + told["reworded"] > 1000
    assert told["false_of_the_next_picture"] > 10
