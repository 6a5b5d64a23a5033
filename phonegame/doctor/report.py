"""Findings for people, and for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from phonegame.doctor.finding import Finding, Outcome

_STYLES = {Outcome.OK: "green", Outcome.NOT_CHECKED: "dim", Outcome.WARNING: "yellow", Outcome.FAULT: "bold red"}
_NAME_WIDTH = 14


def show(finding: Finding, console: Console) -> None:
    """A line, and below it what to do."""
    style = _STYLES[finding.outcome]
    table = Table.grid(padding=(0, 2))
    table.add_column(width=len(Outcome.NOT_CHECKED))
    table.add_column(width=_NAME_WIDTH)
    table.add_column(overflow="fold")
    words = Text(finding.text, style="dim" if finding.outcome is Outcome.NOT_CHECKED else "")
    if finding.fix:
        words.append(f"\n-> {finding.fix}", style="bold")
    table.add_row(Text(finding.outcome, style=style), Text(finding.check), words)
    console.print(table)


def show_summary(findings: Sequence[Finding], console: Console) -> None:
    counts = Counter(finding.outcome for finding in findings)
    parts = [
        f"{count} {outcome}{'s' if count > 1 and outcome in (Outcome.FAULT, Outcome.WARNING) else ''}"
        for outcome in (Outcome.FAULT, Outcome.WARNING, Outcome.NOT_CHECKED, Outcome.OK)
        if (count := counts[outcome])
    ]
    console.print(Padding(Text(", ".join(parts)), (1, 0, 0, 0)))


def as_json(findings: Sequence[Finding]) -> str:
    return json.dumps({"ok": is_well(findings), "findings": [_fields(finding) for finding in findings]}, indent=2)


def _fields(finding: Finding) -> dict[str, str]:
    return {"check": finding.check, "outcome": finding.outcome, "text": finding.text, "fix": finding.fix}


def is_well(findings: Sequence[Finding]) -> bool:
    return all(finding.outcome is not Outcome.FAULT for finding in findings)
