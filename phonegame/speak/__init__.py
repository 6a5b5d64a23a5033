"""Speaking: a game's sentences become audio for the caller."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import structlog
import trio

from phonegame.speak.espeak import ESpeakMissing, ESpeakVoice
from phonegame.speak.sentences import sentences

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Voice(Protocol):
    """One engine that speaks."""

    async def synthesise(self, text: str) -> bytes:
        """The text as mu-law audio at 8000 samples a second, without a header. May be cancelled."""


class FixedSentences:
    """A voice that remembers what it has to say again and again, so that it is spoken at once, and made once."""

    def __init__(self, voice: Voice, texts: Iterable[str]) -> None:
        self._voice = voice
        self._audio: dict[str, bytes | None] = {piece: None for text in texts for piece in sentences(text)}

    async def synthesise(self, text: str) -> bytes:
        known = self._audio.get(text)
        if known is not None:
            await trio.lowlevel.checkpoint()
            return known
        audio = await self._voice.synthesise(text)
        if text in self._audio:
            self._audio[text] = audio
        return audio


def make_voice(name: str) -> Voice | None:
    """The voice of the setting `PHONEGAME_VOICE`. `auto` is eSpeak NG where it is installed, and none where it is not.

    Raises `ESpeakMissing` where it is asked for by name and missing.
    """
    if name == "none":
        return None
    try:
        voice = ESpeakVoice()
    except ESpeakMissing as error:
        if name != "auto":
            raise
        log.warning("callers hear nothing: there is no voice", why=str(error))
        return None
    return voice
