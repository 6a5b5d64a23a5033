"""How far a call out has come and what becomes of it, in our words and in Twilio's.

Twilio's: CallStatus and AnsweredBy of https://www.twilio.com/docs/voice/api/call-resource.
"""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import Literal


class Stage(IntEnum):
    DIALLING = 0
    RINGING = 1
    ANSWERED = 2
    CONNECTED = 3
    OVER = 4


End = Literal["busy", "no_answer", "failed", "cancelled"]
Outcome = Literal["connected", "refused"] | End
"""What becomes of the phone; of one that is connected, the call's own end tells the rest. Refused: a limit of ours."""


class Unwanted(Enum):
    """Why nobody needs the call any more."""

    GAME_LEFT = "the game left"
    HUNG_UP = "the game hung up"
    OPERATOR = "the operator ended the call"
    CLOSING = "the server is going down"


ENDS: dict[str, tuple[End, str | None]] = {
    "busy": ("busy", None),
    "no-answer": ("no_answer", None),
    "failed": ("failed", "the carrier could not put the call through"),
    "canceled": ("cancelled", None),
    "completed": ("failed", "the phone was answered, and hung up before the game could be connected"),
}
STAGES = {"ringing": Stage.RINGING, "in-progress": Stage.ANSWERED, "answered": Stage.ANSWERED}
ANSWERERS = frozenset(["human", "machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "fax"])


def takes_message(answered_by: str | None) -> bool:
    """A machine has answered, and records what is said from now on."""
    return answered_by is not None and answered_by.startswith("machine_end")
