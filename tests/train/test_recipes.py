"""The shipped settings of training runs."""

from __future__ import annotations

import open_clip
import pytest

from mpgi_ray.config import shipped
from mpgi_ray.errors import RecipeError
from mpgi_ray.models import OWN
from mpgi_ray.train.config import load_config

WHERE = {"shards": "data/final", "output": "model"}


@pytest.mark.parametrize("name", shipped("mpgi_ray.train.recipes"))
def test_every_recipe_names_a_model_and_weights_that_there_are(name: str) -> None:
    config = load_config(name, WHERE, [])
    if config.model not in OWN:
        known = [None, *open_clip.list_pretrained_tags_by_model(config.model)]
        assert config.model in open_clip.list_models()
        assert config.weights in known
    assert config.learns(writes="coca" in config.model)


def test_what_is_told_stands_above_the_recipe() -> None:
    config = load_config(
        "farslip-1", {**WHERE, "model": "small-vit", "steps": 10}, ["task_settings.number=6"]
    )
    assert (config.model, config.weights, config.steps, config.epochs) == ("small-vit", None, 10, None)
    assert config.task_settings["number"] == 6
    assert config.task_settings["distill"] == 0.1
    with pytest.raises(RecipeError, match="there is no recipe 'farslip': did you mean 'farslip-"):
        load_config("farslip", WHERE, [])
