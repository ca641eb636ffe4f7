"""``mpgi leaks``: training pictures that show what evaluation pictures show."""

from mpgi_ray.curate.leaks.job import Leaks, find_leaks

__all__ = ["Leaks", "find_leaks"]
