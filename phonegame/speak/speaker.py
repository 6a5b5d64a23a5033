"""Speaks to one caller: sentences become audio, and the audio goes out just ahead of its playback."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
import trio

from phonegame.audio import BYTES_PER_SECOND, FRAME_BYTES
from phonegame.speak import Voice
from phonegame.speak.espeak import SpeakError
from phonegame.speak.sentences import sentences
from phonegame.twilio.messages import mark_message, media_message

LEAD_SECONDS = 0.4
"""How far ahead of playback audio is sent: enough to ride out a hiccup, little enough to stop a sentence soon."""
PIECE_BYTES = 5 * FRAME_BYTES
MARK_SECONDS = 1.0
"""How much later than computed a mark may come back before it is given up: a dying stream sends none."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Speaker:
    """Used by one task. `begin` once the stream has started; until then `say` waits."""

    def __init__(self, voice: Voice | None, send_text: Callable[[str], Awaitable[None]]) -> None:
        self._voice = voice
        self._send_text = send_text
        self._stream_sid = ""
        self._begun = trio.Event()
        self._plays_until = 0.0
        self._marks = 0
        self._mark_back = trio.Event()

    @property
    def has_voice(self) -> bool:
        return self._voice is not None

    def begin(self, stream_sid: str) -> None:
        self._stream_sid = stream_sid
        self._begun.set()

    def mark_returned(self, name: str) -> None:
        """Twilio has played everything up to the mark."""
        if name == self._mark_name():
            self._mark_back.set()

    async def say(self, text: str) -> None:
        """Speaks the text. Returns when all has been sent, `LEAD_SECONDS` before the caller has heard it."""
        if self._voice is None:
            return
        await self._begun.wait()
        for sentence in sentences(text):
            try:
                audio = await self._voice.synthesise(sentence)
            except SpeakError as error:
                log.warning("sentence dropped: the voice cannot speak it", why=str(error))
                continue
            await self._send(audio)

    async def _send(self, audio: bytes) -> None:
        self._plays_until = max(self._plays_until, trio.current_time())
        for begin in range(0, len(audio), PIECE_BYTES):
            piece = audio[begin : begin + PIECE_BYTES]
            await trio.sleep_until(self._plays_until - LEAD_SECONDS)
            await self._send_text(media_message(self._stream_sid, piece))
            self._plays_until += len(piece) / BYTES_PER_SECOND

    async def heard(self) -> None:
        """Waits until the caller has heard everything that was said, or should have."""
        if self._plays_until <= trio.current_time():
            return
        self._marks += 1
        self._mark_back = trio.Event()
        await self._send_text(mark_message(self._stream_sid, self._mark_name()))
        with trio.move_on_at(self._plays_until + MARK_SECONDS):
            await self._mark_back.wait()

    def _mark_name(self) -> str:
        return f"said-{self._marks}"
