"""What is allowed in one call."""

from __future__ import annotations

from dataclasses import dataclass

DELIVERY_SECONDS = 1.0
"""What Deepgram has said until the last moment is handed to the game within this; it takes microseconds."""


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Fields of `Settings`, which says what they mean."""

    wrong_codes: int
    code_seconds: float
    drain_seconds: float
