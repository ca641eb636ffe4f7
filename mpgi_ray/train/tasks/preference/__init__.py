"""The task of a scorer: of texts about a picture in order of worth, the better ones get higher scores.

After ScoreRS (Muhtar et al. 2025, arXiv 2503.00743), whose list-wise loss it takes.
"""

from mpgi_ray.train.tasks.preference.settings import Settings

__all__ = ["Settings"]
