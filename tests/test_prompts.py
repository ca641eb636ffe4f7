"""Prompt files: what each kind sees, identity, and errors."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from mpgi_ray import prompts
from mpgi_ray.errors import RecipeError

FACTS = ["There are at least three cars in the image.", "A car is on the left."]


def test_all_relay_prompts_share_the_same_facts_bytes_first() -> None:
    relay = [t for t in map(prompts.load, prompts.shipped()) if t.kind is prompts.Kind.RELAY]
    rendered = [t.render(facts=FACTS) for t in relay]
    blocks = {text.split("Perspective: ")[0] for text in rendered}
    assert len(set(rendered)) == len(relay) == 2
    assert len(blocks) == 1
    assert all(fact in blocks.copy().pop() for fact in FACTS)


def test_free_prompts_never_see_facts() -> None:
    for name in ("scene", "attributes"):
        template = prompts.load(name)
        assert template.kind is prompts.Kind.FREE
        assert template.render(facts=FACTS) == template.render()


def test_an_integration_sees_texts_and_facts() -> None:
    template = prompts.load("short")
    texts = {"objects": "Three cars.", "scene": "Grey asphalt."}
    text = template.render(facts=FACTS, texts=texts)
    assert all(f"[{name}] {value}" in text for name, value in texts.items())
    assert all(fact in text for fact in FACTS)
    assert "No annotation" in template.render(texts=texts)
    assert f"{template.words[1]} words" in text


@pytest.mark.parametrize("name", ["objects", "layout", "short", "long"])
def test_a_variable_that_is_not_given_raises(name: str) -> None:
    with pytest.raises(RecipeError, match="undefined"):
        prompts.load(name).render()


def test_facts_are_text_not_template() -> None:
    assert "{{ 7 * 6 }} <b>" in prompts.load("objects").render(facts=["{{ 7 * 6 }} <b>"])


def test_an_unknown_name_names_the_nearest() -> None:
    with pytest.raises(RecipeError, match="did you mean 'attributes'"):
        prompts.load("atributes")


def test_a_users_own_file(tmp_path: Path) -> None:
    file = tmp_path / "roads.j2"
    source = '---\nkind: relay\nwords: [5, 60]\n---\n{% include "_facts.j2" %}\nPerspective: roads.'
    file.write_text(source)
    template = prompts.load(str(file))
    assert (template.name, template.kind, template.words) == ("roads", "relay", (5, 60))
    assert template.render(facts=FACTS).endswith("Perspective: roads.")
    assert pickle.loads(pickle.dumps(template)) == template
    file.write_text(source + " ")
    assert prompts.load(str(file)).hash != template.hash
    assert len(template.hash) == 16


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("no front matter", "front matter"),
        ("---\nkind: riddle\nwords: [1, 2]\n---\n", "expected one of relay, free, integrate"),
        ("---\nkind: free\nwords: [9, 2]\n---\n", "expected \\[least, most\\]"),
        ("---\nkind: free\nwords: [1, 2]\nmodel: x\n---\n", "unknown setting model"),
        ("---\nkind: free\nwords: [1, 2]\n---\n{% if %}", "Jinja2"),
        ("---\nkind: [\n---\n", "not YAML"),
    ],
)
def test_a_wrong_file_is_refused(source: str, problem: str) -> None:
    with pytest.raises(RecipeError, match=problem):
        prompts.parse("mine", source)
