"""The page's plain words: what a call is doing, why it has ended, what has gone wrong and what to do about it."""

from __future__ import annotations

from phonegame.board.shown import CallShown
from phonegame.ended import Ended

DOCTOR = "phonegame doctor finds out more"


def doing(call: CallShown) -> str:
    match call.phase:
        case "dialling":
            return "dialling" + _for_game(call)
        case "ringing":
            return "ringing" + _for_game(call)
        case "answered":
            return "answered, being connected" + _for_game(call)
        case "asking":
            return "is asked for the code"
        case "talking":
            return _talking(call)
        case "ending":
            return f"is ending: {call.why}"
        case "ended":
            return f"ended: {call.why}"


def _for_game(call: CallShown) -> str:
    return f", for game {call.game}" if call.game else ""


def _talking(call: CallShown) -> str:
    parts = [f"in game {call.game}"] if call.game else []
    if call.character:
        parts.append(f"talks to {call.character}")
    if call.is_recorded:
        parts.append("is recorded")
    return ", ".join(parts) or "connected"


ENDED_BADLY = {
    Ended.SILENT: "No sound has come from the phone any more. Where this happens often, the way between the carrier "
    "and this server loses connections",
    Ended.MALFORMED: "The carrier has sent what is no media stream. Look at what connects to /twilio",
    Ended.FAILED: "An error of phonegame's own; the log has it, with this call's id",
    Ended.UNUSABLE: "The phone's audio is not mu-law at 8000 Hz in one channel. Twilio sends that; look at what "
    "connects to /twilio",
    Ended.DEEPGRAM: f"Speech recognition could not be reached. Check DEEPGRAM_API_KEY and DEEPGRAM_URL; {DOCTOR}",
    Ended.CHARACTER_FAILED: f"The character could not be played. Check PHONEGAME_MODEL and its key; {DOCTOR}",
    Ended.WRONG_CODES: "The caller has named only codes that no game shows. Where this happens often, longer codes or "
    "words are easier to understand (PHONEGAME_CODES)",
}
"""Where somebody should do something."""

DIAL_FAILED = {
    "busy": "the phone was busy",
    "no_answer": "nobody has answered",
    "failed": "the call could not be put through",
    "cancelled": "the call was taken back",
}

DEEPGRAM_AWAY = "Speech recognition is away; phonegame connects to it again, and keeps what is said meanwhile"

ADVICE = {
    "vocabulary_refused": "The game expects words that Deepgram does not take; the call goes on without them",
    "character_refused": "A character cannot play; see what the game has sent, or its file",
    "character_failed": "A character could not answer; check PHONEGAME_MODEL, PHONEGAME_MODEL_URL and the key",
    "voice_failed": "A voice has failed; check PHONEGAME_VOICE and its key",
    "no_such_action": "The game has answered an action that nobody waits for",
    "recording_refused": "The call is not recorded",
    "recording_failed": "The recording has stopped; check the disk of PHONEGAME_RECORDINGS",
}
"""By the code of a `CallProblem`."""


def problem(code: str, message: str) -> str:
    advice = ADVICE.get(code)
    return f"{advice}. {capital(message)}" if advice else capital(message)


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]
