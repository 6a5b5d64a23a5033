"""What is allowed in one call."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Fields of `Settings`, which says what they mean."""

    wrong_codes: int
    code_seconds: float
    drain_seconds: float
