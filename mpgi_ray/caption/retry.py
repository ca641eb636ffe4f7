"""Records that did not come out well are taken back, so that the job asks for them again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Self

import pyarrow.compute as pc

from mpgi_ray.caption.published import question
from mpgi_ray.data.caption import UNDONE, Caption, Stage, digests_of, from_table, to_table
from mpgi_ray.data.caption_folder import CaptionFolder, StageParts
from mpgi_ray.data.parts import ChunkId, Part
from mpgi_ray.data.shard_list import ShardList
from mpgi_ray.errors import RecipeError


@dataclass(frozen=True, slots=True)
class Retry:
    """Which records are asked for again.

    Attributes:
        reason: their code; empty for every reason. Samples that could not be used are taken up only under
            the reason of their refusal: the same picture is refused again by the same program.
    """

    status: str
    reason: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``STATUS`` or ``STATUS:REASON``.

        Raises:
            RecipeError: it is neither, or the status is not one of records that did not come out well.
        """
        status, colon, reason = text.partition(":")
        if status not in UNDONE or bool(colon) != bool(reason):
            raise RecipeError(
                f"--retry {text!r}: expected {' or '.join(sorted(UNDONE))}, or one of these with a reason, "
                "such as rejected:length"
            )
        return cls(status, reason)

    def __str__(self) -> str:
        return f"{self.status}:{self.reason}" if self.reason else self.status

    def wants(self, row: Caption) -> bool:
        if row.status != self.status:
            return False
        return row.reason == self.reason if self.reason else row.stage != Stage.INPUT.value


def take_back(retry: Retry, folder: CaptionFolder, shards: ShardList) -> int:
    """Take back the records that are to be asked for again, with the integrations made from them.

    Only while nobody else works on the folder. Chunks whose shard is not there stay as they are.

    Returns:
        The number of records that are asked for again, integrations that follow from others not counted.

    Raises:
        InputError: this is not a caption folder, or a part is damaged.
    """
    folder.run_record()
    stages = (*folder.stage1, folder.stage2)
    chunks = {chunk for stage in stages for parts in (stage.full, stage.pilot) for chunk in parts.done()}
    return sum(_take_back(retry, folder, chunk) for chunk in sorted(chunks) if chunk.shard in shards.files)


def _take_back(retry: Retry, folder: CaptionFolder, chunk: ChunkId) -> int:
    *described, merged = ([*_wanted(retry, s, chunk)] for s in (*folder.stage1, folder.stage2))
    samples = {row.index for rows in (*described, merged) for row in rows}
    if not samples:
        return 0
    # first stage 2: without its full part the chunk is not done, whenever this is cut off
    folder.stage2.withdraw(chunk, partial(_without, samples=samples))
    for stage, rows in zip(folder.stage1, described, strict=True):
        if rows:
            stage.withdraw(chunk, partial(_without, questions={question(row) for row in rows}))
    return sum(map(len, (*described, merged)))


def _wanted(retry: Retry, stage: StageParts, chunk: ChunkId) -> list[Caption]:
    part = stage.read(chunk)
    if part is None:
        return []
    alike = from_table(part.rows.filter(pc.field("status") == retry.status))
    return [row for row in alike if retry.wants(row)]


def _without(part: Part, samples: Collection[int] = (), questions: Collection[tuple[int, str]] = ()) -> Part:
    """A part without all that is told of some samples, or of some questions, retried answers too."""
    rows = [
        row for row in from_table(part.rows) if row.index not in samples and question(row) not in questions
    ]
    left = {row.index for row in rows}
    sources = {index: told for index, told in part.sources.items() if index in left}
    table = to_table(rows)
    return Part(table, part.shard_sha256, sources, digests_of(rows) if part.digests else {})
