"""The key of the endpoint: it stands in the environment, and leaves this process only as its hash."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import sha256
from ipaddress import ip_address

from mpgi_ray.errors import RecipeError
from mpgi_ray.reward.request import RequestError

KEY = "MPGI_REWARD_KEY"


def key_hash(environment: Mapping[str, str]) -> bytes | None:
    """The hash of the key that requests must have; None if none was set.

    Raises:
        RecipeError: what was set is no key.
    """
    if KEY not in environment:
        return None
    key = environment[KEY].strip()  # keys read from files end in a newline
    if not key or not (key.isascii() and key.isprintable()):
        raise RecipeError(
            f"environment variable {KEY}: expected printable ASCII characters; unset it to ask for no key"
        )
    return sha256(key.encode()).digest()


def require_guarded(host: str, hashed: bytes | None) -> None:
    """An address that other machines reach needs a key.

    Raises:
        RecipeError: it has none.
    """
    try:
        own = ip_address(host.strip("[]")).is_loopback
    except ValueError:  # a name
        own = host == "localhost"
    if hashed is None and not own:
        raise RecipeError(
            f"host {host} may be reached from other machines and {KEY} is not set: set it to the key that "
            "requests must have, or listen on 127.0.0.1"
        )


def require_key(authorization: str | None, hashed: bytes | None) -> None:
    """Hold the header of a request against the key, in a time that tells nothing of it.

    Args:
        authorization: ``Bearer …``.

    Raises:
        RequestError: it has another key, or none.
    """
    scheme, _, given = (authorization or "").partition(" ")
    found = sha256(given.strip().encode("utf-8", "replace")).digest()
    if hashed is not None and not (hmac.compare_digest(found, hashed) and scheme.lower() == "bearer"):
        raise RequestError(
            "no key, or not the right one: send the header `Authorization: Bearer KEY` with the key that the "
            "server was started with",
            401,
        )
