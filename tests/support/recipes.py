"""The recipes that come with the package, found as files."""

from __future__ import annotations

from importlib import resources

SHIPPED = sorted(
    file.name.removesuffix(".yaml")
    for file in resources.files("mpgi_ray.recipes").iterdir()
    if file.name.endswith(".yaml")
)
