"""Captions and shards become final shards: joined, put in a global random order, published."""

from mpgi_ray.curate.job import Curation, curate
from mpgi_ray.curate.summary import CurateSummary

__all__ = ["CurateSummary", "Curation", "curate"]
