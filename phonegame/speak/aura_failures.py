"""What it means when Deepgram will not speak: for the operator and the game, without the key."""

from __future__ import annotations

from trio_websocket import CloseReason

from phonegame.deepgram.failures import DeepgramFailure
from phonegame.speak.voice import SpeakError

_TOO_MANY_CHARACTERS = "DATA-0001"
_MEANING = {
    400: "has no voice {model}, or does not take another parameter of DEEPGRAM_SPEAK_URL",
    401: "refuses DEEPGRAM_API_KEY: check that it is complete and belongs to an existing project",
    402: "says that the account behind DEEPGRAM_API_KEY has no credit left: top it up in Deepgram's console",
    403: "does not let DEEPGRAM_API_KEY use the voice {model}: use another",
    404: "has nothing at the path of DEEPGRAM_SPEAK_URL: it should be /v1/speak",
    429: "has too many connections open for the project of DEEPGRAM_API_KEY: raise its limit, or say less at once",
}


def refused(failure: DeepgramFailure, model: str) -> SpeakError:
    """No connection came about."""
    if failure.status is None:
        # nothing but the name of the setting is different from when there is nobody to listen
        return SpeakError(str(failure).replace("DEEPGRAM_URL", "DEEPGRAM_SPEAK_URL"))
    meaning = _MEANING.get(failure.status, "does not accept the connection for the voice {model}")
    return SpeakError(f"Deepgram {meaning.format(model=model)} ({failure.details})")


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
