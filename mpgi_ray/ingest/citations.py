"""The papers to cite for sources."""

from __future__ import annotations

from mpgi_ray.ingest.source import presets


def citations() -> dict[str, str]:
    """By the name that samples of a source carry, the paper that its preset tells."""
    return {
        source.name or preset: source.about.citation
        for preset, source in presets().items()
        if source.about.citation
    }
