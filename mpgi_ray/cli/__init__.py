"""The ``mpgi`` command: a module for each group of subcommands, which import a job only when it runs."""

from mpgi_ray.cli.main import main

__all__ = ["main"]
