"""What an integration is told is told once, and facts stay facts."""

from __future__ import annotations

from dataclasses import replace

from mpgi_ray.caption.doubles import once
from mpgi_ray.caption.integrate import Integration
from mpgi_ray.caption.recipe import FactsConfig
from mpgi_ray.caption.stage_settings import IntegrateConfig
from mpgi_ray.data.caption import Caption
from mpgi_ray.data.sample import Annotation, Box, LabelClass, Object
from mpgi_ray.engines.template.engine import TemplateEngine
from mpgi_ray.prompts import load
from mpgi_ray.rules import gather, rule_text

FACTS = ["There are two cars in the image.", "Grass covers half of it. A road runs on the left."]


def test_what_a_text_says_in_the_words_of_a_fact_is_said_among_the_facts_alone() -> None:
    texts = {
        "objects": "There are two cars in the image. A road runs on the left.",
        "layout": "A road runs on the left. The cars stand beside it. The sand is bright.",
        "scene": "The sand is bright. Grass covers most of it.",
    }
    assert once(FACTS, texts) == {
        "layout": "The cars stand beside it. The sand is bright.",
        "scene": "The sand is bright. Grass covers most of it.",
    }


def test_a_sentence_stays_where_the_next_one_refers_to_it() -> None:
    text = "There are two cars in the image. They stand on grass. A road runs on the left."
    assert once(FACTS, {"objects": text}) == {
        "objects": "There are two cars in the image. They stand on grass."
    }


def test_texts_without_doubles_keep_their_bytes_and_texts_of_nothing_else_stay() -> None:
    assert once(FACTS, {"a": "Sand.\n\nA  pier."}) == {"a": "Sand.\n\nA  pier."}
    assert once(FACTS, {"a": FACTS[0]}) == {"a": FACTS[0]}
    assert once(FACTS, {}) == {}


def test_an_integration_is_told_no_fact_twice_and_of_nothing_that_is_absent() -> None:
    names = ("car", "helicopter", "barge")
    note = Annotation(
        width=200,
        height=200,
        vocabulary={name: LabelClass(exhaustive=True, countable=True) for name in names},
        objects=(Object(label="car", box=Box(80, 80, 120, 120)),),
    )
    facts = gather(note)
    assert set(facts.absent) == {"helicopter", "barge"}
    told = rule_text(facts, "s")
    row = Caption(caption_id="c", sample_id="s", shard="a", index=0, key="k", stage="perspective")
    rows = [
        replace(row, perspective="objects", text=told[0]),
        replace(row, perspective="scene", text="Sand."),
    ]
    prompt = Integration(TemplateEngine(), IntegrateConfig(), FactsConfig(), load("integrate")).prompt(
        "s", rows, facts
    )
    assert all(prompt.text.count(fact) == 1 for fact in told)
    assert "[scene] Sand." in prompt.text
    assert "helicopter" not in prompt.text
    assert prompt.sources == {"objects": told[0], "scene": "Sand."}
