"""The page of samples in Chromium, opened from the disk as people open it."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mpgi_ray.cli import main
from mpgi_ray.data.caption import Caption, Status
from mpgi_ray.data.sample import Sample
from mpgi_ray.report.viewer import write_viewer
from support.question_folders import PICTURES, answer, make_answers, make_questions
from support.report_runs import SCRIPT, Run, make_run, texts_of
from support.score_tables import write_scores
from support.viewer_data import index, texts

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.docs, pytest.mark.xdist_group("viewer")]  # one browser
# the texts of a search come when `goOn` is called
SLOW = """() => {
  const load = mpgi.loadTexts, told = new Promise((done) => (globalThis.goOn = done));
  mpgi.loadTexts = async (share) => {
    document.body.dataset.waits = "";
    await told;
    return load(share);
  };
}"""
HOSTILE = (
    "</script><script>document.title = 'taken'</script> <img src=x onerror=alert(1)> \u2028\u2029 __proto__"
)
ANCHORS = {
    "relevance": "1 unrelated, 5 main elements with precise detail",
    "hallucination": "1 mostly invented, 5 none",
    "fluency": "1 broken, 5 flawless and concise",
}


def first_run(shard: str, sample: Sample) -> list[Caption]:
    """Each fourth text claims a ship and a plane; that of sample 7 is hostile, and so is its key."""
    rows = []
    for row in texts_of(shard, sample):
        text = row.text.replace("a ship", "a ship and a plane") if sample.index % 4 == 1 else row.text
        if sample.index == 7:
            text = f"{text} {HOSTILE}"
        rows.append(
            replace(row, text=text if row.status == Status.OK else "", prompt_hash="0123456789abcdef")
        )
    again = replace(rows[-1], status="retried", reason="copied", detail="", raw=SCRIPT, text="", attempt=1)
    return [*rows[:-1], again, replace(rows[-1], attempt=2)]


def second_run(shard: str, sample: Sample) -> list[Caption]:
    rows = [replace(row, model="other-1") for row in texts_of(shard, sample)]
    return [replace(row, text=f"{row.text} Again.") if row.perspective == "long" else row for row in rows]


@dataclass(frozen=True)
class Made:
    """Folders of the viewer, and the records that they were written from."""

    run: Run
    alone: Path
    both: Path

    def final(self, **columns: object) -> list[Caption]:
        """Final records with these values."""
        rows = [row for row in self.run.rows if row.status != Status.RETRIED]
        return [row for row in rows if all(getattr(row, name) == value for name, value in columns.items())]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    root = tmp_path_factory.mktemp("viewer")
    one, two = make_run(root / "one", first_run), make_run(root / "two", second_run)
    texts = [
        {"index": r.index, "key": r.key, "sample_id": r.sample_id, "name": r.perspective, "number": 0}
        | {"text": r.text, "clip": r.index / 10}
        for r in one.rows
        if r.status == Status.OK and r.shard == "a"
    ]
    scores = write_scores(root / "scores", {"a": texts}, ["clip"])
    write_viewer(one.captions, str(root / "alone"), scores=scores)
    write_viewer(one.captions, str(root / "both"), against=two.captions)
    return Made(one, root / "alone", root / "both")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium here: install Debian's `chromium`")
    from playwright.sync_api import sync_playwright

    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=program, args=options, timeout=120_000)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page whose faults fail the test, in a browser that remembers nothing."""
    context = browser.new_context(viewport={"width": 1300, "height": 900}, accept_downloads=True)
    context.set_default_timeout(120_000)
    page, troubles = context.new_page(), []
    page.on("console", lambda said: troubles.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("dialog", lambda dialog: (troubles.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda asked: troubles.append(asked.url) if asked.url.startswith("http") else None)
    yield page
    context.close()
    assert not troubles


def show(page: Page, folder: Path, hash: str = "") -> None:
    page.goto("about:blank")  # else another address of the same page would not load it anew
    page.goto(f"{(folder / 'samples.html').as_uri()}#{hash}")
    page.wait_for_selector("body[data-drawn]")


def change(page: Page, act: Any) -> None:
    """Do something, and wait until the page shows what it asked for."""
    before = page.get_attribute("body", "data-drawn")
    act()
    page.wait_for_selector(f"body[data-drawn]:not([data-drawn='{before}'])")


def counts(page: Page) -> tuple[int, int]:
    """Samples and texts that match, as the page says it."""
    said = page.inner_text("#found")
    found = re.fullmatch(r"([\d,]+) (?:sample|picture)s?, ([\d,]+) (?:text|question)s?", said)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def shown(page: Page) -> list[str]:
    return page.locator(".card .text:not(figure *)").all_text_contents()


def test_filters_combine_and_the_address_holds_them(page: Page, made: Made) -> None:
    show(page, made.alone)
    assert counts(page) == (18, 54)
    change(page, lambda: page.select_option("#perspective", "scene"))
    assert counts(page) == (18, 18)
    change(page, lambda: page.select_option("#status", "rejected"))
    rejected = made.final(perspective="scene", status="rejected")
    assert counts(page) == (len(rejected), len(rejected)) != (0, 0)
    address = page.url
    assert {"perspective=scene", "status=rejected"} == set(address.partition("#")[2].split("&"))
    change(page, page.go_back)
    assert counts(page) == (18, 18)
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_selector("body[data-drawn]")
    assert counts(page) == (len(rejected), len(rejected))
    assert page.input_value("#status") == "rejected"
    change(page, page.get_by_role("button", name="Status: rejected").click)
    assert counts(page) == (18, 18)
    change(page, lambda: page.click("#clear"))
    assert counts(page) == (18, 54)


def test_verdicts_scores_and_order(page: Page, made: Made) -> None:
    show(page, made.alone, "verdict=unverifiable&shard=a")
    known = index(made.alone)
    of_a = {n for n, shard in enumerate(known["samples"]["shard"]) if known["names"]["shard"][shard] == "a"}
    doubtful = [text for text in texts(made.alone) if text["verdicts"] & 2 and text["sample"] in of_a]
    assert counts(page)[1] == len(doubtful) > len([text for text in doubtful if "plane" in text["text"]]) > 0
    assert page.locator(".record").count() == page.locator(".record:has(mark.unverifiable)").count()
    show(page, made.alone, "score=clip&low=0.2&high=0.5&sort=falling:clip")
    between = [row for row in made.final(shard="a", status="ok") if 2 <= row.index <= 5]
    assert counts(page) == (4, len(between))
    keys = page.locator(".card h3").all_text_contents()
    assert keys == sorted((row.key for row in {r.key: r for r in between}.values()), reverse=True)


def test_search_looks_through_every_text(page: Page, made: Made) -> None:
    show(page, made.alone)
    change(page, lambda: page.fill("#search", 'PLANE "long text"'))
    found = [row for row in made.final(perspective="long") if "plane" in row.text]
    assert counts(page) == (len(found), len(found)) != (0, 0)
    assert sorted(shown(page)) == sorted(row.text for row in found)
    change(page, lambda: page.fill("#search", "picture-003"))
    assert counts(page)[0] == 1
    change(page, lambda: page.fill("#search", "nobody wrote this"))
    assert page.inner_text("#found") == "No sample matches. Clear a filter."


def test_pages_and_keys(page: Page, made: Made) -> None:
    show(page, made.alone, "sort=shard")
    first = page.locator(".card h3").all_text_contents()
    change(page, lambda: page.keyboard.press("ArrowRight"))
    assert page.locator(".card h3").all_text_contents() == [f"picture-{n:03d}" for n in range(10, 18)]
    change(page, lambda: page.keyboard.press("ArrowLeft"))
    assert page.locator(".card h3").all_text_contents() == first == [f"picture-{n:03d}" for n in range(10)]
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"


def test_hostile_texts_stay_texts(page: Page, made: Made) -> None:
    show(page, made.alone, "q=__proto__")
    found = [row for row in made.final(status="ok") if HOSTILE in row.text]
    assert counts(page)[1] == len(found) > 0
    assert sorted(shown(page)) == sorted(row.text for row in found)
    assert page.title() == "Samples: one/captions"
    assert page.locator("#cards script, #cards img[src='x'], #cards b:not(figcaption b)").count() == 0


def test_how_a_text_was_made_is_behind_a_click(page: Page, made: Made) -> None:
    show(page, made.alone, "perspective=long&q=picture-003")
    assert page.locator(".made dl").count() == 0
    page.get_by_text("How it was made", exact=True).click()
    page.wait_for_selector(".made dl")
    told = page.inner_text(".made")
    for value in ("template-1", "r7", "0123456789abcdef", "prompt 100, cached 0, reply 12", "copied", SCRIPT):
        assert value in told
    page.get_by_text(re.compile("^Its 2 claims$")).click()
    assert "a car presence: supported" in page.inner_text(".claims").replace('"', "")
    page.get_by_text("Prompt objects").click()
    assert "Name what you see." in page.inner_text(".made details[open] pre")


def test_two_runs_stand_side_by_side(page: Page, made: Made) -> None:
    show(page, made.both)
    assert counts(page) == (18, 108)
    change(page, lambda: page.select_option("#against", "differs"))
    pairs = page.locator(".card .compared")
    assert {pairs.nth(n).get_attribute("data-perspective") for n in range(pairs.count())} <= {
        "objects",
        "scene",
        "long",
    }
    long = page.locator(".compared[data-perspective=long]").first.locator(".two > div")
    left, right = (long.nth(n).locator(".text").inner_text() for n in (0, 1))
    assert right == f"{left} Again." or "plane" in left or HOSTILE[:8] in left
    assert long.nth(0).bounding_box()["x"] < long.nth(1).bounding_box()["x"]  # type: ignore[index]


def test_blind_pages_hide_who_wrote_and_shuffle_the_sides(page: Page, made: Made) -> None:
    show(page, made.both, "perspective=long&q=text")
    assert "other-1" in page.inner_text("main")
    change(page, lambda: page.check("#blind"))
    seen = Counter[bool]()
    for number in (1, 2):
        show(page, made.both, f"perspective=long&q=text&blind=1&page={number}")
        said = page.inner_text("body")
        assert not [name for name in ("other-1", "template-1", "two/captions") if name in said]
        for row in page.locator(".compared .two").all():
            seen["Again." in row.locator(".text").first.inner_text()] += 1
    assert seen[True] > 0 < seen[False]
    assert page.is_hidden("#model")
    assert page.title() == "Samples"


def test_ratings_are_kept_exported_and_imported(page: Page, made: Made, tmp_path: Path) -> None:
    show(page, made.alone, "perspective=long&q=picture-003&rate=1")
    for scale, said in ANCHORS.items():
        assert said in page.inner_text(f"fieldset[data-scale={scale}]")
    for scale, value in {"relevance": 4, "hallucination": 5, "fluency": 2}.items():
        page.check(f"fieldset[data-scale={scale}] input[value='{value}']", force=True)
    page.fill(".comment input", '=1+1, "quoted"')
    page.press(".comment input", "Tab")
    page.reload()
    page.wait_for_selector(".rating")
    assert page.is_checked("fieldset[data-scale=relevance] input[value='4']")
    files = {}
    for form in ("csv", "json"):
        with page.expect_download() as download:
            page.click(f"#export-{form}")
        files[form] = tmp_path / f"mine.{form}"
        download.value.save_as(files[form])
    [row] = json.loads(files["json"].read_text())
    [record] = [r for r in made.final(perspective="long") if r.key == "picture-003"]
    assert {name: row[name] for name in ("caption_id", "sample_id", "key", "perspective", "model")} == {
        name: getattr(record, name) for name in ("caption_id", "sample_id", "key", "perspective", "model")
    }
    assert (row["relevance"], row["hallucination"], row["fluency"]) == (4, 5, 2)
    assert row["comment"] == '=1+1, "quoted"'
    [cells] = csv.DictReader(io.StringIO(files["csv"].read_text()))
    assert {name: str(value) for name, value in row.items()} == cells | {"comment": row["comment"]}
    assert cells["comment"] == f"'{row['comment']}"  # no formula for a spreadsheet
    page.get_by_role("button", name="Take back").click()
    assert page.inner_text("#rated-count") == "No text is rated yet."
    for form in ("csv", "json"):
        page.evaluate("localStorage.clear()")
        page.reload()
        page.wait_for_selector(".rating")
        page.set_input_files("#import-file", str(files[form]))
        page.locator("#rated-said", has_text="1 rating taken over").wait_for()
        assert page.is_checked("fieldset[data-scale=hallucination] input[value='5']")
        assert page.input_value(".comment input") == row["comment"]
    (tmp_path / "other.json").write_text('[{"relevance": 9}]')
    page.set_input_files("#import-file", str(tmp_path / "other.json"))
    page.locator("#rated-said", has_text="is not 1 to 5").wait_for()


def test_tabs_of_a_browser_keep_their_ratings_together(page: Page, made: Made) -> None:
    where = "perspective=long&rate=1&sort=shard"
    show(page, made.alone, where)
    other = page.context.new_page()
    show(other, made.alone, where)
    for tab, card, value in ((page, 0, 4), (other, 1, 5), (page, 2, 3)):
        chosen = f"fieldset[data-scale=relevance] input[value='{value}']"
        tab.locator(".rating").nth(card).locator(chosen).check(force=True)
    show(other, made.alone, where)
    assert other.inner_text("#rated-count") == "3 texts rated, kept in this browser."


def test_what_is_changed_while_a_search_loads_does_not_end_it(page: Page, made: Made) -> None:
    show(page, made.alone)
    page.evaluate(SLOW)
    page.fill("#search", "nobody wrote this")
    page.wait_for_selector("body[data-waits]")  # the texts are asked for
    page.check("#rate")
    page.evaluate("goOn()")
    page.get_by_text("No sample matches. Clear a filter.").wait_for()
    assert page.locator(".card").count() == 0


@pytest.mark.parametrize("width", [420, 1300])
def test_nothing_is_wider_than_the_page(page: Page, made: Made, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for name in ("alone", "both"):
        show(page, getattr(made, name), "rate=1")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.goto((getattr(made, name) / "index.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_role("link", name="Look through 18 samples").click()
        page.wait_for_selector("body[data-drawn]")


def test_questions_are_filtered_with_their_replies_and_boxes_are_shown_alone(
    page: Page, tmp_path: Path
) -> None:
    conversations = make_questions(tmp_path)["instructions"]
    asked = [one for one in conversations if one.turns[0].kind == "grounding"]
    replies = [answer(one, 0, f"There. {HOSTILE}", "[0.5, 0.5, 1, 1]", 0.0) for one in asked]
    answers, view = make_answers(tmp_path, "answers", "instructions", replies), tmp_path / "view"
    command = ["inspect", str(tmp_path / "instructions"), "--answers", answers, "--html", f"{view}/"]
    assert main(command) == 0
    show(page, view)
    assert counts(page) == (PICTURES, 3 * PICTURES)
    change(page, lambda: page.select_option("#answer", "negative"))
    assert counts(page) == (3, 3)
    assert (
        page.locator(".record .asked").all_text_contents()
        == ["Is there a plane? presence, in the words of words-1"] * 3
    )
    change(page, lambda: page.click("#clear"))
    change(page, lambda: page.fill("#search", "onerror"))  # which stands in replies alone
    assert counts(page) == (PICTURES, PICTURES)
    assert page.locator(".reply .status").all_text_contents() == ["wrong"] * PICTURES
    assert page.locator(".reply").first.inner_text().startswith("wrong There. </script><script>")
    card = page.locator(".card").first
    entry = card.locator(".legend button", has_text="reply: ")
    entry.click()
    assert card.locator("svg polygon:visible").count() == 1
    assert not page.is_visible("#rate")
    assert page.title() == "Questions: " + "/".join((tmp_path / "instructions").parts[-2:])
    show(page, view, "blind=1&rate=1&verdict=silent&perspective=long&against=same")  # of a caption run
    assert counts(page) == (PICTURES, 3 * PICTURES)
    page.set_viewport_size({"width": 420, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 420
