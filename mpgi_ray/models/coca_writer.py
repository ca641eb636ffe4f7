"""A CoCa that writes captions; see `written.Describer`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from mpgi_ray.errors import InputError
from mpgi_ray.models.decoding import Decoding
from mpgi_ray.models.embed import Model
from mpgi_ray.models.generation import generate
from mpgi_ray.models.written import Asked, Written


@dataclass(frozen=True)
class CocaWriter:
    """It describes pictures, and reads no question; without a picture it writes nothing."""

    model: Model

    answers = False

    @classmethod
    def load(cls, folder: str, *, gpu: bool | None = None) -> CocaWriter:
        """The model of a run.

        Raises:
            InputError: the folder holds none, or one that writes no captions.
        """
        model = Model.load(folder, gpu=gpu)
        if not model.writes:
            raise InputError(
                f"{folder} holds a model that writes no texts: expected a CoCa, e.g. of `mpgi train --model "
                "small-coca`, or a model of `mpgi train --task instruction`"
            )
        return cls(model)

    def room(self, question: str) -> int:
        return int(self.model.network.context_length) - 1

    @torch.inference_mode()
    def write(self, asked: Sequence[Asked], decoding: Decoding, most: int) -> list[Written]:
        model, shown = self.model, {n: one.picture for n, one in enumerate(asked) if one.picture is not None}
        found = [Written("", 1, 0, True)] * len(asked)
        if not shown:
            return found
        start, end, pad = model.tokenize([""])[0, :3].tolist()
        pixels = torch.stack([model.preprocess(picture) for picture in shown.values()]).to(model.device)
        rows = generate(
            model.network,
            pixels,
            decoding,
            start=start,
            end=end,
            pad=pad,
            max_length=min(most, self.room("")) + 1,
            keys=[asked[n].key for n in shown],
        )
        seen = 1 + model.network.visual.attn_pool.query.shape[0]
        for n, row in zip(shown, rows.tolist(), strict=True):
            ids = [token for token in row if token not in (start, pad)]
            text = model.tokenize.decode([token for token in ids if token != end]).strip()
            found[n] = Written(text, seen, len(ids), ids[-1:] == [end])
        return found
