"""Prompt files: what each kind sees, identity, and errors."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

from mpgi_ray import prompts
from mpgi_ray.errors import RecipeError

MEASURED = ["Cars here are red on grey ground.", "A dark green area lies on the left."]
SOURCES = {"objects": "Three cars.", "scene": "Grey asphalt."}
FACTS = ["There are at least three cars in the image.", "A car is on the left."]


def test_all_relay_prompts_share_the_same_facts_bytes_first() -> None:
    relay = [t for t in map(prompts.load, prompts.shipped()) if t.kind is prompts.Kind.RELAY]
    block = prompts.facts_block(FACTS)
    texts = {t.with_block(block) for t in relay}
    assert len(texts) == len(relay)
    assert all(text.startswith(block + "\n\nPerspective: ") for text in texts)
    assert all(f"- {fact}\n" in block for fact in FACTS)
    assert "No annotation" in prompts.facts_block([])


def test_prompts_say_left_of_directions_alone_and_compare_with_no_other_image() -> None:
    told = [prompts.load(name).instruction for name in prompts.shipped()]
    for text in (*told, *prompts.shared_blocks().values()):
        assert not re.search(r"(?<!upper )(?<!lower )\bleft\b(?! side)", text)
        assert not re.search(r"\bother(s| images)\b|such images|most captions", text)


def test_boxes_stand_in_the_facts() -> None:
    boxes = prompts.Boxes("[x1, y1, x2, y2] in pixels", ("car: [1, 2, 3, 4]",))
    block = prompts.facts_block(FACTS, boxes)
    assert "Boxes of the annotated objects, [x1, y1, x2, y2] in pixels:\n- car: [1, 2, 3, 4]\n" in block
    assert "Boxes" not in prompts.facts_block(FACTS)


def test_free_prompts_never_see_facts() -> None:
    free = [t for t in map(prompts.load, prompts.shipped()) if t.kind is prompts.Kind.FREE]
    assert [template.name for template in free] == ["scene"]
    assert free[0].with_block(prompts.facts_block(FACTS, measured=MEASURED)) == free[0].instruction


@pytest.mark.parametrize("facts", [FACTS, []])
def test_what_is_measured_stands_apart_from_the_facts_and_below_them(facts: list[str]) -> None:
    with_measured, without = prompts.facts_block(facts, measured=MEASURED), prompts.facts_block(facts)
    head, measured = with_measured.split("\n\nMeasured in ")
    assert without.startswith(head)
    assert "weaker than facts" in measured.splitlines()[0]
    assert measured.splitlines()[1:3] == [f"- {line}" for line in MEASURED]
    assert "Measured" not in without
    merged = prompts.sources_block(facts, SOURCES, MEASURED).splitlines()
    assert merged[1] == f"[measured] {' '.join(MEASURED)}"
    assert [merged[0], *merged[2:]] == prompts.sources_block(facts, SOURCES).splitlines()


def test_an_integration_sees_texts_and_facts_after_an_instruction_that_all_share() -> None:
    template = prompts.load("integrate")
    text = template.with_block(prompts.sources_block(FACTS, SOURCES))
    assert all(f"[{name}] {value}\n" in f"{text}\n" for name, value in SOURCES.items())
    assert all(fact in text for fact in FACTS)
    assert text.startswith(template.instruction)
    assert "No annotation" in prompts.sources_block([], SOURCES)
    assert template.texts == {"short": (5, 45), "long": (20, 250)}
    assert template.schema is not None
    assert template.schema["required"] == ["short", "long"]


def test_a_further_attempt_says_what_was_wrong() -> None:
    first = prompts.load("scene").instruction
    told = prompts.again(first, "novel", "words that stand in no source: tower; leave them out")
    assert told.startswith(
        first + "\n\nYour earlier answer could not be used: words that stand in no source: tower"
    )
    assert "English" in prompts.again(first, "language", "3 of 4 letters are not Latin")


def test_facts_are_text_not_template() -> None:
    assert "{{ 7 * 6 }} <b>" in prompts.facts_block(["{{ 7 * 6 }} <b>"])


def test_an_unknown_name_names_the_nearest() -> None:
    with pytest.raises(RecipeError, match="did you mean 'attributes'"):
        prompts.load("atributes")


def test_a_users_own_file(tmp_path: Path) -> None:
    file = tmp_path / "roads.j2"
    source = "---\nkind: relay\nwords: [5, 60]\n---\nPerspective: roads, at most {{ words[1] }} words."
    file.write_text(source)
    template = prompts.load(str(file))
    assert (template.name, template.kind, template.texts) == ("roads", "relay", {"roads": (5, 60)})
    assert template.with_block(prompts.facts_block(FACTS)).endswith("Perspective: roads, at most 60 words.")
    assert pickle.loads(pickle.dumps(template)) == template
    file.write_text(source + " ")
    assert prompts.load(str(file)).hash != template.hash
    assert len(template.hash) == 16


def test_a_body_has_conditions_loops_and_filters() -> None:
    body = (
        "{# said nowhere #}{% if words[0] < words[1] and not false %}{{ words | join(' to ') }}{% else %}-"
        "{% endif %}{% for word in words %} {{ loop.index }}:{{ word + 1 }}{% endfor %}"
    )
    template = prompts.parse("mine", f"---\nkind: free\nwords: [1, 20]\n---\n{body}")
    assert template.instruction == "1 to 20 1:2 2:21"
    body = (
        "{% for name, words in texts.items() %}{{ name | upper }}<{{ words[1] }} {% endfor %}"
        "{{ texts.keys() | join(' ') }}"
    )
    template = prompts.parse("mine", f"---\nkind: integrate\ntexts: {{a: [1, 2], b: [3, 4]}}\n---\n{body}")
    assert template.instruction == "A<2 B<4 a b"


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("no front matter", "front matter"),
        ("---\nkind: riddle\nwords: [1, 2]\n---\n", "expected one of relay, free, integrate"),
        ("---\nkind: free\nwords: [9, 2]\n---\n", "expected \\[least, most\\]"),
        ("---\nkind: free\nwords: [1, 2]\nmodel: x\n---\n", "unknown key 'model'"),
        ("---\nkind: free\nwords: [1, 2]\n---\n{% if %}", "cannot be rendered"),
        ("---\nkind: free\nwords: [1, 2]\n---\n{{ words.__class__.__mro__ }}", "cannot be rendered"),
        ("---\nkind: relay\nwords: [1, 2]\n---\n{{ facts }}", "put before it"),
        ("---\nkind: integrate\nwords: [1, 2]\n---\n", "expected the texts of the reply"),
        ("---\nkind: [\n---\n", "front matter of prompt 'mine' is not valid YAML"),
    ],
)
def test_a_wrong_file_is_refused(source: str, problem: str) -> None:
    with pytest.raises(RecipeError, match=problem):
        prompts.parse("mine", source)


def test_no_perspective_has_the_name_of_what_no_description_says() -> None:
    source = "---\nkind: free\nwords: [5, 60]\n---\nSay what is there."
    assert prompts.parse("mine", source).name == "mine"
    with pytest.raises(RecipeError, match="rename it"):
        prompts.parse("facts", source)
