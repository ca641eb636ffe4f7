"""Answers as records, and whether records answer a question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from mpgi_ray.asking.answers import Answer, Question, giver, lacking
from mpgi_ray.asking.attempts import Attempt, asked_again, at_attempt
from mpgi_ray.asking.best_of import drawn
from mpgi_ray.data.caption import BESIDE, Caption, Shown, Status, caption_id, encode_sampling
from mpgi_ray.engines.base import Engine, Fault

REWARD, CONSENSUS = "reward", "consensus"  # among a record's scores: what the best of several was taken by


def records(base: Caption, engine: Engine, answers: Sequence[Answer]) -> list[Caption]:
    """The rows of one question: one for each answer that was not taken, then one for each text.

    Args:
        base: carries the sample's place, the stage and the parents.
        answers: all that were given to the question, in the order of `ask`.
    """
    rows = []
    for i, answer in enumerate(answers[:-1]):
        name = answer.question.prompt.name
        if answer.outscored:
            outscored = Fault(Status.OUTSCORED.value, answer.outscored)
            rows.append(_row(base, engine, answer, name, Status.OUTSCORED, outscored))
        else:
            # where another answer of its attempt has what it lacks, that was not asked for again
            why = lacking(answers[: i + 1]) or lacking([answer])
            rows.append(_row(base, engine, answer, name, Status.RETRIED, why))
    last = answers[-1]
    undone = Status.FAILED if last.reply.fault else Status.REJECTED
    sources = {name: giver(answers, name) or last for name in last.question.texts}
    if all(source is not last for source in sources.values()):  # others of its attempt have all that it lacks
        rows.append(_row(base, engine, last, last.question.prompt.name, Status.RETRIED, lacking([last])))
    counted = False
    for name, source in sources.items():
        fault = source.reading.fault_of(name)
        row = _row(base, engine, source, name, undone if fault else Status.OK, fault)
        # one request gave several texts: its tokens and its time are counted once
        rows.append(_uncounted(row) if counted or source is not last else row)
        counted |= source is last
    return rows


def is_answered_by(
    rows: Sequence[Caption],
    sample_id: str,
    engine: Engine,
    question: Question,
    ladder: Sequence[Attempt],
    best_of: int = 1,
) -> bool:
    """Whether rows tell of this very question: the same prompts about the same picture to the same model.

    Args:
        rows: of all attempts at a question, as `records` made them.
        best_of: how many answers each attempt asks for.
    """
    asked, highest = question, max(row.attempt for row in rows)
    for attempt in ladder:
        asked = at_attempt(asked, attempt)
        draws: dict[int, list[Caption]] = defaultdict(list)
        for row in rows:
            if row.attempt == asked.number:
                draws[row.draw].append(row)
        if draws.keys() != set(range(1, best_of + 1)):
            return False
        for one in drawn(asked, best_of):
            found = draws[one.draw]
            if any(row.caption_id != _id(sample_id, engine, one, row.perspective) for row in found):
                return False
        if asked.number == highest:
            names = [row.perspective for row in rows if row.status not in BESIDE]
            same_prompt = all(row.prompt_hash == question.prompt_hash for row in rows)
            return same_prompt and sorted(names) == sorted(question.texts)
        why = [row for row in rows if row.attempt == asked.number and row.status == Status.RETRIED.value][-1:]
        if not why:
            return False
        asked = asked_again(question, asked.number + 1, Fault(why[0].reason, why[0].detail))
    return False


def _uncounted(row: Caption) -> Caption:
    return replace(row, prompt_tokens=0, cached_tokens=0, completion_tokens=0, seconds=0.0)


def _row(
    base: Caption, engine: Engine, answer: Answer, name: str, status: Status, fault: Fault | None
) -> Caption:
    prompt, reply, reading = answer.question.prompt, answer.reply, answer.reading
    figures = {REWARD: answer.score, CONSENSUS: answer.consensus}
    chosen_by = {name: round(value, 6) for name, value in figures.items() if value is not None}
    return Caption(
        caption_id=_id(base.sample_id, engine, answer.question, name),
        sample_id=base.sample_id,
        shard=base.shard,
        index=base.index,
        key=base.key,
        stage=base.stage,
        perspective=name,
        status=status.value,
        reason=fault.code if fault else "",
        detail=fault.detail if fault else "",
        text="" if fault else reading.texts.get(name, ""),
        raw=reply.text,
        engine=engine.kind,
        model=engine.model,
        revision=engine.revision,
        prompt_hash=answer.question.prompt_hash,
        sampling=encode_sampling(prompt.sampling),
        attempt=answer.question.number,
        draw=answer.question.draw,
        shown=(Shown.TEXT if prompt.picture is None else Shown.PICTURE).value,
        finish_reason=reply.finish_reason,
        prompt_tokens=reply.prompt_tokens,
        cached_tokens=reply.cached_tokens,
        completion_tokens=reply.completion_tokens,
        parents=base.parents,
        scores=encode_sampling({**reading.scores.get(name, {}), **chosen_by}),
        seconds=reply.seconds,
    )


def _id(sample_id: str, engine: Engine, question: Question, name: str) -> str:
    asked = f"{name}\0{question.number}\0{question.prompt.text}"
    if question.draw > 1:
        asked += f"\0{question.draw}"
    return caption_id(sample_id, asked, engine.model, engine.revision, question.prompt.sampling)
