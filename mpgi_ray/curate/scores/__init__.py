"""Figures of every text, by any number of scorers, which selections use: the job `mpgi score`."""

from mpgi_ray.curate.scores.job import Scores, score

__all__ = ["Scores", "score"]
