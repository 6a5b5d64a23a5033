"""What a check has found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    OK = "ok"
    NOT_CHECKED = "not checked"
    """Because of something else: no network, a setting that is not there."""
    WARNING = "warning"
    """It works, but not for everything, or not for long."""
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """`text` and `fix` are shown and copied into bug reports: no secret, and phone numbers masked."""

    check: str
    outcome: Outcome
    text: str
    fix: str = ""
