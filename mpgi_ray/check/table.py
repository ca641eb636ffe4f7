"""An audit as a table for a person."""

from __future__ import annotations

from collections import Counter

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from mpgi_ray.check.job import Audit
from mpgi_ray.truth.verdict import Verdict

_ORDER = (Verdict.SUPPORTED, Verdict.CONTRADICTED, Verdict.UNVERIFIABLE)


def print_audit(audit: Audit, console: Console) -> None:
    """Texts and claims by verdict, how much was checked, and the texts with most contradicted claims."""
    columns = [Column(verdict.value, justify="right") for verdict in _ORDER]
    table = Table("", Column("all", justify="right"), *columns, box=None, pad_edge=False)
    _row(table, "texts", Counter(audit.texts))
    by_kind: dict[str, Counter[Verdict]] = {}
    for (about, verdict), number in audit.claims.items():
        by_kind.setdefault(about, Counter())[verdict] += number
    for about, counts in sorted(by_kind.items(), key=lambda item: -item[1].total()):
        _row(table, f"  {about}", counts)
    console.print(table)
    texts, claims = sum(audit.texts.values()), sum(audit.claims.values())
    open_claims = sum(n for (_, verdict), n in audit.claims.items() if verdict is Verdict.UNVERIFIABLE)
    console.print(
        f"{claims / texts:.1f} claims a text were read, {open_claims / max(1, claims):.0%} of them cannot be "
        "checked by the annotation"
    )
    if audit.complete is not None:
        console.print(f"a text names {audit.complete:.0%} of the annotated classes of its picture")
    if audit.left:
        console.print(
            f"{audit.left:,} texts have no picture in the shards, the first is {escape(audit.first_left)}"
        )
    for checked in audit.worst:
        console.print(
            f"\n[bold]{escape(checked.key)}[/bold], line {checked.text.number}: {escape(checked.text.text)}"
        )
        for judged in checked.judged:
            if judged.verdict is Verdict.CONTRADICTED:
                words = checked.text.text[judged.claim.start : judged.claim.end]
                console.print(f"  “{escape(words)}”: {escape(judged.fact)}")


def _row(table: Table, name: str, counts: Counter[Verdict]) -> None:
    table.add_row(name, f"{counts.total():,}", *(f"{counts[verdict]:,}" for verdict in _ORDER))
