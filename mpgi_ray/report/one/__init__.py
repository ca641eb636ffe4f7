"""All that is known of one sample, in whatever folder it is looked for."""

from mpgi_ray.report.one.known import known_of
from mpgi_ray.report.one.told import lines_of

__all__ = ["known_of", "lines_of"]
