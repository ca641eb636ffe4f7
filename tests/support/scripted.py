"""An engine whose answers a test writes, and the descriptions that it is given to merge."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence

from PIL import Image

from mpgi_ray.data.caption import Caption
from mpgi_ray.engines.base import Prompt, Reply


class Scripted:
    """Answers by a function of the prompt and of how often this perspective was asked before."""

    kind = model = "scripted"
    revision = "1"
    trusted = False

    def __init__(self, answer: Callable[[Prompt, int], Reply | Exception]) -> None:
        self.answer = answer
        self.asked: list[Prompt] = []
        self.calls: list[list[str]] = []

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        self.calls.append([prompt.name for prompt in prompts])
        replies = []
        for prompt in prompts:
            before = sum(p.name == prompt.name for p in self.asked)
            self.asked.append(prompt)
            reply = self.answer(prompt, before)
            if isinstance(reply, Exception):
                raise reply
            replies.append(reply)
        return replies

    def close(self) -> None:
        pass


def descriptions(texts: Mapping[str, str]) -> list[Caption]:
    """Records of stage 1 about one picture, by perspective."""
    where = {"sample_id": "i", "shard": "s", "index": 0, "key": "k", "stage": "perspective"}
    return [Caption(**where, caption_id=name, perspective=name, text=text) for name, text in texts.items()]


def png() -> bytes:
    """A picture of one colour."""
    sink = io.BytesIO()
    Image.new("RGB", (8, 8), (9, 90, 9)).save(sink, "PNG")
    return sink.getvalue()
