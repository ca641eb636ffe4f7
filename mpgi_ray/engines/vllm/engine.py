"""A vLLM engine inside the replica that asks it.

vLLM keeps three caches that make several prompts about one image cost little more than one: processed
pictures, vision encodings and prefixes. They serve only prompts that begin alike and arrive together, so the
prompts of a call are rendered with the picture before the text and submitted side by side. The engine lives
on an event loop of its own: no pause of the caller's loop can stall it.
"""

from __future__ import annotations

import asyncio
import atexit
import itertools
import multiprocessing
import re
import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from time import perf_counter
from typing import Any

from mpgi_ray.engines.adapter import adapter_of
from mpgi_ray.engines.base import EngineDied, EngineError, Fault, Prompt, Reply
from mpgi_ray.engines.revision import revision_of
from mpgi_ray.engines.vllm import orphans
from mpgi_ray.engines.vllm.args import engine_config, one_line
from mpgi_ray.engines.vllm.settings import VllmSettings
from mpgi_ray.errors import RecipeError

_TOO_LONG = re.compile(r"longer than the maximum|maximum (context|model) length")
_END_S = 30.0  # a killed process is gone long before


class VllmEngine:
    """Any model that vLLM runs, with the chat template of its own tokenizer; or an adapter of one.

    Sampling starts from the model's ``generation_config.json``, as vLLM's server does, and each prompt's
    ``sampling`` wins over it.
    """

    kind = "vllm"
    trusted = False

    def __init__(self, config: VllmSettings, *, multimodal: bool | None = None) -> None:
        """Load the model; returns when it can answer.

        Args:
            multimodal: False leaves the vision part of a model out and saves its memory; True demands that
                there is one; None takes the model as it is.

        Raises:
            ResourceError: vLLM is not installed, or the model is not there or of a kind it cannot run.
            RecipeError: ``engine_args`` holds an unknown name, or the model reads no pictures.
            EngineError: the engine did not start, for lack of memory for example.
        """
        self.model = config.model
        self._template_args = dict(config.template_args)
        self._numbers = itertools.count()
        self._closed = False
        orphans.adopt()
        others = multiprocessing.active_children()
        self._adapter = adapter_of(config.model)
        vllm_config = engine_config(config, multimodal)  # fetches what a hub model's revision is known by
        self.revision = revision_of(config.model, config.revision)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="vllm-engine", daemon=True)
        self._thread.start()
        try:
            self._engine = asyncio.run_coroutine_threadsafe(_start(vllm_config), self._loop).result()
        except BaseException as error:
            self._stop_loop()
            if isinstance(error, Exception):
                raise EngineError(
                    f"vLLM did not start {config.model!r}: {one_line(error)}; see its log for more"
                ) from error
            raise
        self._processes = [child for child in multiprocessing.active_children() if child not in others]
        atexit.register(self.close)

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        """One reply for each prompt, in order; from any event loop, many calls at a time.

        A prompt that the engine refuses gets a reply with ``prompt_too_long`` or ``engine_refused`` as its
        fault, and the others are answered.

        Raises:
            EngineDied: the engine's process is gone.
            EngineError: the engine is closed.
            RecipeError: ``sampling`` holds an unknown name.
        """
        if self._closed:
            raise EngineError(f"the engine of {self.model!r} is closed")
        answer = asyncio.run_coroutine_threadsafe(self._answer(prompts), self._loop)
        return await asyncio.wrap_future(answer)

    def close(self) -> None:
        """Stop the engine and its processes. Calls in flight are cancelled; a second close does nothing."""
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self.close)
        self._engine.shutdown()
        for process in self._processes:
            process.join(_END_S)  # vLLM kills what does not end by itself, and does not wait for that
        self._stop_loop()

    async def _answer(self, prompts: Sequence[Prompt]) -> list[Reply]:
        replies = await self._ask(prompts)
        lost = [place for place, reply in enumerate(replies) if reply.finish_reason == "error"]
        if lost:  # a picture that the engine's cache no longer holds: vLLM asks to send it again
            again = await self._ask([prompts[place] for place in lost])
            for place, reply in zip(lost, again, strict=True):
                failed = reply.finish_reason == "error"
                replies[place] = _refused("vLLM ended the request with an error") if failed else reply
        return replies

    async def _ask(self, prompts: Sequence[Prompt]) -> list[Reply]:
        start = perf_counter()
        # first all are rendered, then all submitted: they reach the scheduler side by side, in order
        rendered = await asyncio.gather(*map(self._render, prompts))
        return await asyncio.gather(*map(self._generate, prompts, rendered, itertools.repeat(start)))

    async def _render(self, prompt: Prompt) -> Any:
        """The engine's input for one prompt, or the reply that says why there is none."""
        from vllm.renderers import ChatParams

        template_args = {"add_generation_prompt": True, **self._template_args, "tokenize": True}
        params = ChatParams(chat_template_kwargs=template_args)
        try:
            _, inputs = await self._engine.renderer.render_chat_async([_chat(prompt)], params)
        except Exception as error:
            return _refused(one_line(error))
        return inputs[0]

    async def _generate(self, prompt: Prompt, rendered: Any, start: float) -> Reply:
        if isinstance(rendered, Reply):
            return rendered
        from vllm.v1.engine.exceptions import EngineDeadError

        try:
            sampling = self._sampling(prompt)
            number = str(next(self._numbers))
            outputs = self._engine.generate(rendered, sampling, number, lora_request=self._lora)
            output = [output async for output in outputs][-1]  # FINAL_ONLY: there is one
        except EngineDeadError as error:
            raise EngineDied(f"the process of {self.model!r} is gone: {one_line(error)}") from error
        except RecipeError:
            raise
        except Exception as error:
            if self._engine.errored:
                raise EngineDied(f"the process of {self.model!r} is gone: {one_line(error)}") from error
            return _refused(one_line(error.__cause__ or error))
        completion = output.outputs[0]
        return Reply(
            text=completion.text,
            finish_reason=completion.finish_reason or "",
            prompt_tokens=len(output.prompt_token_ids or ()),
            cached_tokens=output.num_cached_tokens or 0,
            completion_tokens=len(completion.token_ids),
            seconds=perf_counter() - start,
        )

    @cached_property
    def _lora(self) -> Any:
        from vllm.lora.request import LoRARequest

        return None if self._adapter is None else LoRARequest("adapter", 1, self._adapter.folder)

    def _sampling(self, prompt: Prompt) -> Any:
        from vllm import SamplingParams
        from vllm.platforms import current_platform
        from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams

        chosen = {
            "max_tokens": None,
            **self._engine.model_config.get_diff_sampling_param(),
            **prompt.sampling,
        }
        if current_platform.is_cpu():
            chosen.pop("seed", None)  # a seeded request kills the engine there
        if prompt.schema is not None:
            chosen["structured_outputs"] = StructuredOutputsParams(json=dict(prompt.schema))
        try:
            return SamplingParams(**chosen, output_kind=RequestOutputKind.FINAL_ONLY)
        except TypeError as error:
            raise RecipeError(
                f"sampling of {prompt.name!r} is {dict(prompt.sampling)}: {one_line(error)}; "
                "expected names of vLLM's SamplingParams"
            ) from error

    def _stop_loop(self) -> None:
        async def cancel() -> None:
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(cancel(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _start(vllm_config: Any) -> Any:
    from vllm.v1.engine.async_llm import AsyncLLM

    engine = AsyncLLM.from_vllm_config(vllm_config, disable_log_stats=True)
    await engine.get_supported_tasks()  # asked once here, so that no first request waits between two others
    return engine


def _chat(prompt: Prompt) -> list[Mapping[str, Any]]:
    content: list[Mapping[str, Any]] = []
    if prompt.picture is not None:
        # vLLM's caches know the picture by the sample's id, which is the hash of its bytes
        content.append({"type": "image_pil", "image_pil": prompt.picture.pixels, "uuid": prompt.seed or None})
    content.append({"type": "text", "text": prompt.text})
    chat: list[Mapping[str, Any]] = [{"role": "system", "content": prompt.system}] if prompt.system else []
    return [*chat, {"role": "user", "content": content}]


def _refused(reason: str) -> Reply:
    code = "prompt_too_long" if _TOO_LONG.search(reason) else "engine_refused"
    return Reply(text="", finish_reason="", fault=Fault(code, reason))
