"""The records of a caption run as rows."""

from __future__ import annotations

from functools import partial

import pyarrow as pa

from mpgi_ray.data.caption import SCHEMA
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.parts import ChunkId
from mpgi_ray.data.storage import absolute
from mpgi_ray.read.rows import Rows


def read_captions(folder: str) -> Rows:
    """The records of a caption run, finished or not.

    A row is a text that was asked for, or a sample that was refused; `mpgi_ray.data.caption.Caption` tells
    its columns. ``status`` is ``ok``, ``rejected``, ``failed`` or ``retried`` (an answer that was asked for
    again, beside the final one); ``stage`` is ``perspective``, ``integrated`` or ``input``.

    Args:
        folder: the output of `mpgi caption`, local or ``s3://…``.

    Raises:
        InputError: it is not the folder of a caption run.
    """
    place = absolute(folder)
    run = CaptionFolder(place)
    run.run_record()
    return Rows(SCHEMA, [partial(_table, place, chunk) for chunk in run.chunks()])


def _table(folder: str, chunk: ChunkId) -> pa.Table:
    return CaptionFolder(folder).table(chunk)
