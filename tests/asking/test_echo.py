"""What replies copy from their prompts: headings, and the words of a worked example."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from mpgi_ray.asking.checks import fault, text_fault
from mpgi_ray.caption.integrate import Integration
from mpgi_ray.caption.recipe import FactsConfig
from mpgi_ray.caption.stage_settings import IntegrateConfig
from mpgi_ray.data.caption import Caption
from mpgi_ray.data.sample import Annotation
from mpgi_ray.engines.base import Prompt, Reply
from mpgi_ray.prompts import Boxes, again, facts_block, load, sources_block
from mpgi_ray.rules import gather

GOOD = "A river bends between green fields, and a narrow road crosses it on a bridge."
BLOCKS = (
    facts_block(["A car."], Boxes("[x1, y1, x2, y2] in pixels", ("car: [1, 2, 3, 4]",)), ["Grey."]),
    facts_block(["A car."], None, ["Grey."], picture=False),
    sources_block(["A car."], {"objects": "Cars.", "my view 2": "Sand."}, ["Grey."]),
    again("", "novel", "words"),
    load("layout").instruction,
)


@pytest.mark.parametrize(
    "heading",
    [
        line
        for block in BLOCKS
        for line in block.splitlines()
        if line.endswith(":") or line.startswith(("[", "Perspective"))
    ],
)
def test_every_heading_of_a_prompt_is_found_in_an_answer(heading: str) -> None:
    for text in (f"{heading} {GOOD}", f"{GOOD}\n{heading}\n{GOOD}"):
        found = text_fault(text, (5, 60), "")
        assert found is not None
        assert found.code == "prompt_echo"
        (quoted,) = re.findall(r"""\(["'](.+)["']\)""", found.detail)
        assert heading.startswith(quoted)
        assert quoted in again("", found.code, found.detail)
    cut = json.dumps({"short": f"{GOOD}\n\n{heading}"})[:-2]
    found = fault(Reply(cut, finish_reason="length"))
    assert found is not None
    assert found.code == "prompt_echo"


def test_brackets_and_perspectives_in_prose_are_no_headings() -> None:
    for text in (f'{GOOD} A label says "a [b] c".', f"{GOOD} Seen in perspective: fields and a road."):
        assert text_fault(text, (5, 60), "") is None


class Copies:
    """Answers with a text that it copies, then with another."""

    kind = model = revision = "copies"
    trusted = False

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)
        self.asked: list[Prompt] = []

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        self.asked += prompts
        text = self.texts[len(self.asked) - 1]
        return [Reply(json.dumps({"caption": text}))]

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("copied", "quoted"), [("A <class> lies on sand.", "<class>"), ("A hangar.", "hangar")]
)
def test_the_words_of_an_example_are_refused_but_for_those_of_the_image(
    copied: str, quoted: str, tmp_path: Path
) -> None:
    (tmp_path / "one.j2").write_text(
        "---\nkind: integrate\ntexts: {caption: [2, 40]}\nsystem: Merge.\n"
        'example: |\n  {"caption": "A <class> lies beside a hangar and a river."}\n---\nMerge the texts.\n'
    )
    engine = Copies(copied, "A river lies on sand.")
    row = Caption(
        caption_id="c",
        sample_id="s",
        shard="a",
        index=0,
        key="k",
        stage="perspective",
        perspective="scene",
        text="Sand.",
    )
    facts = gather(Annotation(width=8, height=8, scene=("river",)))
    stage = Integration(engine, IntegrateConfig(), FactsConfig(), load(str(tmp_path / "one.j2")))
    rows = asyncio.run(stage.merge([row], facts))
    assert [(r.status, r.reason) for r in rows] == [("retried", "prompt_echo"), ("ok", "")]
    first, second = engine.asked
    assert first.system == "Merge."
    assert f"about another image. Do not repeat its words:\n{stage.template.example}\n" in first.text
    assert f"the text copies the example ({quoted})" in second.text
