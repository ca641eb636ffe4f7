"""From an engine's settings to the engine."""

from __future__ import annotations

from mpgi_ray.engines.base import Engine
from mpgi_ray.engines.template import TemplateEngine
from mpgi_ray.recipe import TemplateEngineConfig


def connect(config: TemplateEngineConfig) -> Engine:
    """Start the engine that ``config.kind`` names; runs in the replica that will use it."""
    return TemplateEngine()
