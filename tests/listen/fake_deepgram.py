"""Stands where a session over a socket would be, so that a listener's times can be proved on the mock clock."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import trio

from phonegame.audio import BYTES_PER_SECOND, FRAME_BYTES
from phonegame.deepgram.failures import DeepgramFailure, refusal
from phonegame.deepgram.flux import is_flux
from phonegame.listen.listener import Listener
from phonegame.listen.transcript import Heard

AWAY = DeepgramFailure("away", passing=True)
SECOND = bytes(BYTES_PER_SECOND)


class FakeSession:
    """Takes everything, and says what it is told to."""

    def __init__(self, *, takes_at_once: bool, is_flux: bool) -> None:
        self.takes_at_once = takes_at_once
        self.is_flux = is_flux
        self.is_blocked = False
        self.takes_leave = True
        self.audio: list[tuple[float, bytes]] = []
        self.texts: list[tuple[float, str]] = []
        self.pings: list[float] = []
        self.ping_failure: DeepgramFailure | None = None
        self.configured: list[list[str]] = []
        """The keyterms of each `Configure`."""
        self.configure_answer: str | None = None
        """What is said to each `Configure`, at once."""
        self.end = AWAY
        """Why it ends, once `says` is closed."""
        self.says, self._messages = trio.open_memory_channel[str](100)

    def send_audio_nowait(self, audio: bytes) -> bool:
        if self.takes_at_once:
            self.audio.append((trio.current_time(), audio))
        return self.takes_at_once

    async def send_audio(self, audio: bytes) -> None:
        await trio.lowlevel.checkpoint()
        if self.is_blocked:
            await trio.sleep_forever()
        self.audio.append((trio.current_time(), audio))

    async def send_text(self, text: str) -> None:
        await trio.lowlevel.checkpoint()
        message = json.loads(text)
        self.texts.append((trio.current_time(), message["type"]))
        if message["type"] == "Configure":
            self.configured.append(message["keyterms"])
            if self.configure_answer is not None:
                self.says.send_nowait(self.configure_answer)
        if message["type"] == "CloseStream" and self.takes_leave:
            if not self.is_flux:
                self.says.send_nowait('{"type":"Metadata"}')
            self.says.close()

    async def ping(self) -> None:
        await trio.lowlevel.checkpoint()
        if self.ping_failure is not None:
            raise self.ping_failure
        self.pings.append(trio.current_time())

    async def receive(self) -> str:
        try:
            return await self._messages.receive()
        except trio.EndOfChannel:
            raise self.end from None

    @property
    def received(self) -> bytes:
        return b"".join(audio for _, audio in self.audio)


class FakeDeepgram:
    def __init__(self) -> None:
        self.sessions: list[FakeSession] = []
        self.attempts: list[float] = []
        self.urls: list[str] = []
        self.refused_keyterm: str | None = None
        """A URL with this in it is refused."""
        self.configure_answer: str | None = None
        self.failure: DeepgramFailure | None = None
        self.takes_at_once = True
        self.opens_in = 0.0
        self.closes_after: str | None = None
        """Each session says this, and ends."""

    @asynccontextmanager
    async def open_session(self, url: str, key: str) -> AsyncIterator[FakeSession]:
        self.attempts.append(trio.current_time())
        self.urls.append(url)
        await trio.sleep(self.opens_in)
        if self.refused_keyterm is not None and f"keyterm={self.refused_keyterm}" in url:
            raise refusal(400, [(b"dg-error", b"INVALID_QUERY_PARAMETER: no")], None)
        if self.failure is not None:
            raise self.failure
        self.sessions.append(FakeSession(takes_at_once=self.takes_at_once, is_flux=is_flux(url)))
        self.sessions[-1].configure_answer = self.configure_answer
        if self.closes_after is not None:
            self.sessions[-1].says.send_nowait(self.closes_after)
            self.sessions[-1].says.close()
        yield self.sessions[-1]


def make_listener(*, url: str = "ws://deepgram/", reconnect_seconds: float = 30, stall_seconds: float = 15) -> Listener:
    return Listener(
        url,
        "key",
        final_seconds=2.5,
        reconnect_seconds=reconnect_seconds,
        stall_seconds=stall_seconds,
    )


@asynccontextmanager
async def listening(listener: Listener) -> AsyncIterator[list[Heard]]:
    """Gives what is heard; finishes the call at the end of the block."""
    heard: list[Heard] = []

    async def collect() -> None:
        with listener.heard:
            async for each in listener.heard:
                heard.append(each)  # noqa: PERF401 (a comprehension would show it at the end only)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(listener.run)
        nursery.start_soon(collect)
        await trio.sleep(0.001)
        yield heard
        listener.finish()


async def play(listener: Listener, seconds: float, each_frame: Callable[[], object] = lambda: None) -> None:
    """Frames at Twilio's pace."""
    for _ in range(round(seconds * BYTES_PER_SECOND / FRAME_BYTES)):
        listener.hear_nowait(bytes(FRAME_BYTES))
        each_frame()
        await trio.sleep(FRAME_BYTES / BYTES_PER_SECOND)
