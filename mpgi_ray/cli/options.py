"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

Takeover = Annotated[
    bool,
    typer.Option("--takeover", help="Take the output folder over from a run that gives no sign of life."),
]
Grace = Annotated[float, typer.Option(min=0, help="Seconds to finish what is under way when asked to stop.")]
ImageField = Annotated[
    list[str] | None,
    typer.Option("--field", help="Of shards of other programs: where the image is, as image=img_content."),
]
Radius = Annotated[
    int, typer.Option(min=0, max=16, help="Bits of 64 in which the hashes of candidates may differ.")
]
Embeddings = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="Look at the nearest neighbours by a model's features, too: a checkpoint's folder or NAME@FILE.",
    ),
]
Overlaps = Annotated[
    bool, typer.Option(help="Look at near pictures that are no copies for ground that both show.")
]
