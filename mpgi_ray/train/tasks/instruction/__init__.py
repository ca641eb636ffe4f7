"""The task of a model that answers: it learns the answers of conversations about a picture.

The questions are read and not learnt. It serves all stages of LHRS-Bot (Muhtar et al. 2024, arXiv
2402.02544): texts as answers to one question, with or without their pictures, then instructions.
"""

from mpgi_ray.train.tasks.instruction.settings import Settings

__all__ = ["Settings"]
