"""What a scorer that learned from preferences says of texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Annotated

from PIL import Image
from pydantic import AfterValidator, Field

from mpgi_ray.config import Config
from mpgi_ray.curate.scores.scorer import Score, Shown, Value
from mpgi_ray.data.image import ImageError, decode
from mpgi_ray.models.place import absolute_place, revision_of

if TYPE_CHECKING:
    from mpgi_ray.models.scorers import TextScorer


class Scorer(Config):
    """``learned``, the score of a run of `mpgi train --task preference`, above 0; higher is better.

    By a CLIP a text has the geometric mean of the scores of its sentences; a multimodal model reads a text as
    it is. Scores order the texts of one picture; their size means nothing. False-colour pictures have none:
    the model knows other colours.

    Attributes:
        model: the folder of the run.
        sentences: look at each sentence; else at the text as it is, of which the model reads as much as fits;
            None: as is usual for the model.
        column: the name of the figure.
    """

    model: Annotated[str, AfterValidator(absolute_place)]
    sentences: bool | None = None
    column: str = Field(default="learned", pattern=r"^[a-z][a-z0-9_]*$")

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def made_by(self) -> tuple[str, str]:
        return self.model, revision_of(self.model)

    def open(self, gpu: bool) -> Score:
        from mpgi_ray.models.scorers import load_scorer

        return partial(_score, model=load_scorer(self.model, gpu), sentences=self.sentences)


def _score(
    samples: Sequence[Shown], model: TextScorer, sentences: bool | None
) -> Iterator[tuple[Value, ...]]:
    from mpgi_ray.models.scorers import worths

    pictures = [_picture(shown) for shown in samples]
    there = [place for place, picture in enumerate(pictures) if not isinstance(picture, str)]
    seen = (picture for picture in pictures if not isinstance(picture, str))
    texts = [[named.text for named in samples[place].texts] for place in there]
    found = dict(zip(there, worths(model, seen, texts, sentences), strict=True))
    for place, (shown, why) in enumerate(zip(samples, pictures, strict=True)):
        if isinstance(why, str):
            yield from ((why,) for _ in shown.texts)
        else:
            yield from (("no_text" if score == -inf else score,) for score in found[place])


def _picture(shown: Shown) -> Image.Image | str:
    """The picture as curation publishes it, or why it has no score."""
    if shown.sample.annotation.false_colour:
        return "false_colour"
    try:
        return decode(shown.sample.image).pixels
    except ImageError as error:
        return error.reason
