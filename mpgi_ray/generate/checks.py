"""What can be wrong with a reply, whatever it says: each check gives ``code: one line``, or nothing.

The order matters: the first fault found is the one that is recorded, and a cut or refused reply would fail
most of the later checks too.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from mpgi_ray.engines.base import Reply

_THINKING = re.compile(r"</?(think|thinking|thought|reasoning|reflection)\b|<\|channel\|>|◁think▷", re.I)
_CANNOT = r"(can(no|['’])t|cannot|can not|could(n['’]t| not)|(am|['’]m) (unable|not able))"
_REFUSAL = re.compile(
    r"^\W*(sorry\b|i\s?(am|['’]m) (very |so |really )?(sorry|unable|not able)"
    rf"|i (really )?({_CANNOT}|won['’]t|will not|must decline|do not feel)"
    r"|unfortunately,? i\b|my apologies|i apologi[sz]e|as an? (ai|artificial|(large )?language|vision)\b)"
    rf"|\bi {_CANNOT} (to )?(help|assist|provide|describe|comply|answer|process|view|see|analy[sz]e|identify)"
    r"|\bagainst my (guidelines|policy)",
    re.I,
)
_GIVEN = r"(these|your|given|provided|trusted)"
_SAYS = r"(say|state|ask|tell|mention|give|want|indicate|describe|require)s?"
_META = re.compile(
    r"^\W*(sure|certainly|of course|absolutely|okay|ok|great)\b\s*[,!.:]"
    r"|^\W*here(['’]s| is| are) (a|an|the|my|your|one|two)\b[^.]*(:|\basked\b|\brequested\b|\bdescription\b)"
    r"|^\W*(answer|description|caption|output|response|final answer)\W*:"
    r"|\bas an? (ai|language model|assistant)\b|\blanguage model\b"
    r"|\bthe user\b|\byou (asked|requested|provided)\b"
    rf"|\b{_GIVEN} (instructions?|prompt|guidelines|facts|descriptions)\b|\bword (count|limit)\b"
    rf"|\bthe (prompt|instructions?|facts|annotations?|descriptions?) {_SAYS}\b"
    r"|\baccording to the (prompt|instructions?|facts|annotations?|descriptions?)\b"
    r"|\bhope (this|that) helps\b|\blet(['’]s| me| us)\b|(^|[.!?] )(wait|hmm)\b",
    re.I,
)
_SPEAKER = re.compile(r"\bI(['’](m|ve|ll|d))? [a-z]")  # a caption has no first person
_MARKUP = re.compile(r"^\s*(#{1,6} |[-*•] |\d+[.)] )|\*\*|```|^\s*\|.*\|\s*$", re.MULTILINE)
_LETTER = re.compile(r"[^\W\d_]")
_LATIN = re.compile(r"[A-Za-zªµºÀ-ɏͰ-Ͽ]")  # and Greek, for units and symbols
_WORD = re.compile(r"[A-Za-z]+")
# words that English prose cannot do without and that no other language has
_COMMON = {
    *(
        "the",
        "of",
        "and",
        "are",
        "with",
        "this",
        "that",
        "there",
        "from",
        "by",
        "to",
        "it",
        "its",
        "which",
        "near",
    ),
    *("between", "has", "have", "each", "some", "two", "one", "image", "shows", "while", "along", "other"),
}
_COMMON_SHARE = 0.08  # at least, of the words; of English prose they are a third
_ECHO_WORDS = 12  # so many words of the prompt's own instruction in a row are no coincidence
_TIMES = 4  # a phrase said so often, one time right after the other, is a loop


def fault(reply: Reply) -> str:
    """Why a reply cannot be used as a whole, before it is read as text or JSON; empty if it can."""
    if reply.error:
        return reply.error
    text = reply.text.strip()
    if reply.finish_reason == "content_filter":
        return "refusal: the endpoint's content filter stopped the reply"
    if _THINKING.search(text):  # what was cut off while it thought is a thought, not a long answer
        return "thinking: the reply holds its train of thought"
    if reply.finish_reason != "stop":
        ended = f"{reply.finish_reason or 'no finish reason'}, {reply.completion_tokens} tokens"
        return f"truncated: the model did not end by itself ({ended}), see sampling.max_tokens"
    if not text:
        return "empty: the reply holds no text"
    return _evasion(text)


def text_fault(text: str, words: tuple[int, int], instruction: str) -> str:
    """Why a text is no caption; empty if it could be one.

    Args:
        words: the least and the largest number of words that the prompt asks for. Models cannot count: half
            the least and a fifth above the largest are let pass, which for the 45 words of a short text
            still is what CLIP reads (77 tokens, about 1.4 a word).
        instruction: the prompt's own, which a caption must not repeat.
    """
    if not text.strip():
        return "empty: the text holds nothing"
    if found := _evasion(text):
        return found
    if loop := repetition(text):  # before the language: a loop of two words has no grammar either
        return f"repetition: {loop[:60]!r} again and again"
    if found := language_fault(text):
        return found
    if markup := _MARKUP.search(text):
        return f"format: the text is marked up ({markup[0].strip()!r}), expected plain prose"
    if talk := _META.search(text) or _SPEAKER.search(text):
        return f"meta: the text talks of itself or to the reader ({talk[0].strip()[:60]!r})"
    if echo := _echo(text, instruction):
        return f"prompt_echo: the text repeats the instruction ({echo!r})"
    count = len(text.split())
    if count < (words[0] + 1) // 2 or count > 1.2 * words[1]:
        return f"length: {count} words, asked for {words[0]} to {words[1]}"
    return ""


def _evasion(text: str) -> str:
    if _THINKING.search(text):
        return "thinking: the reply holds its train of thought"
    if _REFUSAL.search(text):
        return f"refusal: the reply begins {' '.join(text.split())[:60]!r}"
    return ""


def language_fault(text: str) -> str:
    """Whether a text is not English, told by its letters and its function words."""
    letters = len(_LETTER.findall(text))
    foreign = letters - len(_LATIN.findall(text))
    if not letters or foreign:
        return f"language: {foreign} of {letters} letters are not Latin, expected English"
    tokens = _WORD.findall(text.lower())
    common = sum(word in _COMMON for word in tokens)
    if len(tokens) >= 8 and common < _COMMON_SHARE * len(tokens):
        return f"language: {common} of {len(tokens)} words are common English ones"
    return ""


def repetition(text: str) -> str:
    """A phrase of 1 to 12 words that comes four times in a row, or a sentence four times; empty if none."""
    words = text.lower().split()
    for length in range(1, 13):
        run = 0
        for i in range(length, len(words)):
            run = run + 1 if words[i] == words[i - length] else 0
            if run >= length * (_TIMES - 1):
                return " ".join(words[i - length + 1 : i + 1])
    sentences = Counter(s.strip() for s in re.split(r"[.!?;\n]+", text.lower()) if len(s.split()) >= 3)
    if sentences:
        most, times = sentences.most_common(1)[0]
        if times >= _TIMES:
            return most
    return ""


def _echo(text: str, instruction: str) -> str:
    known = _grams(instruction)
    words = _WORD.findall(text.lower())
    for start in range(len(words) - _ECHO_WORDS + 1):
        gram = tuple(words[start : start + _ECHO_WORDS])
        if gram in known:
            return " ".join(gram)
    return ""


@lru_cache(maxsize=64)
def _grams(instruction: str) -> frozenset[tuple[str, ...]]:
    words = _WORD.findall(instruction.lower())
    return frozenset(tuple(words[i : i + _ECHO_WORDS]) for i in range(len(words) - _ECHO_WORDS + 1))
