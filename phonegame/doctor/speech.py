"""Deepgram, and the voice."""

from __future__ import annotations

from urllib.parse import urlsplit

import trio

from phonegame.deepgram.failures import DeepgramFailure
from phonegame.doctor.finding import Finding, Outcome
from phonegame.listen.session import open_session
from phonegame.settings import Settings
from phonegame.speak.espeak_library import INSTALL_HINT
from phonegame.speak.sound import Sound
from phonegame.speak.voice import SpeakError
from phonegame.speak.voice_names import Engine, parse_voice_name
from phonegame.speak.voices import Voices

VOICE_SECONDS = 10
SPOKEN = "Hello."


async def check_deepgram(settings: Settings) -> Finding:
    """Opens a connection as a call would, and closes it."""
    try:
        async with open_session(settings.deepgram_url, settings.deepgram_api_key.get_secret_value()):
            pass
    except DeepgramFailure as error:
        return Finding("deepgram", Outcome.FAULT, f"{error}.", _deepgram_fix(error))
    return Finding("deepgram", Outcome.OK, "takes the key, and what DEEPGRAM_URL asks for")


def _deepgram_fix(error: DeepgramFailure) -> str:
    if error.status is None:
        return "Check DEEPGRAM_URL, and whether the speech service runs there (`phonegame speech` for a local one)."
    return "Check DEEPGRAM_API_KEY and DEEPGRAM_URL; keys are made in Deepgram's console."


async def check_voice(settings: Settings) -> Finding:
    """Has a word spoken; nobody hears it."""
    if settings.voice == "none":
        return Finding("voice", Outcome.OK, "none, as PHONEGAME_VOICE says: callers hear nothing")
    try:
        voices = _voices(settings)
        if not voices.has_voice:
            return Finding("voice", Outcome.WARNING, "There is none: callers hear nothing.", f"{INSTALL_HINT}.")
        name = await _speak(voices)
    except SpeakError as error:
        return Finding("voice", Outcome.FAULT, f"{error}.", "Mend that, or set PHONEGAME_VOICE to another voice.")
    except trio.TooSlowError:
        text = f"It has not spoken within {VOICE_SECONDS} seconds."
        return Finding("voice", Outcome.FAULT, text, "Set PHONEGAME_VOICE to another, such as espeak.")
    return Finding("voice", Outcome.OK, f"{name} speaks")


def voice_host(settings: Settings) -> str | None:
    """The host without which the voice does not speak; None: this machine is enough."""
    if settings.voice == "none":
        return None
    if settings.voice == "auto":
        has_key = bool(settings.deepgram_api_key.get_secret_value())
        engine = Engine.AURA if has_key else Engine.ESPEAK
    else:
        engine = parse_voice_name(settings.voice).engine
    match engine:
        case Engine.ESPEAK:
            return None
        case Engine.AURA:
            return urlsplit(settings.deepgram_speak_url).hostname
        case Engine.POLLY:
            return "amazonaws.com"
        case Engine.GOOGLE:
            return "texttospeech.googleapis.com"


def _voices(settings: Settings) -> Voices:
    return Voices(
        settings.voice,
        speak_url=settings.deepgram_speak_url,
        deepgram_key=settings.deepgram_api_key.get_secret_value(),
    )


async def _speak(voices: Voices) -> str:
    """Gives the voice's name. Raises SpeakError, TooSlowError."""
    voice = voices.find(None)
    failure: SpeakError | None = None
    with trio.move_on_after(VOICE_SECONDS) as patience:
        async with trio.open_nursery() as nursery:
            await nursery.start(voices.run)
            try:
                await voice.speak(Sound(SPOKEN))
            except SpeakError as error:
                failure = error
            nursery.cancel_scope.cancel()
    if patience.cancelled_caught:
        raise trio.TooSlowError
    if failure is not None:
        raise failure
    return voice.name
