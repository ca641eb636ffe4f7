"""How instructions are written: boxes in a model's convention, and the forms that other programs read."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from mpgi_ray.data.box import Box
from mpgi_ray.data.instructions import Conversation, Turn
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import RecipeError
from mpgi_ray.instruct.box_text import BoxText
from mpgi_ray.instruct.config import MakeConfig
from mpgi_ray.instruct.forms import llava, publish_json, publish_tars, sharegpt
from mpgi_ray.instruct.parts import Picture, named
from support.final_scenes import final_scenes

BOX = Box(0.1, 0.25, 0.5, 1.0)


@pytest.mark.parametrize(
    ("model", "text", "how"),
    [
        ("Qwen/Qwen2-VL-2B-Instruct", "[100, 250, 500, 1000]", "thousandths of the width"),
        ("Qwen/Qwen2.5-VL-3B-Instruct", "[50, 126, 252, 504]", "pixels of a picture of 504 by 504"),
    ],
)
def test_boxes_are_written_as_the_family_of_the_model_does(model: str, text: str, how: str) -> None:
    writes = MakeConfig(shards="s", output="o", model=model).writes
    assert writes.text(BOX, (512, 500)) == text
    assert how in writes.how((512, 500))


def test_boxes_as_shares_and_pixels_and_a_model_of_unknown_convention() -> None:
    assert BoxText().text(BOX, (512, 400)) == "[0.100, 0.250, 0.500, 1.000]"
    assert BoxText("pixels").text(BOX, (512, 400)) == "[51, 100, 256, 400]"
    with pytest.raises(RecipeError, match="it is not known how google/gemma-3-4b-it"):
        MakeConfig(shards="s", output="o", model="google/gemma-3-4b-it")


def test_forms_of_others_name_the_picture_once_and_hold_no_other_mark(tmp_path: Path) -> None:
    turns = (Turn("count", "How many <image> ships?", "3"), Turn("presence", "A barn?", "No: < IMAGE >."))
    one = Conversation("id", turns, split="train/odd")
    picture = Picture("id", "shard-000000", "key.png", "", None)
    said = llava(one, picture)
    assert said["image"] == "shard-000000/key.png"
    assert [part["from"] for part in said["conversations"]] == ["human", "gpt", "human", "gpt"]
    assert said["conversations"][0]["value"] == "<image>\nHow many image ships?"
    assert json.dumps(said).count("<image>") == 1
    assert sharegpt(one, picture)["images"] == ["shard-000000/key.png"]
    names = publish_json(Storage(str(tmp_path)), "llava", [(one, picture), (one, picture)])
    assert names == ["llava-train_odd.json"]
    assert json.loads((tmp_path / names[0]).read_bytes()) == [said, said]


def test_pictures_of_a_webdataset_are_those_of_the_shards(tmp_path: Path) -> None:
    first, *_ = final_scenes(tmp_path / "final", range(4), shards=1)
    one = Conversation(first.sample_id, (Turn("count", "How many?", "3", truth={"count": 3}),), split="val")
    (shard,) = named([str(tmp_path / "final/shard-000000.tar")])
    (name,) = publish_tars(str(tmp_path), shard, {first.sample_id: [one]})
    with tarfile.open(fileobj=io.BytesIO((tmp_path / "webdataset" / name).read_bytes())) as tar:
        members = {m.name: tar.extractfile(m).read() for m in tar.getmembers()}  # type: ignore[union-attr]
    assert name == "val-shard-000000.tar"
    assert members[f"{first.key}.jpg"] == first.image
    told = json.loads(members[f"{first.key}.json"])
    assert told["conversations"][0]["turns"][0]["truth"] == {"count": 3}
    assert len(members) == 2
