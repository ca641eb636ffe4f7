"""Sources that are made of the same pictures."""

from __future__ import annotations

from mpgi_ray.ingest.source import presets


def related_sources() -> tuple[tuple[str, ...], ...]:
    """Groups of names of sources whose pictures of one file name are one picture, as the presets tell."""
    known = presets()
    return tuple(
        tuple(known[one].name or one for one in (name, *source.about.pictures_of))
        for name, source in known.items()
        if source.about.pictures_of
    )
