"""What texts tell: against a plain count over all samples, whatever the parts and shards."""

from __future__ import annotations

import json
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpgi_ray.curate import telling as tells
from mpgi_ray.curate.summary import CurateSummary
from mpgi_ray.curate.telling import AT_ONCE, compare, telling, text_rows
from mpgi_ray.data.final import Final

NAMES = ("short", "long", "captions")


def final(sample_id: str, short: str, long: str | None, people: list[str]) -> Final:
    texts = {"short": short} | ({} if long is None else {"long": long})
    record = {"texts": texts, "annotation": {"captions": people} if people else {}}
    return Final("s", 0, sample_id, "jpg", b"", json.dumps(record).encode(), short, ())


words = st.sampled_from(("a ship", "two ships", "a pier", "sand", "grass and sand"))
finals = st.builds(
    final,
    st.sampled_from([f"{number:064x}" for number in range(1 << 192, 1 << 196, 1 << 193)]),
    words,
    st.none() | words,
    st.lists(words, max_size=3),
)


def told(shards: list[list[Final]], parts: int) -> dict[str, tells.TextTelling]:
    rows = [text_rows(samples, NAMES, parts) for samples in shards]
    cuts = [(data, [0, *ends]) for data, ends, _ in rows]
    joined = [b"".join(data[at[part] : at[part + 1]] for data, at in cuts) for part in range(parts)]
    return telling([compare(data, NAMES) for data in joined], [tokens for *_, tokens in rows])


@given(st.lists(st.lists(finals, max_size=6), min_size=1, max_size=4), st.integers(1, 5))
def test_a_text_is_its_own_samples_if_no_other_sample_has_it(shards: list[list[Final]], parts: int) -> None:
    owners, texts = defaultdict(set), defaultdict(list)
    for sample in (sample for shard in shards for sample in shard):
        record = json.loads(sample.record)
        people = [("captions", text) for text in record["annotation"].get("captions", ())]
        for name, text in [*record["texts"].items(), *people]:
            owners[text].add(sample.sample_id)
            texts[name].append(text)
    found = told(shards, parts)
    assert found.keys() == texts.keys()
    for name, of in texts.items():
        alone = sum(len(owners[text]) == 1 for text in of)
        assert (found[name].texts, round(found[name].own * len(of), 3)) == (len(of), alone)
        assert found[name].tokens is not None
        assert found[name].tokens["largest"] == 2 + max(len(text.split()) for text in of)


def test_without_open_clip_the_summary_says_that_tokens_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = final("0" * 64, "a ship", None, [])
    counted = text_rows([sample], NAMES, 1)
    monkeypatch.setattr(tells, "clip_tokens", lambda: None)
    one, other = counted, text_rows([sample], NAMES, 1)
    found = telling([compare(one[0] + other[0], NAMES)], [one[2], other[2]])
    assert found == {"short": tells.TextTelling(2, 1.0, None)}
    summary = CurateSummary(2, 2, {}, 2, 1, 0, telling=found)
    assert "open_clip is not installed" in summary.record()["note"]
    assert str(found["short"]) == "2 texts, 100.0% that no other sample has"
    assert AT_ONCE * 18 < 1 << 28  # bytes of a task's rows
