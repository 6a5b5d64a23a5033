"""The far end of a call, from picking up to hanging up: what somebody does there, and what they hear.

Between the carrier's own announcements a call may have a media stream; a handset outlives it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

import trio

from phonegame.audio import BYTES_PER_SECOND, SILENCE
from phonegame.local.phone import HungUpError, Phone
from phonegame.local.phone.phone import KEY_SECONDS, KEYS
from phonegame.local.twilio_api.config import Synthesise


class Earpiece(Protocol):
    """Whoever listens while the call goes on. None of it may block."""

    def hear(self, mulaw: bytes) -> None: ...

    def clear(self) -> None:
        """The server has taken back what was not played yet."""

    def tell(self, text: str) -> None:
        """The carrier begins to say this itself."""


class Handset:
    """Its awaitables raise HungUpError once the other side has hung up; what is said with no stream is lost."""

    def __init__(self, number: str, synthesise: Synthesise, *, keep_audio: bool) -> None:
        self.number = number
        self.heard = bytearray()
        """mu-law: announcements, pauses and what came by the stream, one behind the other."""
        self.told: list[str] = []
        """The texts of the carrier's own announcements, `<Say>`, as they begin."""
        self.keyed: list[str] = []
        """Keys that no stream has taken."""
        self.spoken: list[str] = []
        """What was said in words, and no stream has taken: for `<Gather input="speech">`."""
        self.greeted = trio.Event()
        """Set by an answering machine at the end of its greeting."""
        self.announce: Callable[[str], None] = lambda _: None
        """Is told when somebody begins to say something, and when it is said."""
        self.earpiece: Earpiece | None = None
        self.ended_by: Literal["carrier", "person"] | None = None
        self._phone: Phone | None = None
        self._synthesise = synthesise
        self._keep_audio = keep_audio
        self._changed = trio.Event()

    # --- what somebody does at the phone ---

    async def say(self, text: str) -> None:
        """Raises SpeakError."""
        mulaw = await self._synthesise(text)
        self.announce(f"says: {text}")
        went_by_stream = await self._play(mulaw)
        self.announce(f"has said: {text}")
        if not went_by_stream:
            self.spoken.append(text)
            self._notify()

    async def play(self, mulaw: bytes) -> None:
        """Returns when the last byte has been heard, or lost."""
        await self._play(mulaw)

    def speak_nowait(self, mulaw: bytes) -> None:
        """What a microphone has just heard, piece by piece; lost where no stream takes it."""
        if (phone := self.phone) is not None:
            phone.hear_nowait(mulaw)

    async def key(self, digits: str) -> None:
        """Presses keys one after the other: 0 to 9, * and #."""
        if not KEYS.issuperset(digits):
            raise ValueError(f"a phone has the keys 0 to 9, * and #, so it cannot key {digits!r}")
        for digit in digits:
            await self._key(digit)

    async def pause(self, seconds: float) -> None:
        with trio.move_on_after(seconds):
            await self.wait_until(lambda: False)

    async def listen(self, seconds: float) -> None:
        """Until something has come by the stream, and then nothing for so long; or until the stream ends."""
        phone = await self.wait_stream()
        try:
            await phone.listen(seconds)
        except (HungUpError, RuntimeError):
            await trio.lowlevel.checkpoint()  # the call may go on

    def hang_up(self) -> None:
        """The call ends as soon as other tasks run. Twice does no harm."""
        self._end("person")

    # --- what somebody waits for ---

    async def wait_told(self, text: str) -> None:
        """Until the carrier begins to say this; at once if it has already."""
        await self.wait_until(lambda: text in self.told)

    async def wait_stream(self) -> Phone:
        """The media stream, once it is open; the one that is, if one is."""
        await self.wait_until(lambda: self.phone is not None)
        assert self.phone is not None
        return self.phone

    async def wait_ended(self) -> Literal["carrier", "person"]:
        """Gives who has hung up."""
        await trio.lowlevel.checkpoint()
        while self.ended_by is None:
            await self._changed.wait()
        return self.ended_by

    async def wait_until(self, reached: Callable[[], bool]) -> None:
        await trio.lowlevel.checkpoint()
        while not reached():
            if self.ended_by is not None:
                raise HungUpError(1000, f"the {self.ended_by} has ended the call")
            await self._changed.wait()

    @property
    def phone(self) -> Phone | None:
        """The media stream that is open."""
        return self._phone if self._phone is not None and self._phone.ended is None else None

    # --- the carrier's side ---

    def hear(self, mulaw: bytes) -> None:
        self._keep(mulaw)
        if self.earpiece is not None:
            self.earpiece.hear(mulaw)

    def hear_silence(self, seconds: float) -> None:
        """A pause that has just begun."""
        self._keep(SILENCE * round(seconds * BYTES_PER_SECOND))

    def clear(self) -> None:
        if self.earpiece is not None:
            self.earpiece.clear()

    def begin_telling(self, text: str) -> None:
        self.told.append(text)
        if self.earpiece is not None:
            self.earpiece.tell(text)
        self._notify()

    def attach(self, phone: Phone | None) -> None:
        """None: the stream has ended."""
        self._phone = phone
        self._notify()

    def drop(self) -> None:
        """The carrier ends the call."""
        self._end("carrier")

    # --- inside ---

    def _keep(self, mulaw: bytes) -> None:
        if self._keep_audio:
            self.heard += mulaw

    async def _play(self, mulaw: bytes) -> bool:
        """Whether the end of it has gone by a stream. The part before a stream opens is lost, as time is."""
        begun = trio.current_time()
        while left := mulaw[round((trio.current_time() - begun) * BYTES_PER_SECOND) :]:
            phone = self.phone
            if phone is None:
                with trio.move_on_after(len(left) / BYTES_PER_SECOND):
                    await self.wait_until(lambda: self.phone is not None)
            else:
                try:
                    await phone.play(left)
                except (HungUpError, RuntimeError):
                    await trio.lowlevel.checkpoint()  # the stream has ended; the call may go on
                else:
                    return True
        return False

    async def _key(self, digit: str) -> None:
        if (phone := self.phone) is not None:
            try:
                await phone.key(digit)
            except (HungUpError, RuntimeError):
                await trio.lowlevel.checkpoint()  # the stream has ended; the call may go on
            else:
                return
        self.keyed.append(digit)
        self._notify()
        await self.pause(KEY_SECONDS)

    def _end(self, by: Literal["carrier", "person"]) -> None:
        if self.ended_by is None:
            self.ended_by = by
            self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = trio.Event()
