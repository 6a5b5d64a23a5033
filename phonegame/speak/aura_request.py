"""One sentence that is to be spoken by one of the pool's sockets."""

from __future__ import annotations

import trio

from phonegame.speak.sound import Sound
from phonegame.speak.voice import SpeakError


class AuraRequest:
    """Made by the caller, worked on by a socket's task within `attempt`.

    The caller leaves at any time by `abandon_nowait`: nothing is added to the sound from then on.
    """

    def __init__(self, model: str, sound: Sound) -> None:
        self.model = model
        self.sound = sound
        self.attempts = 0
        self._attempt = trio.CancelScope()
        self._abandoned = False
        self._failure: SpeakError | None = None
        self._begun = trio.Event()
        self._done = trio.Event()

    @property
    def has_begun(self) -> bool:
        return self._begun.is_set()

    @property
    def is_done(self) -> bool:
        """Whether nobody needs to care any more."""
        return self._done.is_set() or self._abandoned

    def attempt(self) -> trio.CancelScope:
        """To work in; cancelled when nobody needs to care any more."""
        self.attempts += 1
        self._attempt = trio.CancelScope()
        if self.is_done:
            self._attempt.cancel()
        return self._attempt

    def add(self, mulaw: bytes) -> None:
        if mulaw and not self.is_done:
            self.sound.add(mulaw)
            self._begun.set()

    def finish(self, failure: SpeakError | None = None) -> None:
        """The first outcome counts."""
        if not self._done.is_set():
            self._failure = failure
            self._begun.set()
            self._done.set()

    def abandon_nowait(self) -> None:
        if not self._done.is_set():
            self._abandoned = True
            self._attempt.cancel()

    async def wait_begun(self) -> None:
        """Until there is audio, or an end of it without any."""
        await self._begun.wait()

    async def wait_done(self) -> None:
        """Raises SpeakError where it could not be spoken, or not to its end."""
        await self._done.wait()
        if self._failure is not None:
            raise self._failure
