"""The small trained tokenizer, and the count of CLIP's tokens."""

from __future__ import annotations

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from open_clip.tokenizer import SimpleTokenizer

from mpgi_ray.data.clip_tokens import clip_tokens
from mpgi_ray.models.tokenizer import END, PAD, START, TextTokenizer


@given(st.text(max_size=40))
@example("a pier at the <end> of <pad> the harbour")
def test_no_text_is_unknown_to_the_tokenizer(text: str) -> None:
    tokenizer = TextTokenizer.train(["two ships in the harbour"] * 3, 300)
    ids = tokenizer([text])[0].tolist()
    assert ids[0] == START
    assert ids.count(END) == 1
    end = ids.index(END)
    assert set(ids[end + 1 :]) <= {PAD}
    assert end == len(tokenizer.encode(text)) + 1
    decoded = tokenizer.decode(ids)
    assert "\ufffd" not in decoded or "\ufffd" in text
    assert tokenizer.decode(tokenizer([decoded])[0].tolist()) == decoded


def test_the_tokenizer_is_small_deterministic_and_cuts_at_the_end_token() -> None:
    texts = [f"There are {n} ships near pier {n * 7}." for n in range(500)]
    first, second = TextTokenizer.train(texts, 8), TextTokenizer.train(texts, 8)
    assert first.to_json() == second.to_json()
    assert 259 < len(first) <= 2000
    assert first(["ships " * 20])[0, -1] == END
    assert torch.equal(first("SHIPS near"), first("ships near"))
    again = TextTokenizer.from_json(first.to_json(), 8)
    assert torch.equal(again(texts), first(texts))


CLIP = SimpleTokenizer()


@given(st.text(max_size=60) | st.text("ab o'sdtl12", max_size=60))
@example("Twelve storage tanks (white) lie in the upper left; it's 0.3 m &amp; \u201cgrey\u201d.")
@example("aaaaa aaaa <start_of_text> \u00bd \u0130 na\u00efve")
def test_tokens_are_counted_as_clip_makes_them(text: str) -> None:
    count = clip_tokens()
    assert count is not None
    assert count(text) == len(CLIP.encode(text)) + 2


def test_tokens_are_not_counted_without_open_clip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mpgi_ray.data.clip_tokens.find_spec", lambda _: None)
    assert clip_tokens.__wrapped__() is None
