"""A model of ours inside the replica that asks it.

What all images in flight ask is answered in batches: whatever waits when one is done is the next one.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from mpgi_ray.engines.base import EngineError, Fault, Prompt, Reply
from mpgi_ray.engines.local.sampling import Sampling
from mpgi_ray.engines.local.settings import LocalSettings
from mpgi_ray.errors import MpgiError, RecipeError
from mpgi_ray.models.describer import load_describer
from mpgi_ray.models.place import revision_of
from mpgi_ray.models.written import Asked


@dataclass(slots=True)
class _Waiting:
    """A prompt that waits for its answer."""

    asked: Asked
    sampling: Sampling
    answer: asyncio.Future[Reply]
    since: float


class LocalEngine:
    """A model with a bridge, or a CoCa, which reads nothing of a prompt but its picture."""

    kind = "local"
    trusted = False

    def __init__(self, config: LocalSettings) -> None:
        """Load the model.

        Raises:
            RecipeError: it reads no questions, and ``prompts`` asks for that.
            EngineError: it cannot be loaded.
        """
        self.model, self._config = config.model, config
        try:
            self.revision = revision_of(config.model)
            self._describer = load_describer(config.model, gpu=config.gpus > 0)
        except MpgiError as error:
            raise EngineError(str(error)) from error
        if config.prompts and not self._describer.answers:
            raise RecipeError(
                f"model {config.model} is a CoCa, which reads no prompts: expected prompts=false"
            )
        self._waiting: list[_Waiting] = []
        self._works: asyncio.Task[None] | None = None

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        """One reply for each prompt, in order; from one event loop, many calls at a time.

        Raises:
            RecipeError: ``sampling`` holds an unknown name or a wrong value.
        """
        told = [Sampling.of(prompt) for prompt in prompts]  # before anything waits
        loop, since, before = asyncio.get_running_loop(), perf_counter(), Counter[str]()
        answers: list[asyncio.Future[Reply]] = []
        for prompt, sampling in zip(prompts, told, strict=True):
            answer: asyncio.Future[Reply] = loop.create_future()
            answers.append(answer)
            if fault := self._fault(prompt):
                answer.set_result(Reply("", finish_reason="", fault=fault))
                continue
            key = f"{prompt.seed} {prompt.name} {before[prompt.text]} {prompt.text}"  # again: other draws
            before[prompt.text] += 1
            picture = None if prompt.picture is None else prompt.picture.pixels
            asked = Asked(picture, prompt.text if self._config.prompts else "", key.encode())
            self._waiting.append(_Waiting(asked, sampling, answer, since))
        if self._works is None or self._works.done():
            self._works = loop.create_task(self._work())
        return await asyncio.gather(*answers)

    def close(self) -> None:
        """Nothing is held but memory."""

    def _fault(self, prompt: Prompt) -> Fault | None:
        if prompt.schema is not None:
            return Fault("engine_refused", "a model of ours writes no JSON: expected another engine here")
        question = prompt.text if self._config.prompts else ""
        if not self._describer.room(question):
            return Fault("prompt_too_long", f"the prompt leaves {self.model} no room for an answer")
        return None

    async def _work(self) -> None:
        while self._waiting:
            first = self._waiting[0].sampling
            batch = [one for one in self._waiting if one.sampling == first][: self._config.batch]
            taken = {*map(id, batch)}
            self._waiting = [one for one in self._waiting if id(one) not in taken]
            try:
                replies = await asyncio.to_thread(self._answer, batch, first)
            except Exception as error:  # of the model: those who wait are told, the others go on
                for one in (one for one in batch if not one.answer.done()):
                    one.answer.set_exception(EngineError(f"{self.model}: {type(error).__name__}: {error}"))
                continue
            for one, reply in zip(batch, replies, strict=True):
                if not one.answer.done():  # a call that was cancelled waits no longer
                    one.answer.set_result(reply)

    def _answer(self, batch: Sequence[_Waiting], sampling: Sampling) -> list[Reply]:
        found = self._describer.write([one.asked for one in batch], sampling.decoding, sampling.most)
        return [
            Reply(
                text=written.text,
                finish_reason="stop" if written.ended else "length",
                prompt_tokens=written.read,
                completion_tokens=written.tokens,
                seconds=perf_counter() - one.since,
            )
            for one, written in zip(batch, found, strict=True)
        ]
