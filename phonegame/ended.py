"""Why calls end."""

from __future__ import annotations

from enum import Enum

from phonegame.dialling.stages import Unwanted
from phonegame.front_desk import TurnedAway
from phonegame.prompts import Prompts


class Ended(Enum):
    """Why a call has ended: for the log, and for the caller the prompt that tells why, if somebody is there to hear it.

    Its name in small letters is the `reason` that the game gets.
    """

    HUNG_UP = ("the caller hung up", None)
    SILENT = ("no audio came any more", None)
    MALFORMED = ("too many malformed messages", None)
    UNUSABLE = ("the audio is not mu-law, 8000 Hz, mono", None)
    FAILED = ("an error of ours", None)
    REFUSED = ("the stream is not of a call that was announced", None)
    GAME_HUNG_UP = ("the game hung up", None)
    GAME_LEFT = ("the game left", "prompt_game_over")
    BUSY = ("the game has another caller", "prompt_busy")
    UNREACHABLE = ("the game cannot be reached at present", "prompt_unreachable")
    WRONG_CODES = ("too many wrong codes", "prompt_wrong_codes")
    NO_CODE = ("no code was named in time", "prompt_no_code")
    DEEPGRAM = ("Deepgram cannot be used", "prompt_sorry")
    OPERATOR_HUNG_UP = ("the operator ended the call", None)
    CHARACTER_HUNG_UP = ("the character hung up", None)
    CALLER_SILENT = ("the caller said nothing any more", None)
    MACHINE = ("a machine has answered", None)
    CHARACTER_OVER = ("the character's time was up", None)
    CHARACTER_FAILED = ("the character could not be played", None)
    SHUTDOWN = ("the server is going down", "prompt_closing")

    def __init__(self, why: str, prompt: str | None) -> None:
        self.why = why
        self._prompt = prompt

    @property
    def has_said_goodbye(self) -> bool:
        """Whether whoever ends it has taken leave of the caller already."""
        return self in (Ended.CHARACTER_HUNG_UP, Ended.CALLER_SILENT, Ended.MACHINE, Ended.CHARACTER_OVER)

    @property
    def reason(self) -> str:
        return self.name.lower()

    def goodbye(self, prompts: Prompts) -> str:
        return getattr(prompts, self._prompt) if self._prompt else ""


TURNED_AWAY = {
    TurnedAway.BUSY: Ended.BUSY,
    TurnedAway.WRONG_CODES: Ended.WRONG_CODES,
    TurnedAway.AWAY: Ended.UNREACHABLE,
}
"""How a call ends that was not patched through."""
UNWANTED = {
    Unwanted.HUNG_UP: Ended.GAME_HUNG_UP,
    Unwanted.GAME_LEFT: Ended.GAME_LEFT,
    Unwanted.OPERATOR: Ended.OPERATOR_HUNG_UP,
    Unwanted.CLOSING: Ended.SHUTDOWN,
}
"""How an outgoing call ends that was answered when nobody needed it any more."""
