"""Captions and shards become final shards: joined, put in a global random order, published."""

from mpgi_ray.curate.curation import Curation
from mpgi_ray.curate.dry_run import DryRun, dry_run
from mpgi_ray.curate.job import curate
from mpgi_ray.curate.summary import CurateSummary

__all__ = ["CurateSummary", "Curation", "DryRun", "curate", "dry_run"]
