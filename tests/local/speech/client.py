"""A client of the speech service: over TCP, or in memory for a mock clock."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import quote

import trio
from trio.testing import memory_stream_pair
from trio_websocket import (
    CloseReason,
    ConnectionClosed,
    ConnectionRejected,
    WebSocketConnection,
    wrap_client_stream,
)

from phonegame.local.speech import SpeechConfig, SpeechService, serve_speech

AUDIO = "model=nova-3&encoding=mulaw&sample_rate=8000&channels=1"
TALK = f"{AUDIO}&interim_results=true&endpointing=100&utterance_end_ms=1000&vad_events=true"
KEY = [(b"Authorization", b"Token planted-key")]


class Client:
    def __init__(self, socket: WebSocketConnection) -> None:
        self.socket = socket

    async def send_audio(self, audio: bytes, *, chunk: int = 160) -> None:
        """At real time on trio's clock, which a mock clock makes no time at all."""
        await trio.lowlevel.checkpoint()
        for start in range(0, len(audio), chunk):
            piece = audio[start : start + chunk]
            await self.socket.send_message(piece)
            await trio.sleep(len(piece) / 8000)

    async def send(self, **message: object) -> None:
        await self.socket.send_message(json.dumps(message))

    async def receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self.socket.get_message())
        return message

    async def rest(self) -> list[dict[str, Any]]:
        """Every message up to the close."""
        await trio.lowlevel.checkpoint()
        messages = []
        try:
            while True:
                messages.append(await self.receive())
        except ConnectionClosed:
            return messages

    async def wait_closed(self) -> CloseReason:
        await trio.lowlevel.checkpoint()
        with suppress(ConnectionClosed):
            while True:
                await self.socket.get_message()
        assert self.socket.closed is not None
        return self.socket.closed


@asynccontextmanager
async def listening(config: SpeechConfig) -> AsyncGenerator[SpeechService, None]:
    """The service on a port of loopback."""
    async with trio.open_nursery() as nursery:
        yield await nursery.start(serve_speech, config)
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def connected(service: SpeechService, query: str = TALK, **how: Any) -> AsyncGenerator[Client, None]:
    """One client over TCP."""
    async with await trio.open_tcp_stream("127.0.0.1", service.port) as stream, _client(stream, query, **how) as client:
        yield client


@asynccontextmanager
async def in_memory(
    config: SpeechConfig, query: str = TALK, **how: Any
) -> AsyncGenerator[tuple[SpeechService, Client], None]:
    """One client on memory streams, so that nothing but the clock moves time."""
    service = SpeechService(config)
    ours, theirs = memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(service.serve_stream, theirs)
        async with _client(ours, query, **how) as client:
            yield service, client
        nursery.cancel_scope.cancel()


async def refused(service: SpeechService, query: str = TALK, **how: Any) -> ConnectionRejected:
    """The answer to an upgrade that is refused; fails when it is not."""
    await trio.lowlevel.checkpoint()
    rejections: list[ConnectionRejected] = []
    try:
        async with connected(service, query, **how):
            pass
    except* ConnectionRejected as group:
        rejections += [error for error in group.exceptions if isinstance(error, ConnectionRejected)]
    (rejection,) = rejections
    return rejection


@asynccontextmanager
async def _client(
    stream: trio.abc.Stream,
    query: str,
    *,
    path: str = "/v1/listen",
    headers: Sequence[tuple[bytes, bytes]] = KEY,
    subprotocols: Sequence[str] = (),
) -> AsyncGenerator[Client, None]:
    """trio-websocket's own client leaves the stream open when the server closes first: here the caller owns it."""
    target = f"{path}?{quote(query, safe='=&%+')}"
    async with trio.open_nursery() as nursery:
        socket = await wrap_client_stream(
            nursery,
            stream,  # type: ignore[arg-type]
            "speech.test",
            target,
            subprotocols=subprotocols,
            extra_headers=list(headers),
        )
        yield Client(socket)
        with trio.move_on_after(5):
            await socket.aclose()
        nursery.cancel_scope.cancel()


def of_type(messages: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [message for message in messages if message["type"] == name]


def finals(messages: list[dict[str, Any]]) -> list[str]:
    """The text of each final that holds words."""
    texts = [text_of(message) for message in of_type(messages, "Results") if message["is_final"]]
    return [text for text in texts if text]


def text_of(message: dict[str, Any]) -> str:
    text: str = message["channel"]["alternatives"][0]["transcript"]
    return text
