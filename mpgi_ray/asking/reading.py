"""What is read from a reply: texts, or a fault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mpgi_ray.engines.base import Fault


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read from a reply.

    Attributes:
        texts: by name; empty if there is a fault.
        fault: why the reply cannot be used; None if it can.
        retries: how many further answers with this fault make asking again useless; None if only the
            ladder limits the attempts.
        scores: measured on the texts, by their names.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    fault: Fault | None = None
    retries: int | None = None
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
