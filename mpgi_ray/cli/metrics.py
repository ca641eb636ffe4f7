"""``mpgi metrics``."""

from __future__ import annotations

from typing import Annotated

import typer


def metrics(
    grafana: Annotated[
        bool, typer.Option("--grafana", help="Print a Grafana dashboard of them, as JSON, instead.")
    ] = False,
) -> None:
    """List the metrics that jobs export on the Prometheus endpoint of Ray's nodes."""
    import json

    from mpgi_ray.runtime.grafana import dashboard
    from mpgi_ray.runtime.metrics import table

    if grafana:
        typer.echo(json.dumps(dashboard(), indent=1))
        return
    for line in table():
        typer.echo(line)
