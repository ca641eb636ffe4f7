"""``mpgi duplicates``: pictures of which a set holds several copies, and texts that occur more than once."""

from mpgi_ray.curate.duplicates.job import Duplicates, find_duplicates

__all__ = ["Duplicates", "find_duplicates"]
