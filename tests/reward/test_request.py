"""What a request for rewards holds, why one is refused, and that a bad one harms no other in its batch."""

from __future__ import annotations

import io
import json
import struct
import zlib
from base64 import b64encode
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from mpgi_ray.errors import RecipeError
from mpgi_ray.reward.batch import score_batch
from mpgi_ray.reward.key import KEY, key_hash, require_guarded, require_key
from mpgi_ray.reward.request import (
    MAX_BODY,
    Request,
    RequestError,
    answer,
    opened,
    parse_request,
    require_length,
)


def image(mode: str = "RGB", size: tuple[int, int] = (8, 6), form: str = "PNG") -> bytes:
    sink = io.BytesIO()
    Image.new(mode, size, 77).save(sink, form)
    return sink.getvalue()


def url(data: bytes) -> str:
    return "data:image/png;base64," + b64encode(data).decode()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it has so many pixels."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


GOOD: dict[str, Any] = {
    "model": "m",
    "problem_description": "What is here?",
    "image_data": url(image()),
    "completion1": "A harbour.",
    "completion2": "A harbour with ships.",
}
MANY = {name: value for name, value in GOOD.items() if not name.startswith("completion")}


def body(told: Any) -> bytes:
    return json.dumps(told).encode()


def test_the_form_of_the_authors_and_a_list_are_one_request() -> None:
    request = parse_request(body(GOOD))
    assert request == Request("m", "What is here?", image(), ("A harbour.", "A harbour with ships."))
    assert parse_request(body(MANY | {"completions": ["A harbour.", "A harbour with ships."]})) == request
    assert answer(request, "run", [1.75, 2.25]) == {
        "model": "m",
        "scores": [
            {"completion_id": "completion1", "score": 1.75},
            {"completion_id": "completion2", "score": 2.25},
        ],
    }
    short = parse_request(body({"image_data": url(image()), "completions": ["Sand."]}))
    assert (short.model, short.question) == (None, "")
    assert answer(short, "run", [0.5])["model"] == "run"
    alone = parse_request(body(GOOD | {"image_data": None}), needs_picture=False)
    assert (alone.picture, alone.question) == (None, request.question)
    assert parse_request(body(GOOD | {"completion1": "A\x00harbour."})).completions[0] == "A harbour."


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ([], "the body holds a list: expected an object of model, "),
        (GOOD | {"completion3": "x"}, "unknown field 'completion3': expected model, "),
        (GOOD | {"x\ud800\n" * 99: 1}, r"unknown field "),
        (GOOD | {"model": 3}, "model is a number: expected a text"),
        (GOOD | {"problem_description": ["x"]}, "problem_description is a list"),
        (GOOD | {"problem_description": False}, "problem_description is true or false"),
        (GOOD | {"completion1": None}, "completion1 is null: expected a text"),
        (GOOD | {"completion2": " \n"}, "completion2 is empty"),
        (GOOD | {"completion2": "x" * 8001}, "completion2 has 8,001 characters: expected at most 8,000"),
        (GOOD | {"completion2": "\ud800"}, "half of a character"),
        (MANY | {"completion1": "x"}, "completion2 is missing"),
        (MANY, "completion1 is missing: expected completion1 and completion2, or a list completions"),
        (GOOD | {"completions": ["x"]}, "completions and completion1 are both given"),
        (MANY | {"completions": "x"}, "completions is a text: expected a list"),
        (MANY | {"completions": []}, "completions has 0 texts: expected 1 to 64"),
        (MANY | {"completions": ["x"] * 65}, "completions has 65 texts"),
        (MANY | {"completions": ["x", {}]}, r"completions\[1\] is an object"),
        (GOOD | {"image_data": None}, "image_data is missing or null: a scorer looks at a picture"),
        (GOOD | {"image_data": 7}, "image_data is a number"),
        (GOOD | {"image_data": "http://x/y.png"}, "begins with 'http://x/y.png': expected data:image/png"),
        (GOOD | {"image_data": "data:image/png,abc"}, "expected data:image/png;base64"),
        (GOOD | {"image_data": url(b"") + "a*"}, "image_data is not base64"),
        (GOOD | {"image_data": url(b"") + "ä"}, "image_data is not base64"),
        (GOOD | {"image_data": url(b"")}, "image_data: the picture has zero bytes"),
        (GOOD | {"image_data": url(b"<svg/>")}, "image_data: not a picture"),
        (GOOD | {"image_data": url(bomb(20_000, 20_000))}, "20,000×20,000 pixels: expected at most 25,0"),
        (GOOD | {"image_data": url(bomb(60_000, 60_000))}, "60000×60000 pixels"),
        (GOOD | {"image_data": url(image(size=(201, 1)))}, "201×1 pixels.* at most 200 times the other"),
    ],
)  # fmt: skip
def test_a_request_that_is_refused_is_told_why(told: Any, said: str) -> None:
    with pytest.raises(RequestError, match=said) as caught:
        parse_request(body(told))
    assert caught.value.status == 400
    str(caught.value).encode()  # it can be sent
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("data", [b"", b"\xff", b'{"a', b"[" * 100_000, b"1" * 9999, b"NaN"])
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(RequestError, match=r"the body is not JSON|the body holds a number"):
        parse_request(data)


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)


@given(st.sampled_from([*GOOD, "completions", "?"]), _JSON, st.booleans())
def test_any_value_in_any_field_is_a_request_or_refused(field: str, value: Any, pair: bool) -> None:
    told = (GOOD if pair else MANY | {"completions": ["Sand."]}) | {field: value}
    try:
        request = parse_request(body(told))
    except RequestError as error:
        str(error).encode()
    else:
        assert all(text.strip() for text in request.completions)


@given(st.binary(max_size=60), st.integers(0, 80))
def test_any_bytes_are_a_picture_or_refused(noise: bytes, kept: int) -> None:
    """Of a real header, too, with noise behind it."""
    with suppress(RequestError):
        opened(parse_request(body(GOOD | {"image_data": url(image()[:kept] + noise)})).picture)


def test_a_body_that_is_too_long_is_refused_before_it_is_read() -> None:
    require_length(MAX_BODY)
    with pytest.raises(RequestError, match="expected at most 16,777,216") as caught:
        require_length(MAX_BODY + 1)
    assert caught.value.status == 413


class Bright:
    """Scores a text by its length and the brightness of its picture; fails at some texts.

    Attributes:
        calls: how many pictures it was asked about each time.
    """

    def __init__(self) -> None:
        self.calls: list[int] = []

    def score(
        self,
        pictures: Iterable[Image.Image | None],
        texts: Sequence[Sequence[str]],
        questions: Sequence[str] | None = None,
    ) -> list[NDArray[np.float32]]:
        self.calls.append(len(texts))
        if any("crash" in one for one in texts):
            raise RuntimeError("the kernel failed")
        return [
            np.array([np.nan if text == "nan" else len(text) + np.asarray(picture).mean() for text in one])
            for picture, one in zip(pictures, texts, strict=True)
        ]


def test_a_bad_request_harms_no_other_of_its_batch() -> None:
    def request(*completions: str, picture: bytes = b"") -> Request:
        return Request(None, "", picture or image("L"), completions)

    torn = request("Sand.", picture=image(size=(300, 300), form="JPEG")[:700])
    scorer = Bright()
    first, broken, second = score_batch(scorer, [request("a", "bcd"), torn, request("ef")])
    assert (first, second) == ([78, 80], [79])
    assert isinstance(broken, RequestError)
    assert "image_data: JPEG picture cannot be decoded" in str(broken)
    assert scorer.calls == [2]
    crashed, fine, mad = score_batch(scorer, [request("crash"), request("ef"), request("nan", "a")])
    assert isinstance(crashed, RuntimeError)
    assert fine == [79]
    assert isinstance(mad, ArithmeticError)
    assert not isinstance(mad, RequestError)
    assert isinstance(*score_batch(scorer, [torn]), RequestError)


def test_a_key_is_asked_for_where_one_was_set() -> None:
    assert key_hash({}) is None
    require_key(None, None)
    hashed = key_hash({KEY: "s3cret\n"})
    assert hashed is not None
    assert b"s3cret" not in hashed
    require_key("Bearer s3cret", hashed)
    require_key("bearer  s3cret ", hashed)
    for header in (None, "", "Bearer", "Bearer s3cre", "Basic s3cret", "s3cret", "Bearer \xff"):
        with pytest.raises(RequestError, match="no key, or not the right one") as caught:
            require_key(header, hashed)
        assert caught.value.status == 401
    for none in ("", " \n", "schlüssel"):
        with pytest.raises(RecipeError, match="MPGI_REWARD_KEY: expected printable ASCII"):
            key_hash({KEY: none})


def test_other_machines_are_answered_only_with_a_key() -> None:
    for own in ("127.0.0.1", "::1", "[::1]", "localhost", "127.8.0.1"):
        require_guarded(own, None)
    for host in ("0.0.0.0", "::", "10.0.0.1", "head"):
        require_guarded(host, b"hash")
        with pytest.raises(RecipeError, match="set it to the key"):
            require_guarded(host, None)
