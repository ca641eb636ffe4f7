"""The imperfect writer: true prose where it plants nothing, and planted faults that are what its log says."""

from __future__ import annotations

import asyncio
import base64
import json
import math
import random
import re
import urllib.request
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from mpgi_ray.demo import scenes
from mpgi_ray.demo.scenes.canvas import SURFACES
from mpgi_ray.demo.scenes.models import MODELS
from mpgi_ray.demo.writer import Faults, ImperfectWriter
from mpgi_ray.demo.writer.grammar import read
from mpgi_ray.demo.writer.merge import SHORT_WORDS
from mpgi_ray.demo.writer.prose import GLUE
from mpgi_ray.prompts import again, facts_block, load, sources_block
from mpgi_ray.rules import gather, rule_text
from mpgi_ray.rules.arrangement import Arrangement, Pattern
from mpgi_ray.rules.phrases import arranged

FORM = ("refusal", "thinking", "truncation", "language", "repetition", "schema")
CONTENT = (
    "dropped", "count", "bound", "swapped", "exchanged", "mirrored", "part", "share", "colour", "invented",
    "added", "denied",
)  # fmt: skip
FAULTLESS = Faults(**dict.fromkeys((*FORM, *CONTENT), 0.0))
PROMPTS = {name: load(name) for name in ("objects", "layout", "scene", "attributes", "integrate")}
PERSPECTIVES = ("objects", "layout", "scene", "attributes")
MEASURED = (
    "Two cars here are purple on orange ground.",
    "A purple band crosses the image from left to right.",
)
LOOK = {"arranged", "direction", "form", "coloured"}

# --- an independent reader of the sentences: what is counted, where it lies, how much it covers

_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_IRREGULAR = {"bus": "buses", "football pitch": "football pitches", "tree canopy": "tree canopies"}
_CLASSES = {c: _IRREGULAR.get(c, f"{c}s") for c in (*MODELS, *SURFACES, "road surface")}
_ALSO = {  # other names
    "plane": "airplane", "apartment building": "apartment block", "hut": "cabin", "automobile": "car",
    "factory building": "factory hall", "soccer field": "football pitch", "silo": "grain silo",
    "home": "house", "powerboat": "motorboat", "beach umbrella": "parasol", "rail wagon": "railway wagon",
    "rowboat": "rowing boat", "sailing boat": "sailboat", "cargo container": "shipping container",
    "photovoltaic array": "solar array", "lorry": "truck", "lorries": "truck", "tug": "tugboat",
    "bare earth": "bare soil", "farmland": "cropland", "grassland": "grass",
}  # fmt: skip
_SINGULAR = {form: c for c, many in _CLASSES.items() for form in (c, many)}
_SINGULAR |= {form: c for other, c in _ALSO.items() for form in (other, f"{other}s")}
_SHARES = (
    r"a (?:very )?small part|about (?:half|(?:a|two) \w+)"
    r"|most(?= of (?:the (?:image|picture|view)|what))|almost all"
)
_CELLS = "upper left|upper right|lower left|lower right|top|left|right|bottom|centre|middle"
_BOUND = "(?:more than|at most|(?<!no )fewer than|up to) "
_TOKEN = re.compile(
    rf"\b(?:(?P<n>(?:{_BOUND})?(?:{'|'.join(_NUMBERS)}|\d+)|no(?! fewer))"
    rf"|(?P<name>{'|'.join(sorted(_SINGULAR, key=len, reverse=True))})"
    rf"|the (?P<cell>{_CELLS})"
    rf"|(?P<share>{_SHARES}))\b"
)
_CLAUSE = re.compile(
    r", with |, whereas |; |, and (?=the central|its|.* closer to the edges)|(?<=its centre) and "
)
_BESIDE = (  # relation, and whether the first class named is its subject
    (r"close to|right by|next to|stands near|close by|neighbours|beside", "near", None),
    (r"^compared with", "larger", False),
    (r"larger|bigger|exceeds?", "larger", True),
    (r"^to the left of", "left", False),
    (r"to the left of", "left", True),
    (r"to the right of|^left of", "left", False),
    (r"is above|higher up", "above", True),
    (r"^below", "above", True),
    (r"below", "above", False),
)
_LOOK = (
    (
        "arranged",
        r"in \w+(?: \w+)? (?:rows?|grid)\b|in two groups .*|close together|along the borders.*|far apart.*",
    ),
    ("direction", r"(?:horizontal|vertical|diagonal)ly"),
    ("form", r"(?:small|large) in the image|elongated|\bround\b|[\d.]+ m (?:across|long|wide)"),
)
_REGION = re.compile(
    r"(its centre|central part|centre of the image|around the centre|occup\w+ the centre)|\bedges\b"
)
_COLOURS = r"\b(?:black|grey|white|red|orange|brown|beige|tan|yellow|olive|green|blue|purple)\b"
_OPENING = re.compile(r"(?:here|in this picture|from this height|moreover|also|in addition|besides), ")
_UNSAID = re.compile(
    r"one pixel|a pixel|on the ground a pixel|the ground sampling|what is on view|in this view"
)
Claim = tuple[Any, ...]


def claims(text: str) -> set[Claim]:
    """Every claim on a number, a place, a cover, a relation or a look."""
    told: set[Claim] = set()
    subject = ""
    for sentence in re.split(r"(?<=\.)\s+|, while ", text):
        sentence = _OPENING.sub("", sentence.lower().removesuffix("."), count=1)
        sentence = re.sub(
            r"\bone (?:sees|finds|recognises|can)\b|\b(?:in|as|all in) one patch\b", "", sentence
        ).strip()
        sentence = re.sub(r"^(?:they|it) (?=\w)", f"{subject} " if subject else "it ", sentence)
        if not _UNSAID.match(sentence):
            told |= set(_claims(sentence))
        things = [m for m in _TOKEN.finditer(sentence) if m["name"]]
        subject = " ".join(next(_pairs(sentence), ())) if len(things) == 1 else ""
    return told


def _claims(sentence: str) -> Iterator[Claim]:
    names = [_SINGULAR[m["name"]] for m in _TOKEN.finditer(sentence) if m["name"]]
    for pattern, relation, forward in _BESIDE:
        if re.search(pattern, sentence) and len(names) == 2:
            yield relation, *(sorted(names) if forward is None else names if forward else names[::-1])
            return
    for relation, pattern in (*_LOOK, ("coloured", _COLOURS)):
        if (found := re.findall(pattern, sentence)) and (pair := next(_pairs(sentence), None)):
            yield relation, pair[1], pair[0], frozenset(found)
            return
    if _REGION.search(sentence):
        for clause in _CLAUSE.split(sentence):
            region = _REGION.search(clause)
            assert region, clause
            for n, name in _pairs(clause):
                yield "region", "centre" if region[1] else "edge", n, name
        return
    tokens = list(_TOKEN.finditer(sentence))
    cells = [m["cell"].replace("middle", "centre") for m in tokens if m["cell"]]
    shares = [m["share"] for m in tokens if m["share"]]
    if shares and not cells:
        yield "cover", names[0], shares[0]
    elif cells and re.search(r"most of|(?:greater|larger) part", sentence):
        yield "fill", names[0], frozenset(cells)
    elif cells and tokens[0]["cell"]:  # "on the left there are two cars"
        n, name = next(_pairs(sentence), (None, names[-1]))
        for cell in cells:
            yield "cell", name, n, cell
    elif cells:
        n, name = None, ""
        for m in tokens:
            n = _words(m["n"]) or n
            name = _SINGULAR[m["name"]] if m["name"] else name
            if m["cell"]:
                yield "cell", name, n, m["cell"].replace("middle", "centre")
    else:
        for n, name in _pairs(sentence):
            yield "count", n, name


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    n = ""
    for m in _TOKEN.finditer(text):
        n = _words(m["n"]) or n
        if m["name"] and n:
            yield n, _SINGULAR[m["name"]]
            n = ""


def _words(n: str | None) -> str | None:
    return re.sub(r"\d+", lambda m: _NUMBERS[int(m[0]) - 1] if 0 < int(m[0]) < 13 else m[0], n) if n else n


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+|[\d.]*\d", text.lower()))


# --- asking


@pytest.fixture(scope="module")
def facts() -> list[list[str]]:
    return [rule_text(gather(s.annotation), s.sample_id) for s in scenes(300, seed=5, size=128)]


@pytest.fixture(scope="module")
def picture() -> str:
    (sample,) = scenes(1, size=128)
    return f"data:image/jpeg;base64,{base64.b64encode(sample.image).decode()}"


def body(name: str, block: str, picture: str = "", hint: str = "") -> dict[str, Any]:
    prompt = PROMPTS[name]
    text = prompt.with_block(block)
    content: list[dict[str, Any]] = [{"type": "image_url", "image_url": {"url": picture}}] if picture else []
    content.append({"type": "text", "text": again(text, *hint.split(": ", 1)) if hint else text})
    asked: dict[str, Any] = {
        "model": "any",
        "messages": [{"role": "system", "content": prompt.system}, {"role": "user", "content": content}],
    }
    if prompt.schema:
        schema = {"name": "captions", "schema": prompt.schema, "strict": True}
        asked["response_format"] = {"type": "json_schema", "json_schema": schema}
    return asked


def relay(facts: Iterable[Sequence[str]], picture: str, name: str, hint: str = "") -> list[dict[str, Any]]:
    return [body(name, facts_block(one), picture, hint) for one in facts]


def post(url: str, bodies: Sequence[Any], at_once: int = 32) -> list[tuple[int, dict[str, Any]]]:
    async def ask_all() -> list[tuple[int, dict[str, Any]]]:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=at_once)) as session:

            async def ask(one: Any) -> tuple[int, dict[str, Any]]:
                data = one if isinstance(one, bytes) else json.dumps(one).encode()
                async with session.post(f"{url}/chat/completions", data=data) as response:
                    return response.status, await response.json()

            return await asyncio.gather(*map(ask, bodies))

    return asyncio.run(ask_all())


def texts(url: str, bodies: Sequence[Any], at_once: int = 32) -> list[str]:
    replies = post(url, bodies, at_once)
    assert {status for status, _ in replies} == {200}
    return [reply["choices"][0]["message"]["content"] for _, reply in replies]


def log_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def described(
    url: str, facts: Sequence[Sequence[str]], picture: str, measured: Sequence[Sequence[str]] = ()
) -> list[dict[str, str]]:
    """The descriptions from all perspectives, image by image."""
    bodies = [
        body(name, "" if name == "scene" else facts_block(one, measured=seen), picture)
        for one, seen in zip(facts, measured or [MEASURED] * len(facts), strict=True)
        for name in PERSPECTIVES
    ]
    told = texts(url, bodies)
    step = len(PERSPECTIVES)
    return [dict(zip(PERSPECTIVES, told[i : i + step], strict=True)) for i in range(0, len(told), step)]


# --- what must hold


def test_without_faults_every_count_class_and_place_of_the_facts_is_told(
    facts: list[list[str]], picture: str, tmp_path: Path
) -> None:
    with ImperfectWriter(tmp_path / "log", faults=FAULTLESS) as writer:
        told = described(writer.url, facts, picture)
        merged = texts(
            writer.url,
            [body("integrate", sources_block(f, t, MEASURED)) for f, t in zip(facts, told, strict=True)],
        )
    kinds: Counter[str] = Counter()
    for given, text, reply in zip(facts, told, merged, strict=True):
        true = claims(" ".join((*given, MEASURED[0])))
        kinds.update(kind for kind, *_ in true)
        what = {c for c in true if c[0] in ("count", "cover")}
        assert claims(text["objects"]) == what, text["objects"]
        look = {c for c in true if c[0] in LOOK}
        assert claims(text["layout"]) == true - what - look, text["layout"]
        assert claims(text["attributes"]) == look, text["attributes"]
        assert len(text["attributes"].split(". ")) >= 2 + len(look)  # and how the picture looks
        assert not claims(text["scene"])
        answer = json.loads(reply)
        assert list(answer) == ["short", "long"]
        assert len(answer["short"].split()) <= SHORT_WORDS
        assert claims(answer["long"]) <= true
        length = len(answer["long"].split())
        assert claims(answer["long"]) == true or length > 220  # cut to 265 words, by whole sentences
        assert length <= 300  # what is accepted where 250 are asked for
        assert claims(answer["short"]) & {c for c in true if c[0] == "count"} or len(what) > 6
        sources = words(" ".join(text.values()))
        assert len(sources & words(answer["long"])) >= 0.85 * len(sources)
        assert words(reply) <= sources | words(" ".join((*given, *MEASURED))) | GLUE | {"short", "long"}
    assert {"count", "cover", "region", "cell", "fill", "near", "larger", *LOOK} <= set(kinds)


@pytest.mark.parametrize("pattern", Pattern)
@pytest.mark.parametrize("direction", [None, "horizontal", "vertical", "diagonal"])
def test_every_arrangement_is_understood(pattern: Pattern, direction: str | None) -> None:
    where = arranged(Arrangement(pattern, direction, lines=3, objects=9, spread=0.1))
    told = read(f"At least nine cars stand {where}.")
    assert told.claim
    assert told.claim.slots == {"subject": "at least nine cars", "pattern": where}


def test_facts_beat_wrong_descriptions(facts: list[list[str]], picture: str, tmp_path: Path) -> None:
    wrong = replace(FAULTLESS, count=0.3, swapped=0.3, mirrored=0.3)
    with (
        ImperfectWriter(tmp_path / "wrong", faults=wrong) as liar,
        ImperfectWriter(tmp_path / "log", faults=FAULTLESS) as writer,
    ):
        told = described(liar.url, facts, picture)
        merged = texts(
            writer.url,
            [body("integrate", sources_block(f, t, MEASURED)) for f, t in zip(facts, told, strict=True)],
        )
    lies = 0
    for given, text, reply in zip(facts, told, merged, strict=True):
        true = claims(" ".join((*given, MEASURED[0])))
        lies += not claims(f"{text['objects']} {text['layout']} {text['attributes']}") <= true
        assert claims(json.loads(reply)["long"]) <= true
    assert lies > 100


def test_answers_depend_on_what_is_asked_alone(facts: list[list[str]], picture: str, tmp_path: Path) -> None:
    bodies = [
        *relay(facts[:80], picture, "objects"),
        *relay(facts[:80], picture, "layout"),
        *[body("scene", "", picture)] * 20,
        *[body("integrate", sources_block(f, {"objects": "Bare ground is seen."})) for f in facts[:80]],
    ]
    shuffled = random.Random(1).sample(range(len(bodies)), len(bodies))
    with ImperfectWriter(tmp_path / "a", seed=3) as writer:
        one_by_one = texts(writer.url, bodies, at_once=1)
    with ImperfectWriter(tmp_path / "b", seed=3) as writer:
        at_once = texts(writer.url, [bodies[i] for i in shuffled])
    with ImperfectWriter(tmp_path / "c", seed=4) as writer:
        other_seed = texts(writer.url, bodies)

    def by_content(order: Iterable[int], replies: list[str]) -> Counter[tuple[str, str]]:
        return Counter((json.dumps(bodies[i]), text) for i, text in zip(order, replies, strict=True))

    assert by_content(shuffled, at_once) == by_content(range(len(bodies)), one_by_one)
    assert other_seed != one_by_one
    logs = [[{**line, "ordinal": 0} for line in log_of(tmp_path / name)] for name in "ab"]
    assert Counter(map(json.dumps, logs[0])) == Counter(map(json.dumps, logs[1]))


def test_faults_come_at_their_rates(facts: list[list[str]], picture: str, tmp_path: Path) -> None:
    rates = {kind: 0.02 + 0.004 * i for i, kind in enumerate((*FORM, *CONTENT))}
    told = {"objects": " ".join(facts[0]), "scene": "The ground is brown."}
    with ImperfectWriter(tmp_path / "log", faults=Faults(**rates)) as writer:
        texts(writer.url, relay(facts, picture, "objects") * 8)
        texts(writer.url, [body("integrate", sources_block(f, told)) for f in facts] * 6)
    impossible = {"perspective": {"schema", "mirrored", "part", "colour"}, "integrated": {"colour"}}
    rare = {"perspective": {"exchanged", "share"}, "integrated": {"exchanged", "mirrored", "part", "share"}}
    for stage in ("perspective", "integrated"):
        lines = [line for line in log_of(tmp_path / "log") if line["stage"] == stage]
        found = Counter(line["fault"] for line in lines)
        for kind, rate in rates.items():
            expected = 0 if kind in impossible[stage] else rate * len(lines)
            margin = 3.5 * math.sqrt(expected * (1 - rate))
            lacking = 0 < found[kind] < expected if kind in rare[stage] else False
            assert lacking or abs(found[kind] - expected) <= margin, (stage, kind, found[kind], expected)


@pytest.mark.parametrize("kind", FORM)
def test_a_planted_fault_of_form_shows(
    kind: str, facts: list[list[str]], picture: str, tmp_path: Path
) -> None:
    sources = {"objects": "Cars can be counted.", "scene": "The ground is brown."}
    bodies = [body("integrate", sources_block(one, sources)) for one in facts[:60]]
    if kind != "schema":
        bodies += relay(facts[60:120], picture, "layout")
    with ImperfectWriter(tmp_path / "log", faults=replace(FAULTLESS, **{kind: 1.0})) as writer:
        replies = post(writer.url, bodies)
    lines = log_of(tmp_path / "log")
    assert Counter(line["text"] for line in lines) == Counter(
        reply["choices"][0]["message"]["content"] for _, reply in replies
    )
    assert {line["fault"] for line in lines} == {kind}
    for line in lines:
        assert _shows(kind, line), line
    finishes = {reply["choices"][0]["finish_reason"] for _, reply in replies}
    expected = {"truncation": {"length"}, "thinking": {"stop", "length"}}
    assert finishes == expected.get(kind, {"stop"})


def _shows(kind: str, line: dict[str, Any]) -> bool:
    text = line["text"]
    if kind == "refusal":
        return not claims(text) and bool(re.search(r"sorry|cannot|unable", text, re.IGNORECASE))
    if kind == "thinking":
        return text.startswith("<think>") and ("</think>" in text) == (line["finish_reason"] == "stop")
    if kind == "truncation":
        return text[-1].isalnum()
    if kind == "language":
        return bool(re.search(r"[\u4e00-\u9fff]{5}", text))
    if kind == "repetition":
        grams = text.split()
        runs = Counter(tuple(grams[i : i + 3]) for i in range(len(grams) - 2))
        return runs.most_common(1)[0][1] >= 6
    try:
        answer = json.loads(text)
    except json.JSONDecodeError:
        return line["variant"] == "broken"
    return set(answer) != {"short", "long"} or not all(isinstance(v, str) for v in answer.values())


@pytest.fixture(scope="module")
def truthful(
    facts: list[list[str]], picture: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[list[list[str]], list[dict[str, Any]], list[str]]]:
    """By prompt the measured facts, the requests and what is answered without a fault."""
    given, answered = facts[:150], {}
    coloured = [_coloured(one) for one in given]
    for name in ("objects", "layout", "attributes", "integrate"):
        if name == "integrate":
            sources = {"scene": "The ground is brown."}
            bodies = [body(name, sources_block(f, sources, m)) for f, m in zip(given, coloured, strict=True)]
        else:
            bodies = [
                body(name, facts_block(f, measured=m), picture) for f, m in zip(given, coloured, strict=True)
            ]
        with ImperfectWriter(tmp_path_factory.mktemp(name) / "log", faults=FAULTLESS) as writer:
            answered[name] = coloured, bodies, texts(writer.url, bodies)
    return answered


@pytest.mark.parametrize("kind", CONTENT)
@pytest.mark.parametrize("name", ["objects", "layout", "attributes", "integrate"])
def test_a_planted_fault_of_content_is_the_logged_change_and_no_other(
    kind: str,
    name: str,
    facts: list[list[str]],
    truthful: dict[str, tuple[list[list[str]], list[dict[str, Any]], list[str]]],
    tmp_path: Path,
) -> None:
    given, (coloured, bodies, true_texts) = facts[:150], truthful[name]
    with ImperfectWriter(tmp_path / "wrong", faults=replace(FAULTLESS, **{kind: 1.0})) as writer:
        wrong_texts = texts(writer.url, bodies)
    lines: dict[str, list[dict[str, Any]]] = {}
    for line in log_of(tmp_path / "wrong"):
        lines.setdefault(line["text"], []).append(line)
    planted = 0
    for one, measured, true_text, wrong_text in zip(given, coloured, true_texts, wrong_texts, strict=True):
        line = lines[wrong_text][0]
        if kind == "dropped":  # what is left may be the same of several
            cut = [li for li in lines[wrong_text] if li["fault"]]
            line = next(
                (li for li in cut if li["change"]["before"].rstrip(".")[1:] in true_text), {"fault": None}
            )
        if not line["fault"]:
            continue
        planted += 1
        assert line["fault"] == kind
        change = line["change"]
        whole = "long" if name == "integrate" else name
        told = {"dropped": []}.get(kind, [change])
        assert line["false"][whole] == told
        if name == "integrate":
            assert line["false"]["short"] in ([], told)
            true_text, wrong_text = (json.loads(text)["long"] for text in (true_text, wrong_text))
        if kind in ("invented", "added"):
            assert not re.search(change["after"], " ".join(one))
            assert change["after"].split()[0][:-1] in change["sentence"].lower()
            wrong_text, cut = re.subn(rf"(?i)(, while )?{re.escape(change['sentence'][:-1])}", "", wrong_text)
            assert cut == 1
        true, wrong = claims(true_text), claims(wrong_text)
        assert true <= claims(" ".join((*one, *measured)))
        if kind == "dropped":
            assert wrong <= true
            assert change["before"].rstrip(".")[1:] not in wrong_text
            assert len(true) == len(wrong) + len(claims(change["before"]))
            continue
        assert change["kind"] == kind
        if kind not in ("invented", "added"):
            assert change["sentence"][1:-1] in wrong_text
        assert _is_false(change, true - wrong, wrong - true, " ".join(one)), (
            true - wrong,
            wrong - true,
            change,
        )
    impossible = {
        "objects": ("mirrored", "part", "colour"),
        "layout": ("share", "colour", "denied"),
        "attributes": ("exchanged", "mirrored", "part", "share", "denied"),
        "integrate": ("colour",),  # no description here tells one
    }
    assert planted == 0 if kind in impossible[name] else planted >= 25


def _coloured(facts: Sequence[str]) -> list[str]:
    """A line on the colour of the first thing that the facts count."""
    n, name = next(
        (n, name) for kind, n, name in sorted(c for c in claims(" ".join(facts)) if c[0] == "count")
    )
    return [
        f"{n} {_CLASSES[name] if n != 'one' else name} here {'is' if n == 'one' else 'are'} red.".capitalize()
    ]


_QUANTITY = rf"(?:at least |no fewer than )?(?:{'|'.join(_NUMBERS)}|\d+)"


def _is_false(change: dict[str, str], lost: set[Claim], gained: set[Claim], facts: str) -> bool:
    """Whether claims that were lost and gained are what the log says, and false."""
    kind, before, after = change["kind"], change["before"], change["after"]
    true = claims(facts)
    if kind in ("invented", "added"):
        return lost == gained
    if kind == "denied":
        (name,) = (_SINGULAR[form] for form in [after.removeprefix("no ")])
        return gained == {("count", "no", name)} and {c[2] for c in lost} == {name} and lost <= true
    if kind == "swapped":  # in all places that the sentence names
        old, new = (_SINGULAR[re.sub(rf"^(?:{_QUANTITY}|an?) ", "", text)] for text in (before, after))
        renamed = {tuple(new if v == old else v for v in c) for c in lost}
        return bool(gained) and new not in facts and gained == renamed
    if kind == "exchanged":
        return (
            len(lost) == len(gained) == 2
            and {c[-1] for c in lost} == {c[-1] for c in gained}
            and {c[-2] for c in lost} == {c[-2] for c in gained}
        )
    if not lost and not gained:  # "six cars can be seen, one on the left and four at the top"
        n = next(n for n, name in _pairs(before))
        return _breaks(_value(n), after if kind == "bound" else f"at least {after}")
    if len(lost) != 1 or len(gained) != 1:
        return False
    (was,), (now,) = lost, gained
    if kind == "mirrored" and was[0] in ("left", "above"):
        return now == (was[0], *was[:0:-1])
    different = [(a, b) for a, b in zip(was, now, strict=True) if a != b]
    if len(different) != 1:
        return False
    ((old, new),) = different
    if kind == "count":
        return 0 < abs(_value(old) - _value(new)) <= 3 and _value(after.split()[0]) == _value(new)
    if kind == "bound":
        return _breaks(_value(old), after)
    if kind == "part":
        total = next(c[1] for c in true if c[0] == "count" and c[2] == now[-1 if now[0] == "region" else 1])
        return new == total and _value(old) < _value(new)
    if kind == "share":
        return (old, new) == (before, after) and ("cover", was[1], new) not in true
    if kind == "colour":
        return before in old and after in new
    if isinstance(old, frozenset):
        ((old,), (new,)) = old - new, new - old
    swaps = {("left", "right"), ("right", "left"), ("upper", "lower"), ("lower", "upper"), ("top", "bottom"),
             ("bottom", "top")}  # fmt: skip
    changed = [(a, b) for a, b in zip(old.split(), new.split(), strict=True) if a != b]
    return len(changed) == 1 and changed[0] in swaps and new in after


def _breaks(n: int, bound: str) -> bool:
    """Whether a number breaks a bound such as "at most two cars"."""
    words_ = bound.split()
    limit = next(_value(word) for word in words_ if word in _NUMBERS or word.isdigit())
    if bound.startswith(("at least", "no fewer than")):
        return n < limit
    if bound.startswith("more than"):
        return n <= limit
    return n > limit if bound.startswith(("at most", "up to")) else n >= limit


def test_false_claims_are_followed_into_the_texts_made_of_them(
    facts: list[list[str]], picture: str, tmp_path: Path
) -> None:
    rates = replace(FAULTLESS, **dict.fromkeys(CONTENT, 0.08))
    with ImperfectWriter(tmp_path / "log", faults=rates) as writer:
        coloured = list(map(_coloured, facts))
        told = described(writer.url, facts, picture, coloured)
        planted = {line["change"]["identity"]: line for line in log_of(tmp_path / "log") if line["change"]}
        writer._faults = replace(FAULTLESS, believes=0.5)
        merged = texts(
            writer.url,
            [body("integrate", sources_block(*given)) for given in zip(facts, told, coloured, strict=True)],
        )
    lines = {line["text"]: line for line in log_of(tmp_path / "log") if line["stage"] == "integrated"}
    inherited: Counter[str] = Counter()
    for given, measured, sources, reply in zip(facts, coloured, told, merged, strict=True):
        line = lines[reply]
        assert line["change"] is None
        for name, text in json.loads(reply).items():
            marked = {change["sentence"] for change in line["false"][name]}
            for change in line["false"][name]:
                inherited[change["kind"]] += 1
                assert change["sentence"][1:-1] in text
                assert planted[change["identity"]]["change"] == change
            for source in sources.values():
                for sentence in re.split(r"(?<=\.) ", source):
                    false = any(
                        li["text"] == source and li["change"]["sentence"] == sentence
                        for li in planted.values()
                    )
                    said = re.search(rf"(?i)\b{re.escape(sentence[:-1])}\b", text)
                    assert sentence in marked or not (false and said), (sentence, text)
        if not any(line["false"].values()):
            assert claims(json.loads(reply)["long"]) <= claims(" ".join((*given, *measured)))
    assert {*CONTENT} - {"dropped"} <= {*inherited}


def _value(n: str) -> int:
    return _NUMBERS.index(n) + 1 if n in _NUMBERS else int(n)


def test_a_hint_mends_the_first_fault(facts: list[list[str]], picture: str, tmp_path: Path) -> None:
    rates = replace(FAULTLESS, refusal=0.4, count=0.4, mend=0.75)
    with ImperfectWriter(tmp_path / "log", faults=rates) as writer:
        texts(writer.url, relay(facts, picture, "objects"), at_once=1)
        texts(writer.url, relay(facts, picture, "objects", "refusal: sorry"), at_once=1)
    lines = log_of(tmp_path / "log")
    first, second = lines[: len(facts)], lines[len(facts) :]
    assert {line["attempt"] for line in first} == {1}
    assert {line["attempt"] for line in second} == {2}
    faulty = [(a["fault"], b["fault"]) for a, b in zip(first, second, strict=True) if a["fault"]]
    again_ = sum(a == b for a, b in faulty)
    assert abs(again_ - 0.25 * len(faulty)) <= 4.5 * math.sqrt(len(faulty) * 0.25 * 0.75)


def test_a_log_holds_the_answers_of_one_server(picture: str, tmp_path: Path) -> None:
    for name in ("scene", "attributes"):
        with ImperfectWriter(tmp_path / "log", faults=FAULTLESS) as writer:
            texts(writer.url, [body(name, "", picture)])
    assert [(line["perspective"], line["asked"]) for line in log_of(tmp_path / "log")] == [("attributes", 0)]


def test_what_is_no_chat_request_is_refused_and_the_server_lives(picture: str, tmp_path: Path) -> None:
    broken = f"data:image/jpeg;base64,{base64.b64encode(b'no picture').decode()}"
    refused: list[Any] = [
        b"", b"{", b"[]", b'"x"', b"[" * 100_000, b"\xff\xfe",
        {}, {"messages": 5}, {"messages": [3]}, {"messages": [{"role": ["user"], "content": "x"}]},
        {"messages": [{"role": "user", "content": 5}]},
        {"messages": [{"role": "user", "content": [{"type": "video"}]}]},
        {"messages": [{"role": "user", "content": "\ud800 Merge.\n[facts] b.\n[a] c."}]},
        body("scene", "", broken), body("scene", "", "http://127.0.0.1/a.jpg"), body("scene", "", "data:,"),
    ]  # fmt: skip
    with ImperfectWriter(tmp_path / "log", faults=FAULTLESS) as writer:
        replies = post(writer.url, refused)
        assert [(status, "message" in reply["error"]) for status, reply in replies] == [(400, True)] * len(
            refused
        )
        ((status, reply),) = post(writer.url, [body("scene", "", picture)])
        with urllib.request.urlopen(f"{writer.url}/models") as models:
            assert json.load(models)["data"][0]["object"] == "model"
    assert status == 200
    usage = reply["usage"]
    assert usage["completion_tokens"] == len(reply["choices"][0]["message"]["content"].split())
    assert usage["prompt_tokens"] > 64
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert len(log_of(tmp_path / "log")) == 1


def test_rates_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match=r"count is 1\.5"):
        Faults(count=1.5)
    with pytest.raises(ValueError, match=r"add up to 1\.8"):
        Faults(**dict.fromkeys(FORM, 0.3), **dict.fromkeys(CONTENT, 0.0))
