"""How each kind of folder is shown."""

from __future__ import annotations

from mpgi_ray.cli.looking.asked import Look
from mpgi_ray.report.kinds import Kind


def look_of(kind: Kind) -> Look:
    """What can be shown of a kind; its module is imported only now, as some take long."""
    match kind:
        case Kind.CAPTIONS:
            from mpgi_ray.cli.looking import captions

            return captions.LOOK
        case Kind.SHARD | Kind.SHARDS | Kind.FINAL:
            from mpgi_ray.cli.looking import shards

            return {Kind.SHARD: shards.ONE, Kind.SHARDS: shards.MANY, Kind.FINAL: shards.FINAL}[kind]
        case Kind.DUPLICATES | Kind.LEAKS | Kind.SCORES:
            from mpgi_ray.cli.looking import found

            looks = {Kind.DUPLICATES: found.DUPLICATES, Kind.LEAKS: found.LEAKS, Kind.SCORES: found.SCORES}
            return looks[kind]
        case Kind.INSTRUCTIONS | Kind.BENCHMARK | Kind.ANSWERS:
            from mpgi_ray.cli.looking import questions

            of = {Kind.INSTRUCTIONS: questions.INSTRUCTIONS, Kind.BENCHMARK: questions.BENCHMARK}
            return of.get(kind, questions.ANSWERS)
        case Kind.RELEASE:
            from mpgi_ray.cli.looking import release

            return release.LOOK
        case Kind.TRAINING | Kind.MODEL | Kind.EVALUATION:
            from mpgi_ray.cli.looking import models

            looks = {Kind.TRAINING: models.TRAINING, Kind.MODEL: models.MODEL}
            return looks.get(kind, models.EVALUATION)
