"""What is read from a reply: texts, or a fault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mpgi_ray.engines.base import Fault


@dataclass(slots=True)  # see `Prompt`
class Reading:
    """What is read from a reply: each of its texts can be used, or has a fault. Nobody changes it.

    Attributes:
        texts: by name, those that can be used.
        fault: why the reply as a whole cannot be used; None if it could be read.
        faults: of the other texts, by name.
        scores: measured on the texts, by their names.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    fault: Fault | None = None
    faults: Mapping[str, Fault] = field(default_factory=dict)
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def fault_of(self, name: str) -> Fault | None:
        """Why a text cannot be used; None if it can."""
        return self.fault or self.faults.get(name)
