"""The first moment of a media stream: whose call it is has to be asked, and what comes behind the start waits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import trio

from phonegame.asgi import RawWebsocket
from phonegame.stream_tokens import Facts
from phonegame.twilio.messages import Start
from phonegame.twilio.stream import Happening

Happened = tuple[bytes, Sequence[Happening]]
"""Audio, and what else was in one batch."""


class CallBeginning:
    """One task calls `wait`, then `release_nowait`."""

    def __init__(self, socket: RawWebsocket, admit: Callable[[Start], Awaitable[Facts | None]]) -> None:
        self._socket = socket
        self._admit = admit
        self._start: Start | None = None
        self._arrived = trio.Event()
        self._held: list[Happened] = []

    def hold_nowait(self, happened: Happened) -> bool:
        """Whether this has to wait: then nothing more is read."""
        if self._start is None:
            if not happened[1]:
                # audio: nearly all that ever comes
                return False
            self._start = next((each for each in happened[1] if isinstance(each, Start)), None)
            if self._start is None:
                return False
        self._held.append(happened)
        self._socket.pause_nowait()
        self._arrived.set()
        return True

    async def wait(self) -> tuple[Start, Facts | None]:
        """The start, and what is known of the call: None for one that is refused."""
        await self._arrived.wait()
        assert self._start is not None
        return self._start, await self._admit(self._start)

    def release_nowait(self) -> Sequence[Happened]:
        """What has waited, in order."""
        self._start = None
        held, self._held = self._held, []
        self._socket.resume_nowait()
        return held
