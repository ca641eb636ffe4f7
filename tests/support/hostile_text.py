"""Hostile texts of every kind that a user or a server can hand in, each with what must come out.

Secrets are put together here from pieces, so that no scanner takes this file for a leak.
"""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mpgi_ray.caption.recipe import load_recipe
from mpgi_ray.curate.select import load_filters, read_choice
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.engines.http.answer import read_completion
from mpgi_ray.errors import MpgiError
from mpgi_ray.ingest.rle import decode_rle
from mpgi_ray.ingest.source import load_source
from mpgi_ray.prompts import load

Kind = Literal["recipe", "set", "filter", "source", "prompt", "shards", "reply", "rle"]
BASE = "input: {shards: in}\noutput: out\n"
FRONT = "---\nkind: free\nwords: [1, 20]\n---\n"
_RANDOM = random.Random(14)
_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Hostile:
    """A text, and what must come out of it.

    Attributes:
        kind: what it is handed in as; see `outcome`.
        said: regular expression that the outcome holds.
        secret: what the outcome must not hold.
    """

    name: str
    kind: Kind
    content: str | bytes
    said: str
    secret: str = ""


def outcome(case: Hostile, folder: Path) -> str:
    """What comes out: the one line of an error that a user can mend, or the reply that is kept.

    Args:
        folder: for files that are made of the text.
    """
    try:
        return _hand_in(case, folder)
    except MpgiError as error:
        return str(error)


def _hand_in(case: Hostile, folder: Path) -> str:
    text = case.content if isinstance(case.content, str) else ""
    where = {"input.shards": "in", "output": "out"}
    match case.kind:
        case "recipe":
            return repr(load_recipe(_file(folder, "recipe.yaml", case), {}, []))
        case "set":
            return repr(load_recipe("template", where, [text]))
        case "filter":
            return repr(load_filters([read_choice(text)]))
        case "source":
            return repr(load_source(_file(folder, "source.yaml", case)))
        case "prompt":
            return load(_file(folder, "mine.j2", case)).instruction
        case "shards":
            return repr(find_shards(text))
        case "reply":
            assert isinstance(case.content, bytes)
            return repr(read_completion(case.content, 0.0, str))
        case "rle":
            counts, width, height = json.loads(text)
            try:
                return repr(decode_rle(counts, width, height).shape)
            except ValueError as error:  # of which the format makes a rejected row
                return str(error)


def _file(folder: Path, name: str, case: Hostile) -> str:
    data = case.content.encode() if isinstance(case.content, str) else case.content
    (folder / name).write_bytes(data)
    return str(folder / name)


def hostile_texts() -> Iterator[Hostile]:
    """All of them; the same in every process."""
    yield from _secrets()
    yield from _yaml()
    yield from _numbers()
    yield from _prompts()
    yield from _braces()
    yield from _replies()
    yield from _run_lengths()


def random_text(length: int, alphabet: str = _LETTERS) -> str:
    return "".join(_RANDOM.choices(alphabet, k=length))


def secret_values() -> dict[str, str]:
    """Keys of known forms and of none, made up."""
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    return {
        "openai": "sk-" + "proj-" + random_text(32),
        "hub": "hf" + "_" + random_text(34, string.ascii_letters),
        "aws": "AK" + "IA" + random_text(16, string.ascii_uppercase + string.digits),
        "github": "gh" + "p_" + random_text(36),
        "gitlab": "glp" + "at-" + random_text(20),
        "slack": "xox" + "b-" + random_text(24, string.digits),
        "google": "AI" + "za" + random_text(35),
        "bearer": "Bearer hush-hush",
        "basic": "Basic aHVzaDpodXNo",
        "token": f"{header}.eyJzdWIiOiIxIn0.{random_text(20)}",
        "pem": "-----BEGIN RSA PRIVATE" + " KEY-----",
        "url": "https://me:hush-hush@host/v1",
        "signed": "https://host/x.tar?X-Amz-Signature=hush-hush",
        "assigned": "OPENAI_API_KEY=hush-hush",
        "random": "q7Rz0LkX3vB9tYw2Ns8HdJ4mPf6Gc1Ea",
        "hex": "9f86d081884c7d659a2feaa0c55ad015",
    }


def _secrets() -> Iterator[Hostile]:
    refused = "looks like a secret"
    for name, value in secret_values().items():
        inner = json.dumps(
            {"kind": "http", "url": "http://h/v1", "model": "m", "body": {"x": {"y": ["a", value]}}}
        )
        yield Hostile(
            f"{name} in a list", "set", f"generate.engine={inner}", rf"body\.x\.y\.1' {refused}", value
        )
        yield Hostile(
            f"{name} in sampling",
            "recipe",
            BASE + f"generate: {{sampling: {{a: '{value}'}}}}\n",
            refused,
            value,
        )
    for name in (
        "api_key",
        "apiKey",
        "X-Api-Key",
        "hf_token",
        "authorization",
        "password",
        "clientSecret",
        "auth",
    ):
        content = f"generate.engine={{kind: vllm, model: m, engine_args: {{deep: [{{{name}: hush}}]}}}}"
        yield Hostile(
            f"named {name}", "set", content, rf"deep\.0\.{name}' {refused} \(by its name\)", "hush}"
        )
    http = "{kind: http, url: 'http://h/v1', model: m, "
    named = f"generate.engine={http}body: {{headers: [{{name: Authorization, value: hush-hush}}]}}}}"
    yield Hostile("name and value", "set", named, r"headers\.0\.value' looks", "hush-hush")
    flag = f"generate.engine={http}body: {{args: [--api-key, hush-hush]}}}}"
    yield Hostile("after a flag", "set", flag, r"args\.1' looks", "hush-hush")
    for name, key in {"a key": "hush-hush-hush!", "a long key": random_text(40)}.items():
        yield Hostile(f"key_env {name}", "set", f"generate.engine={http}key_env: {key}}}", r"key_env", key)
    yield Hostile(
        "a number", "set", f"generate.engine={http}body: {{password: 12345678}}}}", "by its name", "12345678"
    )
    key = "sk-" + random_text(30)
    yield Hostile("as a setting", "set", f"generate.sampling={{{key}: 1}}", refused, key)
    yield Hostile("as a kind", "set", f"generate.engine.kind={key}", refused, key)
    yield Hostile("no assignment", "set", key, "expected key=value", key)
    yield Hostile(
        "in broken YAML", "recipe", f"a: [\nkey: '{key}'\nb: }}", r"recipe\.yaml is not valid YAML: line", key
    )
    yield Hostile("as a wrong number", "recipe", f"a: !!int {key}", "is not valid YAML", key)
    yield Hostile("as an alias", "recipe", f"a: *{key}", "is not valid YAML", key)
    yield Hostile(
        "in a prompt",
        "prompt",
        f"{FRONT}Use {key}.",
        r"mine\.j2: line 5: .* holds a secret|mine\.j2: line 5",
        key,
    )
    yield Hostile("in a filter", "filter", f"min_words:text={key},words=2", refused, key)
    yield Hostile("in a source", "source", f"licence: {key}", refused, key)


def _yaml() -> Iterator[Hostile]:
    laughs = "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12))
    merged = "".join(f"m{i}: &m{i} {{<<: [*m{i - 1}, *m{i - 1}]}}\n" for i in range(1, 40))
    cases = {
        "billion laughs": (f"a0: &a0 [x]\n{laughs}", "more than 50,000 values"),
        "laughs in body": (
            f"{BASE}generate:\n  engine: {{kind: http, body: {{}}}}\na0: &a0 [x]\n{laughs}",
            "50,000 values",
        ),
        "merged laughs": (f"m0: &m0 {{a: 1}}\n{merged}", "more than 50,000 values"),
        "an alias of itself": ("a: &a [*a]", "within what it names"),
        "a merge of itself": ("a: &a {<<: *a}", "within what it names"),
        "an unknown alias": ("a: *b", "not valid YAML: line 1"),
        "many values": ("a: [" + "1," * 60_000 + "]", "more than 50,000 values"),
        "many characters": ("# " + "x" * (1 << 20), "expected a small text file"),
        "deep lists": ("[" * 5000, "nested more than 40 deep"),
        "deep mappings": ("{a: " * 5000, "nested more than 40 deep"),
        "deep blocks": ("\n".join(" " * i + "a:" for i in range(60)), "nested more than 40 deep"),
        "a null key": (f"{BASE}? ~\n: 1\n", "key None, expected a text"),
        "a true key": (f"{BASE}on: 1\n", "key True, expected a text"),
        "a list as key": ("? [a, b]\n: 1", "not valid YAML"),
        "a Python object": (
            "a: !!python/object/apply:os.system ['touch pwned']",
            "not valid YAML.*constructor",
        ),
        "a Python name": ("a: !!python/name:os.system", "not valid YAML.*constructor"),
        "a date": ("output: 2020-01-01", "at output holds a date: expected"),
        "a set": ("output: !!set {a, b}", "at output holds a set"),
        "bytes": ("output: !!binary aGk=", "at output holds a bytes"),
        "a wrong date": ("output: !!timestamp x", "does not fit its tag"),
        "an empty number": ("output: !!int ''", "does not fit its tag"),
        "not a number": (f"{BASE}max_reject_rate: .nan", "not finite"),
        "infinite": (f"{BASE}generate: {{engine: {{kind: http, timeout_s: .inf}}}}", "not finite"),
        "digits": ("a: " + "9" * 5000, "not valid YAML: Exceeds the limit"),
        "hex digits": ("a: 0x" + "f" * 5000, "more than 64 bits"),
        "half a pair": ('output: "\\ud800"', "no file can hold"),
        "a NUL": ('output: "a\\0b"', "no file can hold"),
        "a control character": ("output: a\x07b", r"not valid YAML: character \d+"),
        "two documents": ("a: 1\n---\nb: 2", "not valid YAML: line 2"),
        "a list": ("- a", "expected `key: value` lines"),
        "nothing": ("", "expected `key: value` lines"),
        "a tab": ("a:\n\tb: 1", "not valid YAML: line 2"),
        "an unknown key of control characters": (f'{BASE}"\\e[31m": 1', r"unknown key '\\x1b\[31m'"),
    }
    for name, (content, said) in cases.items():
        yield Hostile(name, "recipe", content, said)
    yield Hostile("not UTF-8", "recipe", b"a: \xff", "not text in UTF-8")
    yield Hostile("UTF-16", "recipe", "a: 1".encode("utf-16"), "not text in UTF-8")
    yield Hostile(
        "laughs in a value", "set", "facts={a: &a [*a]}", "'facts': its value .* within what it names"
    )
    yield Hostile("laughs in a source", "source", f"a0: &a0 [x]\n{laughs}", "more than 50,000 values")


def _numbers() -> Iterator[Hostile]:
    bounded = {
        "generate.engine.cpus": 1e12,
        "chunk_size": 10**9,
        "facts.view_px": 10**9,
        "max_reject_rate": 2,
    }
    for setting, value in bounded.items():
        yield Hostile(
            f"{setting} {value}",
            "set",
            f"{setting}={value}",
            f"{setting}: Input should be less than or equal to",
        )
    for kind, settings in {
        "http": ("images_in_flight", "requests_in_flight", "timeout_s", "tries"),
        "vllm": ("gpus",),
    }.items():
        for name in settings:
            content = f"generate.engine={{kind: {kind}, model: m, url: 'http://h', {name}: 1000000000}}"
            content = content if kind == "http" else content.replace("url: 'http://h', ", "")
            yield Hostile(
                f"{kind} {name}", "set", content, rf"engine\.{name}: Input should be less than or equal to"
            )
    attempts = [{}] * 1000
    yield Hostile(
        "many attempts", "set", f"generate.attempts={json.dumps(attempts)}", "attempts: .*at most 20"
    )


def _prompts() -> Iterator[Hostile]:
    refused = {
        "class": "{{ words.__class__.__mro__ }}",
        "call": "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "include": "a\n{% include '/etc/passwd' %}",
        "import": "{% import 'x.j2' as x %}",
        "extends": "{% extends '_system.j2' %}",
        "macro": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "range": "{% for i in range(10 ** 12) %}{% endfor %}",
        "nested": "{% for a in words %}" * 3 + "{% endfor %}" * 3,
        "recursive": "{% for a in words recursive %}{{ loop(words) }}{% endfor %}",
        "long text": "{% for i in 'x' * 10 ** 10 %}{% endfor %}",
        "constant": f"{{% for a in '{'x' * 9000}' %}}{{% endfor %}}",
        "product": "{{ 'x' * 10 ** 10 }}",
        "power": "{{ 10 ** 10 ** 10 }}",
        "format": "{{ '%01000000000d' % 1 }}",
        "format method": "{{ '{:>1000000000}'.format(1) }}",
        "filter": "{{ 'x' | center(10 ** 9) }}",
        "replace": "{{ 'aaaa' | replace('a', 'aaaa') | replace('a', 'aaaa') }}",
        "join": "{{ 'aaaa' | join('aaaa') }}",
        "doubling": "{% set a = 'x' %}{% set a = a ~ a %}",
        "division": "\n{{ 1 // 0 }}",
        "unknown name": "{{ facts }}",
        "syntax": "{% if %}",
        "open": "{{ words",
        "deep": "{{ " + "(" * 300 + "1" + ")" * 300 + " + 1 }}",
        "deep lists": "{{ " + "[" * 300 + "]" * 300 + " }}",
        "sum": "{{ " + "+".join(["1"] * 3000) + " }}",
    }
    for name, body in refused.items():
        line = (
            r"line \d+: prompt 'mine'|prompt 'mine'"
            if name.startswith("deep")
            else r"line \d+: prompt 'mine'"
        )
        yield Hostile(f"prompt {name}", "prompt", FRONT + body, rf"mine\.j2: ({line}) .*cannot be rendered")
    yield Hostile(
        "prompt line",
        "prompt",
        f"{FRONT}one\ntwo\n{{% include 'x' %}}",
        "line 7: prompt 'mine'.*Include has no place",
    )
    yield Hostile("prompt size", "prompt", FRONT + "x" * 40_000, "expected at most 32,000")
    yield Hostile("prompt bytes", "prompt", FRONT.encode() + b"\xff", r"mine\.j2 is not text in UTF-8")
    yield Hostile(
        "prompt words", "prompt", "---\nkind: free\nwords: [1, 1000000000]\n---\nx", "at most 10,000 words"
    )
    yield Hostile("prompt laughs", "prompt", "---\nkind: &a [*a]\n---\nx", "within what it names")


def _braces() -> Iterator[Hostile]:
    cases = {
        "s-{0..1000000000}.tar": "stands for 1,000,000,001 names, expected at most 1,000,000",
        "s-{0..99999999999999999}.tar": "names, expected at most",
        "{a,b}" * 40 + ".tar": "names, expected at most",
        "{{0..999},{0..999}}{0..999}.tar": "stands for 2,000,000 names",
        "{" * 300 + "}" * 300: "nested more than 40 deep",
        "{0..9" + "0" * 200 + "}.tar": "names, expected at most",
        "{a" * 5000: "expected at most 10,000",
        "{a.tar": r"missing=\('\{a.tar'",
        "a}.tar": r"missing=\('a\}.tar'",
    }
    for number, (pattern, said) in enumerate(cases.items()):
        yield Hostile(f"braces {number}", "shards", f"/nowhere/{pattern}", said)


def _replies() -> Iterator[Hostile]:
    def answer(**fields: Any) -> bytes:
        choice = {"message": {"content": "fine"}, "finish_reason": "stop"}
        return json.dumps({"choices": [choice], **fields}).encode()

    for name, count in {
        "beyond int64": 2**70,
        "beyond a thousand digits": int("9" * 3000),
        "negative": -5,
        "infinite": float("inf"),
        "a list": [1],
        "a text": "many",
    }.items():
        content = answer(usage={"prompt_tokens": count, "completion_tokens": 7})
        yield Hostile(f"usage {name}", "reply", content, "text='fine'.*prompt_tokens=0,.*completion_tokens=7")
    nothing = {
        "deep": b"[" * 100_000,
        "digits": b'{"choices": ' + b"9" * 5000 + b"}",
        "usage of another kind": answer(usage=[1]),
        "cut": answer()[:-3],
        "not UTF-8": b"\xff\xfe{}",
        "null": b"null",
        "no choices": b'{"choices": []}',
    }
    for name, content in nothing.items():
        yield Hostile(f"reply {name}", "reply", content, "^None$")
    reason = {"choices": [{"message": {"content": "fine"}, "finish_reason": "x" * 100_000}]}
    yield Hostile("a long reason", "reply", json.dumps(reason).encode(), "finish_reason='x{64}'")


def _run_lengths() -> Iterator[Hostile]:
    cases = {
        "1e30": ([10**30], 4, 4, "add up to 1e\\+30, expected 16"),
        "sum of opposites": ([10**30, -(10**30), 16], 4, 4, "none below 0"),
        "declared size": ([4 * 10**9], 65_536, 61_036, "expected 1 to 400,000,000"),
        "no size": ([0], 0, 0, "expected 1 to"),
        "negative size": ([16], -4, -4, "expected 1 to"),
        "none": ([], 4, 4, "add up to 0"),
        "endless number": ("o" * 100_000, 4, 4, "more than 60 bits"),
    }
    for name, (counts, width, height, said) in cases.items():
        yield Hostile(f"run lengths {name}", "rle", json.dumps([counts, width, height]), said)
