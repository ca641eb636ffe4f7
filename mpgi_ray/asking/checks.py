"""What can be wrong with a reply, whatever it says: each check gives a fault, or nothing.

The order matters: the first fault found is the one that is recorded, and a cut or refused reply would fail
most of the later checks too.
"""

from __future__ import annotations

import re
from collections import Counter

from mpgi_ray.asking.echo import heading_fault, instruction_fault
from mpgi_ray.engines.base import Fault, Reply

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
# a caption has no first person; a numeral ("Terminal I is long") has no verb of the first person
_SPEAKER = re.compile(
    r"\bI(['’](m|ve|ll|d)\b| (also |really |only |just |will |would |do not |don['’]t )?"
    r"(am|have|had|see|saw|can|could|can(no|['’])t|could(n['’]t)|will|would|won['’]t|shall|should|must|need|want"
    r"|know|think|thought|guess|believe|assume|suppose|infer|hope|try|tried|notice|note|observe|spot|find|count"
    r"|look|identify|describe|described|mention|imagine|say|do|did|don['’]t|understand|recogni[sz]e)\b)"
)
_MARKUP = re.compile(r"^\s*(#{1,6} |[-*•] |\d+[.)] )|\*\*|```|^\s*\|.*\|\s*$", re.MULTILINE)
_LETTER = re.compile(r"[^\W\d_]")
_LATIN = re.compile(r"[A-Za-zªµºÀ-ɏͰ-Ͽ]")  # and Greek, for units and symbols
_TOKEN = re.compile(r"[^\W\d_]+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# what English captions can hardly do without
_ENGLISH = _words(
    "the of and are with this that there from by to it its which near between has have each some image shows"
    " while along other a an in on at is as or for but into onto through over under above below beside next"
    " around across behind without not no be been was were can they their these where who all both few many"
    " several more most one two three four five six seven eight nine ten white black grey gray red green blue"
    " brown yellow dark light large small long wide narrow left right top bottom centre center middle side"
    " sides edge area areas building buildings road roads tree trees house houses field fields water river"
)
_ALIKE = _words("a an as at in is on")  # words of other languages, too
# what other languages can hardly do without and English does not have
_FOREIGN = _words(
    "der das und ein eine einem einen einer ist sind auf mit von zu zum zur dem sich im zwischen zwei drei"
    " nicht wird werden bild la le les des une un et est du dans avec sur au aux sont qui deux trois cette"
    " plusieurs el los las una del con que en es se dos tres al muestra os um uma da em na com mais dois"
    " il di che gli nel nella della delle dei sono tra alcuni de het een zijn op wordt ligt tussen naar aan"
    " te voor twee och ett som med är av på det finns og er ja ovat joka jotka sekä myös kuvassa az egy és"
    " két között amely látható jest są się oraz nad dwa je jsou má při și cu este din pe sunt două bir ve"
    " ile bu için olan iki dan yang dengan sebuah terdapat"
)
_ENGLISH_SHARE = 0.08  # at least, of the words; of English captions they are a half
_TELLING = 8  # words; a shorter text may be a name
_PHRASE = 40  # words of a loop; a sentence without its full stop is one, too
_TIMES = 4  # a phrase said so often, one time right after the other, is a loop


def fault(reply: Reply) -> Fault | None:
    """Why a reply cannot be used as a whole, before it is read as text or JSON; None if it can."""
    if reply.fault:
        return reply.fault
    text = reply.text.strip()
    if reply.finish_reason == "content_filter":
        return Fault("refusal", "the endpoint's content filter stopped the reply")
    if _THINKING.search(text):  # a reply that was cut off during its train of thought is not a long answer
        return Fault("thinking", "the reply holds its train of thought")
    if reply.finish_reason != "stop":
        if found := heading_fault(text):  # which is why it does not end
            return found
        ended = f"{reply.finish_reason or 'no finish reason'}, {reply.completion_tokens} tokens"
        return Fault("truncated", f"the model did not end by itself ({ended}), see sampling.max_tokens")
    if not text:
        return Fault("empty", "the reply holds no text")
    return _refusal(text)


def text_fault(text: str, words: tuple[int, int], instruction: str) -> Fault | None:
    """Why a text is not a caption; None if it could be one.

    Args:
        words: the least and the largest number of words that the prompt asks for. Models cannot count: half
            the least and a fifth above the largest are accepted, which for the 45 words of a short text
            still is what CLIP reads (77 tokens, about 1.4 a word).
        instruction: the prompt's own, which a caption must not repeat.
    """
    if not text.strip():
        return Fault("empty", "the text holds nothing")
    if found := _evasion(text) or heading_fault(text):
        return found
    if loop := repetition(text):  # before the language: a loop of two words has no grammar either
        return Fault("repetition", f"{loop[:60]!r} again and again")
    if found := _language(text):
        return found
    if markup := _MARKUP.search(text):
        return Fault("format", f"the text is marked up ({markup[0].strip()!r}), expected plain prose")
    if talk := _META.search(text) or _SPEAKER.search(text):
        return Fault("meta", f"the text talks of itself or to the reader ({talk[0].strip()[:60]!r})")
    if found := instruction_fault(text, instruction):
        return found
    count = len(text.split())
    if count < (words[0] + 1) // 2 or count > 1.2 * words[1]:
        return Fault("length", f"{count} words, asked for {words[0]} to {words[1]}")
    return None


def _evasion(text: str) -> Fault | None:
    if _THINKING.search(text):
        return Fault("thinking", "the reply holds its train of thought")
    return _refusal(text)


def _refusal(text: str) -> Fault | None:
    if _REFUSAL.search(text):
        return Fault("refusal", f"the reply begins {' '.join(text.split())[:60]!r}")
    return None


def _language(text: str) -> Fault | None:
    """Whether a text is not English, told by its letters and its function words."""
    letters = len(_LETTER.findall(text))
    foreign = letters - len(_LATIN.findall(text))
    if not letters:
        return Fault("no_letters", "the text holds no letter, expected English")
    if foreign:
        return Fault("language", f"{foreign} of {letters} letters are not Latin, expected English")
    tokens = _TOKEN.findall(text.lower())
    if len(tokens) < _TELLING:
        return None
    english = sum(word in _ENGLISH for word in tokens)
    own = english - sum(word in _ALIKE for word in tokens)
    strange = sum(word in _FOREIGN for word in tokens)
    if strange > own:
        told = f"{strange} of {len(tokens)} words are of other languages, {own} of English alone"
        return Fault("language", told)
    if english < _ENGLISH_SHARE * len(tokens):
        return Fault("language", f"{english} of {len(tokens)} words are common English ones")
    return None


def repetition(text: str) -> str:
    """A phrase of 1 to 40 words, or a sentence, that comes four times in succession; empty if none."""
    words = text.lower().split()
    for length in range(1, _PHRASE + 1):
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
