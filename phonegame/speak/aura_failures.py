"""What it means when Deepgram will not speak: for the operator and the game, without the key."""

from __future__ import annotations

from trio_websocket import CloseReason

from phonegame.deepgram.failures import DeepgramFailure
from phonegame.speak.voice import SpeakError

_TOO_MANY_CHARACTERS = "DATA-0001"


def refused(failure: DeepgramFailure, model: str) -> SpeakError:
    """No connection came about. What the listening connection says of its settings is true of this one's."""
    why = str(failure).replace("DEEPGRAM_URL", "DEEPGRAM_SPEAK_URL").replace("/v1/listen", "/v1/speak")
    return SpeakError(f"{model}: {why}")


def late(seconds: float, failure: SpeakError | None) -> SpeakError:
    """The first sound did not come in time; `failure` kept it from coming."""
    why = failure or "all its connections are in use, or it is slow: say less at once, or use another voice"
    return SpeakError(f"no sound from Deepgram within {seconds:g} s ({why})")


def closed(reason: CloseReason | None, key: str) -> SpeakError:
    code, text = (reason.code, reason.reason or "no reason") if reason else (1006, "no reason")
    details = f"(code {code}, {text.replace(key, '[the key]') if key else text})"
    if _TOO_MANY_CHARACTERS in text:
        return SpeakError(f"Deepgram takes no more characters this minute {details}: say less, or use another voice")
    return SpeakError(f"Deepgram closed the connection before a sentence was spoken {details}: try again")


def stalled(seconds: float) -> SpeakError:
    return SpeakError(f"Deepgram fell silent for {seconds:g} s in the middle of a sentence: try again")


def endless(seconds: float) -> SpeakError:
    return SpeakError(f"Deepgram sent more than {seconds:g} s of sound for one sentence: use another voice")


def ended() -> SpeakError:
    return SpeakError("the connection to Deepgram ended before a sentence was spoken: try again")
