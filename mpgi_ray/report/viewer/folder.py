"""The folder of a viewer: whose it is, and the page that it holds."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import OutputError
from mpgi_ray.report.html import environment
from mpgi_ray.report.viewer.pieces import script

PAGE = "samples.html"
_RECORD = "viewer.json"  # says that the folder is ours, and that its content may be replaced
_OURS = ("index.html", PAGE, "data", "pictures", "page")


def is_folder(output: str) -> bool:
    """Whether a report is to be a folder: its path ends in ``/``, or is a folder that is there."""
    return output.endswith("/") or ("://" not in output and os.path.isdir(output))


def require_ours(storage: Storage) -> None:
    """Refuse a folder that holds anything but what an earlier viewer left.

    Raises:
        OutputError: it does.
    """
    if not storage.exists(_RECORD) and (there := storage.list("")):
        raise OutputError(
            f"{storage.url} holds {there[0]} and no {_RECORD}: choose a new or empty folder for the viewer"
        )


def begin(storage: Storage, record: Mapping[str, Any]) -> None:
    """Say what the folder shows, and delete what it showed before.

    Raises:
        OutputError: it cannot be written.
    """
    storage.publish_json(_RECORD, record)
    for name in _OURS:
        storage.delete(name)


def finish(storage: Storage, index: Mapping[str, Any], report: str) -> None:
    """Write the index, the page of samples and, last, the report.

    Raises:
        OutputError: one cannot be written.
    """
    storage.publish("data/index.js", script("mpgi.index", index))
    here = files("mpgi_ray.report.viewer")
    storage.publish("page/report.css", environment().get_template("style.css").render().encode())
    for file in here.iterdir():
        if file.name.endswith((".js", ".css")):
            storage.publish(f"page/{file.name}", file.read_bytes())
    storage.publish(PAGE, here.joinpath(PAGE).read_bytes())
    storage.publish("index.html", report.encode())
