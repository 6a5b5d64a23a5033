"""What a test wants `/v1/speak` to do wrong, connection by connection. They are numbered apart from `/v1/listen`'s.

    Script(speak=[refuse_to_speak(429), SpeakPlan(stall=When(bytes=4000)), SpeakPlan(ignore_clear=True)])

Nothing depends on the wall clock: a fault strikes when so much audio has gone out, and so many characters have come in,
on that connection. Audio is cut so that exactly so many bytes go out before it.
"""

from __future__ import annotations

from dataclasses import dataclass

from phonegame.local.speech.refusals import REFUSALS, Refusal
from phonegame.local.speech.speaking.commands import SpeakLimits
from phonegame.local.speech.speaking.pace import Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """Both have come to pass: `bytes` of audio have gone out, `characters` of text have come in. Neither: at once."""

    bytes: int = 0
    characters: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseWhen(When):
    code: int = 1011
    reason: str = "NET-0000: an internal error has occurred."


@dataclass(frozen=True, slots=True, kw_only=True)
class SendWhen(When):
    """Garbage: this very text or binary frame goes out between the others."""

    data: str | bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakPlan:
    """One connection.

    `ignore_upgrade`: the request for the connection is never answered. `drop`: the TCP connection is aborted.
    `stall`: the socket stays, and nothing goes out any more. `ignore_clear`: audio goes on, and there is no Cleared.
    `leak_bytes`: of the old text's audio that still come after a Clear, and before its Cleared, which comes
    `late_cleared` seconds after them. `lose_flushed`: there is no Flushed. `limits` and `pace` are used in place of the
    service's: so one can have it run into a limit sooner, or send byte by byte.
    """

    refuse: Refusal | None = None
    ignore_upgrade: bool = False
    drop: When | None = None
    close: CloseWhen | None = None
    stall: When | None = None
    garbage: tuple[SendWhen, ...] = ()
    ignore_clear: bool = False
    leak_bytes: int = 0
    late_cleared: float = 0.0
    lose_flushed: bool = False
    limits: SpeakLimits | None = None
    pace: Pace | None = None


def refuse_to_speak(status: int) -> SpeakPlan:
    """The plan that refuses the upgrade as Deepgram does with this status. KeyError for a status it never gives."""
    return SpeakPlan(refuse=REFUSALS[status])
