"""What is on its way to a browser phone: one task sends, others put in, and nobody waits."""

from __future__ import annotations

from collections import deque

import msgspec
import trio
from trio_websocket import WebSocketConnection

from phonegame.audio import FRAME_BYTES, SAMPLE_RATE
from phonegame.local.twilio_api.browser_phone.messages import Clear, ToPhone

MOST_SOUND_BYTES = SAMPLE_RATE
"""A second. Of a page that takes nothing the oldest sound is lost: what is late is not to be heard any more."""
MOST_MESSAGES = 200


class Outbox:
    def __init__(self) -> None:
        self._full = trio.Event()
        self._waiting: deque[bytes | str] = deque()
        self._unframed = bytearray()
        self._sound_bytes = 0
        self._changed = trio.Event()

    @property
    def is_full(self) -> bool:
        """The page does not read: something was lost."""
        return self._full.is_set()

    async def wait_full(self) -> None:
        await self._full.wait()

    def tell(self, message: ToPhone) -> None:
        if len(self._waiting) - self._sound_bytes // FRAME_BYTES >= MOST_MESSAGES:
            self._full.set()
            return
        self._waiting.append(msgspec.json.encode(message).decode())
        self._changed.set()

    def play(self, mulaw: bytes) -> None:
        """In pieces of any length. What does not fill a frame yet waits for more."""
        self._unframed += mulaw
        while len(self._unframed) >= FRAME_BYTES:
            self._waiting.append(bytes(self._unframed[:FRAME_BYTES]))
            self._sound_bytes += FRAME_BYTES
            del self._unframed[:FRAME_BYTES]
        while self._sound_bytes > MOST_SOUND_BYTES:
            oldest = next(place for place, item in enumerate(self._waiting) if isinstance(item, bytes))
            del self._waiting[oldest]
            self._sound_bytes -= FRAME_BYTES
        self._changed.set()

    def clear(self) -> None:
        """Sound that waits here is lost, and the page told to throw its own away."""
        self._unframed.clear()
        self._waiting = deque(item for item in self._waiting if isinstance(item, str))
        self._sound_bytes = 0
        self.tell(Clear())

    async def run(self, socket: WebSocketConnection) -> None:
        """Until the socket is closed: ConnectionClosed."""
        while True:
            while self._waiting:
                item = self._waiting.popleft()
                if isinstance(item, bytes):
                    self._sound_bytes -= FRAME_BYTES
                await socket.send_message(item)
            self._changed = trio.Event()
            await self._changed.wait()
