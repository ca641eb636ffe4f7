"""What the imperfect writer planted against what the caption run found, one to one."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

from mpgi_ray.data.caption import BESIDE, Caption, Stage, Status, from_table
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.demo.writer import CONTENT, FORM

# the reason code under which each planted fault of form must turn up
CODES = {kind: {"truncation": "truncated"}.get(kind, kind) for kind in FORM}

# (stage, whether it came after a hint, text) → kinds planted
Answers = dict[tuple[str, bool, str], Counter[str]]
_OF_CONTENT = ("novel", "contradicted")
_INHERITED = "inherited"  # nothing was planted in the answer itself, but in what it was made of


@dataclass
class Reconciliation:
    """Answers counted by what was planted in them and by the reason of their records.

    Attributes:
        answers: all that the writer gave to the run.
        planted: answers by the kind of fault planted, of form or of content; ``inherited`` where there is
            something false in it that was planted in an earlier one; "" for none.
        found: answers by the reason code of their record.
        unlike: (kind or its expected code, reason code found) of answers where these differ, for faults of
            form; each is a fault missed or a false alarm.
        alarms: answers in which nothing is false and that were refused for what they say.
        unmatched: answers of the log without a record, and records without an answer.
        statuses: final records by status.
        coverage: of the long texts that are ok.
    """

    answers: int = 0
    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    unlike: Counter[tuple[str, str]] = field(default_factory=Counter)
    alarms: int = 0
    unmatched: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    coverage: list[float] = field(default_factory=list)


def reconcile(folder: CaptionFolder, log: Path) -> Reconciliation:
    """Match every answer that the writer logged with the record of the run that holds it.

    They are matched by stage, by whether they came after a hint, and by their exact words.
    """
    result = Reconciliation()
    names = {name for model in folder.run_record()["stage1"] for name in model}
    answers: Answers = {}
    for line in log.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        if told["stage"] == Stage.PERSPECTIVE and told["perspective"] not in names:
            continue  # the check whether pictures arrive
        key = told["stage"], told["attempt"] > 1, told["text"]
        kind = told["fault"] or (_INHERITED if any(told["false"].values()) else "")
        answers.setdefault(key, Counter())[kind] += 1
        result.planted[kind] += 1
        result.answers += 1
    for table in folder.tables():
        requests: dict[tuple[str | int, ...], list[Caption]] = {}
        for row in from_table(table):
            _count(row, result)
            name = row.perspective if row.stage == Stage.PERSPECTIVE else ""
            if row.engine:  # no refused sample
                requests.setdefault((row.shard, row.index, row.stage, name, row.attempt), []).append(row)
        for rows in requests.values():
            # of several texts of one answer, the one that cannot be used
            _match(next((row for row in rows if row.reason), rows[0]), answers, result)
    result.unmatched += sum(kinds.total() for kinds in answers.values())
    return result


def _count(row: Caption, result: Reconciliation) -> None:
    if row.status not in BESIDE:
        result.statuses[row.status] += 1
    if row.perspective == "long" and row.status == Status.OK:
        result.coverage.append(json.loads(row.scores)["coverage"])


def _match(row: Caption, answers: Answers, result: Reconciliation) -> None:
    kinds = answers.get((row.stage, row.attempt > 1, row.raw), Counter())
    if not kinds.total():
        result.unmatched += 1
        return
    kind = next(kind for kind, count in kinds.items() if count)
    kinds[kind] -= 1
    code = row.reason
    result.found[code] += 1
    expected = CODES.get(kind, "")
    if code in _OF_CONTENT and not kind:
        result.alarms += 1
    # faults of content are not seen by their form, and not all can be known to be false
    elif code != expected and not (code in _OF_CONTENT and kind and kind not in CODES):
        result.unlike[expected or kind, code] += 1


def show(result: Reconciliation) -> Table:
    """The figures as a table for the terminal."""
    table = Table("planted", "answers", "found as", "records", title="planted against found")
    for kind, code in CODES.items():
        table.add_row(kind, f"{result.planted[kind]:,}", code, f"{result.found[code]:,}")
    found = sum(result.found[code] for code in _OF_CONTENT)
    content = sum(count for kind, count in result.planted.items() if kind and kind not in CODES)
    table.add_row(
        f"content ({len(CONTENT)} kinds), or inherited",
        f"{content:,}",
        " or ".join(_OF_CONTENT),
        f"{found:,}",
    )
    table.add_row("nothing", f"{result.planted['']:,}", "ok", f"{result.found['']:,}")
    wrong = ", ".join(f"{a or 'nothing'} → {b or 'ok'}: {n}" for (a, b), n in sorted(result.unlike.items()))
    table.caption = (
        f"{result.answers:,} answers, {result.unmatched} of them or their records unmatched; "
        f"{result.alarms} refused for what they say, though nothing in them is false; "
        f"judged otherwise than planted: {wrong or 'none'}"
    )
    return table
