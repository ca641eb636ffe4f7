"""What a reply comes to: texts, or a fault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mpgi_ray.engines.base import Fault


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reply comes to.

    Attributes:
        texts: by name; empty if there is a fault.
        fault: why the reply cannot be used; None if it can.
        retries: after so many further answers with this fault, asking again is no use; None if it always is,
            for as long as the ladder has attempts.
        scores: measured on the texts, by their names.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    fault: Fault | None = None
    retries: int | None = None
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
