"""What happens at the other end when a number is called."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from phonegame.local.twilio_api import people

if TYPE_CHECKING:
    from phonegame.local.twilio_api.call import Call
    from phonegame.local.twilio_api.handset import Handset

Behaviour: TypeAlias = "Callable[[Handset], Awaitable[None]]"
"""What somebody does at the phone; hangs up on returning."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Somebody, whom the detection takes for `answered_by` so many seconds after the answer.

    `record`: a WAV file for what is heard, written at the end.
    """

    rings: float = 1.0
    behave: Behaviour = people.listen
    answered_by: Literal["human", "machine_start", "fax", "unknown"] = "human"
    detected_after: float = 1.5
    record: Path | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """Says its greeting, ends it as told, and records for `seconds`."""

    greeting: str = "Nobody is at home. Please leave a message after the tone."
    rings: float = 3.0
    ends: Literal["beep", "silence", "other"] = "beep"
    seconds: float = 30.0
    detected_after: float = 2.5

    async def behave(self, handset: Handset) -> None:
        await people.answer_as_machine(handset, self.greeting, self.ends, self.seconds)


@dataclass(frozen=True, slots=True)
class Busy:
    rings: float = 0.0


@dataclass(frozen=True, slots=True)
class Declines:
    """Hangs up while it rings. To the carrier that is busy, by another SIP code."""

    rings: float = 1.0


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Rings until the caller's `Timeout`."""


@dataclass(frozen=True, slots=True)
class Fails:
    sip_code: int = 404


@dataclass(frozen=True, slots=True)
class Lost:
    """The call is queued, and never heard of again."""


@dataclass(frozen=True, slots=True)
class Refused:
    """`POST Calls` is refused: 21214 not reachable, 21215 no permission, 21216 blocked, 21219 not verified (trial)."""

    code: Literal[21214, 21215, 21216, 21219] = 21214


Decision: TypeAlias = Literal["answers", "declines", "busy", "gone"]
"""`gone`: the phone is out of reach, and its owner with it."""


@dataclass(frozen=True, slots=True)
class Attended:
    """Rings until whoever is there decides, or until the caller's `Timeout`; then `ring` is cancelled."""

    ring: Callable[[Call], Awaitable[Decision]]
    behave: Behaviour


Answer: TypeAlias = Answers | Attended | Machine | Busy | Declines | NoAnswer | Fails | Lost | Refused
