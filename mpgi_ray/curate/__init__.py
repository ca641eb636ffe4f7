"""Captions and shards become final shards: joined, put in a global random order, published."""

from mpgi_ray.curate.job import Curation, curate

__all__ = ["Curation", "curate"]
