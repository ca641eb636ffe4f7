"""How well a text fits its picture by a model of open_clip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import numpy as np
from PIL import Image
from pydantic import AfterValidator, Field

from mpgi_ray.config import Config
from mpgi_ray.curate.scores.scorer import Score, Shown, Value
from mpgi_ray.data.image import ImageError, decode
from mpgi_ray.models.place import absolute_place, revision_of

if TYPE_CHECKING:
    from mpgi_ray.models.embed import Model


class Scorer(Config):
    """``clip``, the cosine of the unit features of text and picture, from -1 to 1.

    Pictures are decoded as curation publishes them, as 8-bit RGB. False-colour pictures have no figure: such
    models know other colours.

    With ``rotations``, ``clip_variance`` is the variance of that cosine over so many turned copies of the
    picture, from 0 by equal steps. Of several texts that with the least one depends least on how the picture
    lies: RS5M (Zhang et al., 2023, arXiv 2306.11300) takes it, of 12 turns by 30 degrees.
    A picture is turned about its centre in a frame of its own size (bicubic): what turns out of the frame is
    lost, and the corners that it leaves are black. They are the same for all texts of the picture.

    Attributes:
        model: a checkpoint folder, or ``NAME@FILE``, as in `mpgi evaluate`.
        rotations: how many copies, the picture as it is among them; 1 leaves the variance out.
        column: the name of the figure; ``…_variance`` goes with it.
    """

    model: Annotated[str, AfterValidator(absolute_place)]
    rotations: int = Field(default=1, ge=1, le=360)
    column: str = Field(default="clip", pattern=r"^[a-z][a-z0-9_]*$")

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column, f"{self.column}_variance")[: 1 if self.rotations == 1 else 2]

    def made_by(self) -> tuple[str, str]:
        return self.model, revision_of(self.model)

    def open(self, gpu: bool) -> Score:
        from mpgi_ray.models.embed import Model

        return partial(_score, model=Model.load(self.model, gpu=gpu), rotations=self.rotations)


def _score(samples: Sequence[Shown], model: Model, rotations: int) -> Iterator[tuple[Value, ...]]:
    missing: dict[int, str] = {}

    def pictures() -> Iterator[Image.Image]:
        for place, shown in enumerate(samples):
            if shown.sample.annotation.false_colour:
                missing[place] = "false_colour"
                continue
            try:
                picture = decode(shown.sample.image).pixels
            except ImageError as error:
                missing[place] = error.reason
                continue
            yield picture
            for turn in range(1, rotations):
                yield picture.rotate(360 * turn / rotations, Image.Resampling.BICUBIC)

    found = model.pictures(pictures())  # this fills `missing`
    images = iter(found.reshape(len(found) // rotations, rotations, found.shape[1]))
    texts = iter(model.texts([named.text for shown in samples for named in shown.texts]))
    columns = 1 if rotations == 1 else 2
    for place, shown in enumerate(samples):
        turned = None if place in missing else next(images)
        for text in islice(texts, len(shown.texts)):
            if turned is None:
                yield (missing[place],) * columns
            else:
                cosines = (turned @ text).astype(np.float64)
                yield (float(cosines[0]), float(cosines.var()))[:columns]
