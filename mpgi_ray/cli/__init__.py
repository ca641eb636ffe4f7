"""The ``mpgi`` command: one module a group of subcommands."""

from mpgi_ray.cli.main import main

__all__ = ["main"]
