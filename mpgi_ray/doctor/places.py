"""Whether folders can be read and written, and whether a model's folder is whole."""

from __future__ import annotations

import os
import socket

from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.doctor.finding import Finding, State
from mpgi_ray.errors import InputError, MpgiError

_TEXT = b"written to see whether it can be"


def storage(place: str) -> Finding:
    """A folder, local or an fsspec URL: a small file is written, read, listed and deleted in it."""
    try:
        folder = Storage(absolute(place))
        name = f"mpgi-doctor-{socket.gethostname()}-{os.getpid()}.txt"
        folder.publish(name, _TEXT)
        seen = folder.read(name) == _TEXT and name in folder.list(name)
        folder.delete(name)
        if not seen:
            raise InputError(f"what was written to {folder.path(name)} cannot be seen there")
    except (MpgiError, ImportError, OSError) as error:
        return Finding(place, State.WRONG, str(error), "a job that reads or writes there would fail likewise")
    return Finding(place, State.OK, "can be listed, read and written")


def model(place: str) -> Finding:
    """A checkpoint of `mpgi train`, or ``NAME@FILE``; the model is built and its weights are loaded."""
    from mpgi_ray.models.embed import Model

    try:
        loaded = Model.load(place)
    except (MpgiError, ImportError) as error:
        return Finding(
            f"model {place}", State.WRONG, str(error), "name another model, or bring the file back"
        )
    size = sum(parameter.numel() for parameter in loaded.network.parameters())
    return Finding(f"model {place}", State.OK, f"{size / 1e6:,.1f} million parameters, loaded")
