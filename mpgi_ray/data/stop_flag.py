"""A file in an output folder that tells workers, on whichever machine they are, to begin nothing new."""

from __future__ import annotations

import time

from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import MpgiError

_NAME = "stop-asked"
_LOOKS = 2.0  # seconds between two looks of a process

STOPPED = "the run was asked to stop"


class Stopping(MpgiError):
    """The run is being stopped: what is under way is finished, nothing else is begun."""

    def __init__(self) -> None:
        super().__init__(STOPPED)

    def __reduce__(self) -> tuple[type[Stopping], tuple[()]]:
        return type(self), ()


class StopFlag:
    """The file in an output folder."""

    def __init__(self, storage: Storage) -> None:
        self._storage, self._looked, self._up = storage, -_LOOKS, False

    def set(self) -> None:
        self._storage.publish(_NAME, b"")

    def clear(self) -> None:
        self._storage.delete(_NAME)

    @property
    def is_old(self) -> bool:
        """Whether the next question looks at the folder, which may take a while."""
        return not self._up and time.monotonic() - self._looked >= _LOOKS

    def is_set(self) -> bool:
        if self.is_old:
            self._looked = time.monotonic()
            self._up = self._storage.exists(_NAME)
        return self._up
