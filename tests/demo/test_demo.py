"""The generated scenes: what the annotation says is what was drawn, and twins differ in one fact."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from mpgi_ray.data.cover import covers
from mpgi_ray.data.sample import Annotation, Object, Sample
from mpgi_ray.demo import SceneSpec, scene, scenes, spec
from mpgi_ray.demo.run import run_demo
from mpgi_ray.demo.scenes.canvas import SIDES, SURFACES, Canvas
from mpgi_ray.demo.scenes.kinds import KINDS, Kind
from mpgi_ray.demo.scenes.models import COLOURS, MODELS
from mpgi_ray.errors import OutputError

COUNT = 160
IN_HALF = {
    "left": lambda x, y: x < 0.5,
    "right": lambda x, y: x > 0.5,
    "top": lambda x, y: y < 0.5,
    "bottom": lambda x, y: y > 0.5,
}
facts = st.builds(spec, st.integers(0, 10**7), st.integers(0, 2**31))


@pytest.fixture(scope="module")
def drawn() -> list[tuple[SceneSpec, Sample]]:
    return [(spec(sample.index, 3), sample) for sample in scenes(COUNT, seed=3)]


def pixels(sample: Sample) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(sample.image)).convert("RGB"), dtype=float)


def main_objects(facts: SceneSpec, sample: Sample) -> list[Object]:
    return [o for o in sample.annotation.objects if o.label == facts.label]


@pytest.mark.parametrize("label", MODELS)
@given(side=st.sampled_from(SIDES), angle=st.floats(-180, 180), seed=st.integers(0, 99))
@settings(max_examples=8)
def test_boxes_fit_the_drawn_object(label: str, side: str, angle: float, seed: int) -> None:
    canvas = Canvas(
        256, 0.5, side, np.random.default_rng(seed)
    )  # nothing but the object: the ground is black
    canvas.place(label, "white", 128, 128, angle)
    painted = np.asarray(canvas.picture(np.random.default_rng(0))).max(axis=2) > 8
    ys, xs = np.nonzero(painted)
    box = canvas.objects[0].box
    assert np.allclose(box, (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1), atol=1.6)

    a, b, _, d = (np.array(corner) for corner in canvas.objects[0].obb or ())
    for start, end in ((a, b), (a, d)):  # the share of each edge at which the pixels lie spans it
        axis = (end - start) / np.dot(end - start, end - start)
        reach = (np.stack([xs, ys], 1) + 0.5 - start) @ axis
        slack = 1.6 * np.linalg.norm(axis)
        assert abs(reach.min()) < slack
        assert abs(reach.max() - 1) < slack


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("seed", range(6))
def test_every_slot_holds_every_class_of_the_kind(kind: Kind, seed: int) -> None:
    for label in kind.labels:
        rng = np.random.default_rng(seed)
        side = SIDES[seed % 4]
        canvas = Canvas(256, kind.gsd, side, rng)
        slots = kind.layout(canvas, rng)
        canopy = canvas.mask == SURFACES.index("tree canopy")
        assert len(slots) >= kind.most
        for slot in slots:
            canvas.place(label, kind.colours[0], *slot)
        for obj in canvas.objects:
            assert obj.box == obj.box.clipped(256, 256)
            shape = Image.new("1", (256, 256))
            ImageDraw.Draw(shape).polygon(obj.obb or (), fill=1)
            assert (canopy & np.asarray(shape)).sum() == 0, f"a tree stands on a {obj.label}"
            if obj.label == label:
                x, y = obj.box.middle
                assert IN_HALF[side](x / 256, y / 256)
        for one, other in combinations(canvas.objects, 2):
            assert apart(one, other), (one, other)


def apart(one: Object, other: Object) -> bool:
    """Whether a line along a side of one of the two boxes separates them."""
    boxes = [np.array(o.obb) for o in (one, other)]
    for box in boxes:
        for normal in (box[1] - box[0], box[3] - box[0]):
            p, q = (b @ normal for b in boxes)
            if p.max() <= q.min() or q.max() <= p.min():
                return True
    return False


def test_the_annotation_tells_the_facts(drawn: list[tuple[SceneSpec, Sample]]) -> None:
    for facts, sample in drawn:
        note = sample.annotation
        objects = main_objects(facts, sample)
        assert note.scene == (facts.kind,)
        assert len(objects) == facts.count
        assert all(IN_HALF[facts.side](o.box.middle[0] / 256, o.box.middle[1] / 256) for o in objects)
        assert all(o.visible == 1 for o in note.objects)
        assert all(word in note.captions[0] for word in (facts.colour, facts.label))
        assert sample.key == sample.name == facts.key
        assert sample.annotation.split == facts.split
        assert Annotation.model_validate_json(note.model_dump_json()) == note


def test_the_objects_have_the_colour_of_the_facts(drawn: list[tuple[SceneSpec, Sample]]) -> None:
    for facts, sample in drawn:
        shape = Image.new("1", (256, 256))
        for obj in main_objects(facts, sample):
            ImageDraw.Draw(shape).polygon(obj.obb or (), fill=1)
        shown = pixels(sample)[np.asarray(shape)]
        colours = next(kind.colours for kind in KINDS if kind.name == facts.kind)
        share = {c: (np.linalg.norm(shown - COLOURS[c], axis=1) < 50).mean() for c in colours}
        assert share[facts.colour] > 0.05, (facts, share)
        assert max(share, key=share.__getitem__) == facts.colour, (facts, share)


def test_a_quarter_of_the_scenes_are_twins_of_the_one_before(drawn: list[tuple[SceneSpec, Sample]]) -> None:
    twins = [(drawn[facts.twin_of][0], facts) for facts, _ in drawn if facts.twin_of is not None]
    assert len(twins) == COUNT // 4
    for one, other in twins:
        fact = other.differs or ""
        assert other.number == one.number + 1
        assert getattr(one, fact) != getattr(other, fact)
        assert (
            replace(other, number=one.number, twin_of=None, differs=None, **{fact: getattr(one, fact)}) == one
        )
        assert one.split == other.split
    assert {other.differs for _, other in twins} == {"label", "count", "colour", "side"}


def test_twins_are_drawn_alike_but_for_the_fact(drawn: list[tuple[SceneSpec, Sample]]) -> None:
    for facts, sample in drawn:
        if facts.twin_of is None:
            continue
        original, before = drawn[facts.twin_of]
        objects, earlier = set(sample.annotation.objects), set(before.annotation.objects)
        assert sample.image != before.image
        assert sample.annotation.captions != before.annotation.captions
        if facts.differs == "colour":
            assert objects == earlier
        elif facts.differs == "count":
            assert len(objects ^ earlier) == 1
            changed = np.abs(pixels(sample) - pixels(before)).max(axis=2) > 40
            x, y = (objects ^ earlier).pop().box.middle
            ys, xs = np.nonzero(changed)
            assert np.hypot(xs - x, ys - y).max() < 64  # the object and its shadow, nothing elsewhere
            assert np.hypot(xs - x, ys - y).min() < 4
        elif facts.differs == "label":
            assert {o for o in objects if o.label != facts.label} == {
                o for o in earlier if o.label != original.label
            }
        else:
            assert Counter(o.label for o in objects) == Counter(o.label for o in earlier)


def test_scenes_are_distinct_and_show_all_kinds(drawn: list[tuple[SceneSpec, Sample]]) -> None:
    assert len({sample.sample_id for _, sample in drawn}) == COUNT
    assert len({sample.key for _, sample in drawn}) == COUNT
    assert {spec(number, seed=8).kind for number in range(20)} == {kind.name for kind in KINDS}


def test_cover_adds_up(drawn: list[tuple[SceneSpec, Sample]]) -> None:
    for _, sample in drawn:
        cover = sample.annotation.cover
        assert sum(c.fraction for c in cover.values()) == pytest.approx(1)
        for cell in range(9):
            assert sum(c.cells[cell] for c in cover.values()) == pytest.approx(1)


def flooded(mask: np.ndarray, value: int) -> int:
    """Parts of a class, found one after the other."""
    left = {tuple(at) for at in np.argwhere(mask == value).tolist()}
    parts = 0
    while left:
        parts += 1
        stack = [left.pop()]
        while stack:
            y, x = stack.pop()
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= near
            stack += near
    return parts


@given(data=st.data(), height=st.integers(3, 14), width=st.integers(3, 14))
def test_cover_matches_the_mask(data: st.DataObject, height: int, width: int) -> None:
    rows = st.lists(st.integers(0, 2), min_size=width, max_size=width)
    mask = np.array(data.draw(st.lists(rows, min_size=height, max_size=height)), dtype=np.uint8)
    found = covers(mask, ("a", "b", "c"))
    assert set(found) == {"abc"[value] for value in np.unique(mask)}
    for name, cover in found.items():
        here = mask == "abc".index(name)
        assert cover.fraction == pytest.approx(here.mean())
        assert cover.patches == flooded(mask, "abc".index(name))
        upper_left = here[: -(-height // 3), : -(-width // 3)]
        assert cover.cells[0] == pytest.approx(upper_left.mean())


def test_another_process_draws_the_same_bytes() -> None:
    script = (
        "import hashlib; from mpgi_ray.demo import scene;"
        "print(*[hashlib.sha256(scene(n, 7).image).hexdigest() for n in (11, 0, 1)])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout
    assert printed.split() == [hashlib.sha256(scene(n, 7).image).hexdigest() for n in (11, 0, 1)]


@given(facts)
def test_any_number_and_seed_give_valid_facts(facts: SceneSpec) -> None:
    kind = next(kind for kind in KINDS if kind.name == facts.kind)
    assert facts.label in kind.labels
    assert facts.colour in kind.colours
    assert 1 <= facts.count <= kind.most
    assert facts.split in ("train", "val", "test")
    assert set(facts.key) <= set("abcdefghijklmnopqrstuvwxyz-0123456789")


def test_another_size_shows_the_same_ground() -> None:
    large, small = scene(4), scene(4, size=128)
    assert small.annotation.gsd == 2 * (large.annotation.gsd or 0)
    for one, other in zip(large.annotation.objects, small.annotation.objects, strict=True):
        assert np.allclose(np.array(one.box) / 2, other.box, atol=0.02)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("count", "seed", "differs"), [(60, 1, "scenes was 50, is 60"), (50, 2, "seed was 1, is 2")]
)
def test_other_scenes_in_the_same_folder_are_refused_before_anything_is_written(
    count: int, seed: int, differs: str, tmp_path: Path
) -> None:
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards/demo.json").write_text('{"scenes": 50, "seed": 1}')
    before = files(tmp_path)
    with pytest.raises(OutputError, match=f"made with other settings: {differs}; .* another output"):
        run_demo(tmp_path, count, seed)
    assert files(tmp_path) == before


@pytest.mark.parametrize("stage", ["perspectives", "integrated"])
def test_interrupted_captions_of_the_imperfect_writer_are_refused(stage: str, tmp_path: Path) -> None:
    parts = tmp_path / "imperfect/captions" / stage
    parts.mkdir(parents=True)
    (parts / "scenes-000000-00000-of-00004.parquet").touch()
    (tmp_path / "imperfect/writer.jsonl").write_text("the log of that run")
    before = files(tmp_path)
    with pytest.raises(OutputError, match=r"captions of an interrupted run.*give another --out, or delete"):
        run_demo(tmp_path, 50, 0, imperfect=True)
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("module", "arguments", "extra"),
    [
        ("torch", ["demo", "--out", "{tmp}/out"], "train"),
        ("torch", ["train", "{tmp}/final", "--out", "{tmp}/out"], "train"),
        ("open_clip", ["evaluate", "{tmp}/final", "--model", "{tmp}/model", "--out", "{tmp}/out"], "train"),
        ("s3fs", ["caption", "template", "--shards", "s3://bucket/a", "--out", "{tmp}/out"], "s3"),
    ],
)
def test_a_command_whose_packages_are_not_installed_names_the_extra(
    module: str, arguments: list[str], extra: str, tmp_path: Path
) -> None:
    # in a process of its own: here the package is imported already
    script = (
        f"import sys; sys.modules[{module!r}] = None; from mpgi_ray.cli import main; sys.exit(main({{}}))"
    )
    given = [argument.format(tmp=tmp_path) for argument in arguments]
    done = subprocess.run([sys.executable, "-c", script.format(given)], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    assert f"this needs pip install 'mpgi-ray[{extra}]'" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="expected a number and a seed from 0"):
        scene(-1)
    with pytest.raises(ValueError, match="expected at least 64 pixels"):
        scene(0, size=8)
