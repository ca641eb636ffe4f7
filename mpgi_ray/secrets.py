"""What looks like a secret, so that no key or password is published with the results.

Settings are written into a run's record and into messages. A text is taken for a secret by the name of its
setting, by the form of a known kind of key, or because it is long and random. The margins let ordinary paths,
names of models and hashes pass; docs/security.md states them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

_FIX = (
    "keep it in the environment (HF_TOKEN for models of the hub, the variable that key_env names for an "
    "endpoint)"
)
# how names end whose text is a secret; ``max_tokens``, ``tokenizer``, ``stop_token_ids`` end otherwise
_PRIVATE = r"(hf|hub|api|auth|access|secret|private|client|bearer|refresh|session|ssh|signing)_?"
_SURE = (
    r"api_?key|pass(word|wd|phrase|code)s?|pwd|secrets?|credentials?|authorization|jwt|connection_string|"
    rf"{_PRIVATE}(tokens?|keys?|secrets?)|access_key_id"
)
_NAMED = re.compile(rf"(.*_)?({_SURE}|token|key|auth|bearer|cookie)")
_SURELY_NAMED = re.compile(rf"(.*_)?({_SURE})")
_NOT_NAMED = re.compile(
    r"(.*_)?(cache|sort|primary|public)_key|(bos|eos|pad|unk|sep|cls|mask|image|video|audio|stop)_token"
)
_FORMS = {
    "a key of a known service": re.compile(
        r"(?<![A-Za-z0-9])("
        r"sk-[\w-]{12,}|[sr]k_(live|test)_\w{12,}|hf_[A-Za-z0-9]{16,}|(AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_\w{16,}|"
        r"github_pat_\w{16,}|glpat-[\w-]{16,}|xox[a-z]-[\w-]{10,}|AIza[\w-]{30,}|ya29\.[\w-]{16,}|"
        r"nvapi-[\w-]{16,}|gsk_\w{16,}|npm_\w{30,}|pypi-\w{30,}|r8_\w{30,})"
    ),
    "a bearer's key": re.compile(
        r"(?i:^\W*(authorization\W+)?bearer\s+\S+\s*$)|\bBearer +(?=\S*\d)\S{12,}|"
        r"\b[Bb]asic +(?=\S*(\d|=|[a-z][A-Z]))[A-Za-z0-9+/]{8,}={0,2}\s*$"
    ),
    "a JSON web token": re.compile(r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}"),
    "a PEM block": re.compile(r"-----BEGIN [A-Z0-9 ]+-----"),
    "a password in a URL": re.compile(r"\w://[^/\s?#@]{0,200}:[^/\s?#]{0,200}@"),
}
_ASSIGNED = re.compile(r"\s*-{0,2}([A-Za-z][\w.-]*)\s*[=:]\s*\S+( \S+)?\s*")
_QUERY = re.compile(r"[?&;](?:[\w-]*(sig|signature)|([\w.-]+))=[^&\s]+", re.IGNORECASE)
_HASH_NAMED = re.compile(r"(.*_)?(revision|commit|sha\d*|md5|hash|digest|checksum|etag|fingerprint|u?u?id)")
_HASH = re.compile(r"(?i:(sha\d+|md5)[:-]|@)[0-9A-Fa-f]{32,128}\b")
_HEX = re.compile(r"[0-9A-Fa-f]{12,}")
_IN_PATH = re.compile(r"(?<![A-Za-z0-9])[0-9A-Fa-f]{12,}(?![A-Za-z0-9])")
_TOKEN = re.compile(r"[A-Za-z0-9_+/-]{24,}")
_LONG, _RUN = 24, 8  # letters and digits of a random text, and of its parts between other characters at least
_HEX_LONG = 32
_SHOWN = 80  # characters of a key, in a message
# changes between upper case, lower case and digits: random texts of all three have 0.62 a character, names in
# camel case 0.35 at most; random texts of one case and digits 0.40, names with numbers in them 0.26
_MIXED, _ONE_CASE = 0.40, 0.30


def refuse_secrets(values: object) -> None:
    """Refuse settings that hold what looks like a secret, at any depth.

    Raises:
        ValueError: names the setting and why, never the value.
    """
    for setting, why in _found(values, (), named=False):
        at = ".".join(step[:_SHOWN] for step in setting)
        raise ValueError(f"{at!r} looks like a secret ({why}), and the run's record would publish it: {_FIX}")


def secret_in(text: str, name: str = "") -> str | None:
    """Why a text looks like a secret, or None.

    Args:
        name: of its setting; a hash passes where the name says that it is one.
    """
    if why := next((kind for kind, form in _FORMS.items() if form.search(text)), None):
        return f"it holds {why}"
    if (assigned := _ASSIGNED.fullmatch(text)) and _is_surely_named(assigned[1]):
        return "it gives a text to a secret's name"
    if "://" in text and any(signed or _is_named(key) for signed, key in _QUERY.findall(text)):
        return "it holds a URL with a key in it"
    return "it is long and random" if _holds_random(text, name) else None


def shown(text: str) -> str:
    """The text in quotes, for a message; without it where it may be a secret."""
    return "(a text that looks like a secret)" if secret_in(text) else repr(text)


def _found(value: object, path: tuple[str, ...], named: bool) -> Iterator[tuple[tuple[str, ...], str]]:
    """The settings that look like secrets, each with the reason."""
    name = next((step for step in reversed(path) if not step.isdigit()), "")
    if isinstance(value, BaseModel):
        value = dict(value)
    if isinstance(value, Mapping):
        label = next((value[key] for key in ("name", "key", "header") if isinstance(value.get(key), str)), "")
        for key, inner in value.items():
            if why := secret_in(str(key), "id"):
                yield (*path, "(a key)"), why
            labelled = key == "value" and _is_named(label)
            yield from _found(inner, (*path, str(key)), named or labelled or _is_named(str(key)))
    elif isinstance(value, str):
        if named and value:
            yield path, "by its name"
        elif why := secret_in(value, name):
            yield path, why
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        for place, inner in enumerate(value):
            flag = value[place - 1] if place else ""
            flagged = isinstance(flag, str) and flag.startswith("-") and _is_named(flag)
            yield from _found(inner, (*path, str(place)), named or flagged)
    elif named and isinstance(value, int | float) and not isinstance(value, bool) and _is_surely_named(name):
        yield path, "by its name"  # ``think_token: 151668`` is a position in a vocabulary


def _words(name: str) -> str:
    """``apiKey``, ``X-Api-Key`` and ``API key`` as ``…api_key``."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[\W_]+", "_", apart).strip("_").lower()


def _is_named(name: Any) -> bool:
    words = _words(str(name))
    return bool(_NAMED.fullmatch(words)) and not _NOT_NAMED.fullmatch(words)


def _is_surely_named(name: str) -> bool:
    words = _words(name)
    return words == "token" or bool(_SURELY_NAMED.fullmatch(words))


def _holds_random(text: str, name: str) -> bool:
    text = _HASH.sub("", text)
    if "/" in text:  # folders are often named by hashes, as in the cache of the hub
        text = _IN_PATH.sub("", text)
    hashed = _HASH_NAMED.fullmatch(_words(name))
    return any(_is_random(token) for token in _TOKEN.findall(text) if not (hashed and _HEX.fullmatch(token)))


def _is_random(token: str) -> bool:
    runs = re.findall("[A-Za-z0-9]+", token)
    length = sum(map(len, runs))
    kinds = {_kind(character) for run in runs for character in run}
    if length < _LONG or length < _RUN * len(runs) or "9" not in kinds or len(kinds) < 2:
        return False
    if len(token) >= _HEX_LONG and _HEX.fullmatch(token):
        return True
    changes = sum(_kind(a) != _kind(b) for run in runs for a, b in pairwise(run))
    return changes / (length - len(runs)) >= (_MIXED if len(kinds) == 3 else _ONE_CASE)


def _kind(character: str) -> str:
    return "9" if character.isdigit() else "A" if character.isupper() else "a"
