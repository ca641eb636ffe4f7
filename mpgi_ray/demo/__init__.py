"""The embedded data set: a generator of annotated aerial scenes.

Small, true by construction and free of rights: it lets everything run and be tested without data of one's
own, and its facts can be probed one by one (`spec`).
"""

from __future__ import annotations

from mpgi_ray.demo.scenes.scene import scene, scenes
from mpgi_ray.demo.scenes.spec import SceneSpec, spec

__all__ = ["SceneSpec", "scene", "scenes", "spec"]
