"""What is read from JSON and checked as a whole."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """Fields that do not change; an unknown one, and a number that is not finite, is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
