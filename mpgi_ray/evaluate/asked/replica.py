"""What a replica does: it holds an engine, and asks it about the pictures of one part after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mpgi_ray.data.answers import Answer, publish_answers
from mpgi_ray.data.final import Record, read_records
from mpgi_ray.data.image import ImageError, Picture, decode, to_view
from mpgi_ray.data.instructions import Conversation
from mpgi_ray.data.stop_flag import StopFlag, Stopping
from mpgi_ray.data.storage import Storage
from mpgi_ray.engines.base import EngineError, Reply
from mpgi_ray.engines.connect import check_picture, check_text, connect
from mpgi_ray.engines.supervised import Supervised
from mpgi_ray.errors import InputError, UnfinishedError
from mpgi_ray.evaluate.asked.box import BoxScale, scale_of
from mpgi_ray.evaluate.asked.marking import mark
from mpgi_ray.evaluate.asked.prompts import prompt_of
from mpgi_ray.evaluate.asked.settings import AskedEngine


@dataclass(frozen=True)
class Part:
    """Questions about some pictures of a shard.

    Attributes:
        name: of the file of their answers.
        asked: by the ``sample_id`` of each picture.
    """

    name: str
    shard: str
    asked: Mapping[str, Sequence[Conversation]]


class Asking:
    """A replica.

    Args:
        pictures: False asks without them.
        classes: the scene classes of each source, see `mark`.
    """

    def __init__(
        self, asked: AskedEngine, output: str, classes: Mapping[str, Sequence[str]], *, pictures: bool
    ) -> None:
        self._asked, self._output, self._classes, self._pictures = asked, output, classes, pictures
        self._stop = StopFlag(Storage(output))
        self._loop = asyncio.new_event_loop()  # one for all parts: a supervised engine keeps to it
        try:
            self._engine = Supervised(lambda: connect(asked.engine))
            self._loop.run_until_complete(self._prove())
        except EngineError as error:
            raise UnfinishedError(f"{asked.named} cannot be asked: {error}") from error

    def __call__(self, part: Part) -> int:
        """Publish the answers of a part; how many there are.

        Raises:
            InputError: the shard cannot be read, or a picture cannot be decoded.
            UnfinishedError: the engine is in trouble.
            Stopping: the job was asked to begin nothing more.
        """
        if self._stop.is_set():
            raise Stopping
        records = (one for one in read_records([part.shard]) if one.sample_id in part.asked)
        pictures = {record.sample_id: record for record in records}
        if lacking := part.asked.keys() - pictures.keys():
            raise InputError(f"{part.shard} no longer holds the sample {min(lacking)}: ask about it again")
        try:
            answers = self._loop.run_until_complete(self._about(part, pictures))
        except EngineError as error:
            raise UnfinishedError(
                f"{self._asked.named} does not answer: {error}; the same command goes on"
            ) from error
        publish_answers(Storage(self._output), part.name, answers)
        return len(answers)

    async def _prove(self) -> None:
        sampling = self._asked.sampling
        await (
            check_picture(self._engine, sampling) if self._pictures else check_text(self._engine, sampling)
        )

    async def _about(self, part: Part, records: Mapping[str, Record]) -> list[Answer]:
        slots = asyncio.Semaphore(self._asked.engine.images_in_flight)

        async def one(sample_id: str) -> list[Answer]:
            async with slots:
                return await self._answered(records[sample_id], part.asked[sample_id])

        tasks = [asyncio.create_task(one(sample_id)) for sample_id in part.asked]
        try:
            found = await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
        return [answer for of_picture in found for answer in of_picture]

    async def _answered(self, record: Record, asked: Sequence[Conversation]) -> list[Answer]:
        picture = await asyncio.to_thread(self._shown, record) if self._pictures else None
        engine, sampling = self._asked.engine, self._asked.sampling
        turns = [(one, place) for one in asked for place in range(len(one.turns))]
        scales = [scale_of(one.turns[place].question, engine, picture) for one, place in turns]
        prompts = [
            prompt_of(one, place, picture, sampling, scale)
            for (one, place), scale in zip(turns, scales, strict=True)
        ]
        replies = await self._engine.reply(prompts)
        rows = zip(turns, replies, scales, strict=True)
        return [self._row(one, place, reply, scale) for (one, place), reply, (scale, _) in rows]

    def _shown(self, record: Record) -> Picture:
        """The picture as the engine gets it."""
        most = self._asked.engine.max_pixels
        try:
            return (to_view(record.image, most) if most else None) or decode(record.image)
        except ImageError as error:
            raise InputError(f"{record.shard}/{record.key}: {error}; curate the shards again") from error

    def _row(self, one: Conversation, place: int, reply: Reply, scale: BoxScale) -> Answer:
        turn = one.turns[place]
        marked = mark(turn, reply.text, scale, self._classes.get(one.source, ()))
        return Answer(
            one.sample_id,
            one.id,
            place,
            turn.kind,
            len(turn.choices),
            reply.text,
            str(reply.fault) if reply.fault else None,
            None if reply.fault else marked.read,
            marked.right,
            marked.iou,
            reply.prompt_tokens,
            reply.completion_tokens,
        )
