"""Twilio's end of a media stream, in memory: plays what it is sent by a clock of its own, and returns marks."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable

import trio

from phonegame.audio import BYTES_PER_SECOND


class FakeTwilio:
    """`delay`: seconds on the way in each direction. `keeps_mark`: the marks that it never returns."""

    def __init__(
        self,
        mark_returned: Callable[[str], None],
        *,
        delay: float = 0.0,
        keeps_mark: Callable[[str], bool] = lambda name: False,
    ) -> None:
        self.sent: list[tuple[float, str, bytes]] = []
        """When, which event, which audio."""
        self.stream_sids: set[str] = set()
        self.marks: list[str] = []
        self.longest_lead = 0.0
        self.pauses: list[tuple[float, float]] = []
        """When the buffer ran dry, and for how long."""
        self.blocked = 0.0
        """Seconds that sending takes."""
        self.broken = False
        self._mark_returned = mark_returned
        self._delay = delay
        self._keeps_mark = keeps_mark
        self._played = bytearray()
        self._buffer = bytearray()
        self._plays_since = -math.inf
        self._due: list[tuple[float, str]] = []
        self._changed = trio.Event()

    @property
    def events(self) -> list[str]:
        return [event for _, event, _ in self.sent]

    @property
    def pieces(self) -> list[bytes]:
        return [audio for _, event, audio in self.sent if event == "media"]

    @property
    def played(self) -> bytes:
        """All that the caller has heard so far, without the pauses."""
        return bytes(self._played + self._buffer[: self._position()])

    @property
    def plays_until(self) -> float:
        return self._plays_since + len(self._buffer) / BYTES_PER_SECOND

    async def send_text(self, text: str) -> None:
        if self.broken:
            raise trio.BrokenResourceError
        message = json.loads(text)
        self.stream_sids.add(message["streamSid"])
        event = message["event"]
        audio = base64.b64decode(message["media"]["payload"]) if event == "media" else b""
        self.sent.append((trio.current_time(), event, audio))
        await trio.sleep(self.blocked)
        match event:
            case "media":
                self._play(audio)
            case "mark":
                self.marks.append(message["mark"]["name"])
                self._return_mark(max(self.plays_until, self._now()), message["mark"]["name"])
            case "clear":
                self._clear()

    async def run(self) -> None:
        """Returns marks when their time has come."""
        while True:
            self._changed = trio.Event()
            with trio.move_on_at(min((at for at, _ in self._due), default=math.inf)):
                await self._changed.wait()
            due = [entry for entry in self._due if entry[0] <= trio.current_time()]
            self._due = [entry for entry in self._due if entry not in due]
            for _, name in due:
                self._mark_returned(name)

    def _now(self) -> float:
        """What is sent now arrives later."""
        return trio.current_time() + self._delay

    def _position(self) -> int:
        if math.isinf(self._plays_since):
            return 0
        return min(max(round((trio.current_time() - self._plays_since) * BYTES_PER_SECOND), 0), len(self._buffer))

    def _play(self, audio: bytes) -> None:
        now = self._now()
        if now > self.plays_until + 1e-9:
            if self._buffer:
                self.pauses.append((self.plays_until, now - self.plays_until))
            self._played += self._buffer
            self._buffer, self._plays_since = bytearray(), now
        self._buffer += audio
        self.longest_lead = max(self.longest_lead, self.plays_until - now)

    def _return_mark(self, at: float, name: str) -> None:
        if not self._keeps_mark(name):
            self._due.append((at + self._delay, name))
            self._changed.set()

    def _clear(self) -> None:
        arrives = self._now()
        if not math.isinf(self._plays_since):
            position = round((arrives - self._plays_since) * BYTES_PER_SECOND)
            self._played += self._buffer[: max(position, 0)]
        self._buffer, self._plays_since = bytearray(), -math.inf
        self._due = [(min(at, arrives + self._delay), name) for at, name in self._due]
        self._changed.set()
