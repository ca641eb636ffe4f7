"""The task of pictures alone: CMID (Muhtar et al. 2023, arXiv 2304.09670).

Two windows of a picture are shown, with some of their cells hidden. The tower fills them in, says the same of
both as a teacher says that sees them whole, and says of cells at the same place what the teacher says there.
"""

from mpgi_ray.train.tasks.cmid.settings import Settings as Settings
