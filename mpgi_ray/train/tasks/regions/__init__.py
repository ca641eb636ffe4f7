"""CLIP that also learns from parts of pictures, as FarSLIP does (Li et al. 2025, arXiv 2511.14901).

Regions of annotated objects get features like the names of their classes; and parts of the whole picture's
grid of patches get features like those of the part by itself. Both are losses beside the contrastive one.
"""

from mpgi_ray.train.tasks.regions.settings import Settings

__all__ = ["Settings"]
