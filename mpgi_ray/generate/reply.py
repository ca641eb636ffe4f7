"""Replies to records: whether an answer can be used, and the row it becomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mpgi_ray.data.caption import Caption, Stage, Status, caption_id
from mpgi_ray.engines.base import Engine, EngineError, Prompt, Reply
from mpgi_ray.prompts import PromptTemplate


def fault(reply: Reply) -> str:
    """Why a reply cannot be used, as ``code: one line``; empty if it can."""
    if reply.finish_reason != "stop":
        return (
            f"truncated: the model was stopped ({reply.finish_reason}) after {reply.completion_tokens} tokens"
        )
    if not reply.text.strip():
        return "empty: the reply holds no text"
    return ""


@dataclass(frozen=True, slots=True)
class NoReply:
    """Why there are no replies for a sample: ``code: one line``."""

    status: Status
    reason: str


async def ask(engine: Engine, prompts: Sequence[Prompt]) -> list[Reply] | NoReply:
    """The engine's replies, or why it failed on these prompts.

    Raises:
        EngineError: the engine itself is in trouble; every sample would fail, so the job must stop.
    """
    try:
        return await engine.reply(prompts)
    except EngineError:
        raise
    except Exception as error:  # one odd sample must not end the job: it is recorded with its reason
        return NoReply(Status.FAILED, f"engine_error: {type(error).__name__}: {error}")


def records(
    base: Caption,
    stage: Stage,
    engine: Engine,
    templates: Sequence[PromptTemplate],
    prompts: Sequence[Prompt],
    replies: Sequence[Reply] | NoReply,
) -> list[Caption]:
    """One record a prompt.

    Args:
        base: carries the sample's place and the parents.
        replies: in the order of ``prompts``, or the reason why there are none.
    """
    rows = []
    for position, (template, prompt) in enumerate(zip(templates, prompts, strict=True)):
        if isinstance(replies, NoReply):
            reply, status, reason = Reply("", finish_reason=""), replies.status, replies.reason
        else:
            reply = replies[position]
            reason = fault(reply)
            status = Status.REJECTED if reason else Status.OK
        rows.append(
            Caption(
                caption_id=caption_id(base.sample_id, prompt.text, engine.model, engine.revision, {}),
                sample_id=base.sample_id,
                shard=base.shard,
                index=base.index,
                key=base.key,
                stage=stage.value,
                perspective=template.name,
                status=status.value,
                reason=reason,
                text="" if reason else reply.text.strip(),
                raw=reply.text,
                engine=engine.kind,
                model=engine.model,
                revision=engine.revision,
                prompt_hash=template.hash,
                finish_reason=reply.finish_reason,
                prompt_tokens=reply.prompt_tokens,
                cached_tokens=reply.cached_tokens,
                completion_tokens=reply.completion_tokens,
                parents=base.parents,
                seconds=reply.seconds,
            )
        )
    return rows
