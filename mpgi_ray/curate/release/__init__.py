"""``mpgi release``: final shards become texts that may be published, without their pictures or with them."""

from mpgi_ray.curate.release.job import ReleaseConfig, release
from mpgi_ray.curate.release.summary import ReleaseSummary

__all__ = ["ReleaseConfig", "ReleaseSummary", "release"]
