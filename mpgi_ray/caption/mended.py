"""What is published is looked at before it is built upon: what cannot be used is removed and made again."""

from __future__ import annotations

import sys

from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.ledger import Survey, save, survey

_TOLD = 20  # lines


def mended(folder: CaptionFolder) -> Survey:
    """Remove the parts that are damaged, or that are not of the texts of stage 1 beside them.

    Each is named in a line on stderr. Only while the folder's lease is held: nobody else writes then.

    Raises:
        InputError: a part cannot be read, which does not mean that it is damaged.
        OutputError: one cannot be removed.
    """
    found = survey(folder)
    for fault in found.faults[:_TOLD]:
        print(f"{fault.what}: it is removed and made again", file=sys.stderr)
    if (others := len(found.faults) - _TOLD) > 0:
        print(f"{others:,} further parts are removed and made again", file=sys.stderr)
    for fault in found.faults:
        fault.parts.remove(fault.chunk)
    save(folder, found)
    return found
