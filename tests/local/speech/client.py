"""A client of the speech service: over TCP, or in memory for a mock clock."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import trio
from trio.testing import memory_stream_pair
from trio_websocket import (
    CloseReason,
    ConnectionClosed,
    WebSocketConnection,
    open_websocket_url,
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
        """Everything up to the close."""
        messages = []
        try:
            while True:
                messages.append(await self.receive())
        except ConnectionClosed:
            return messages

    async def wait_closed(self) -> CloseReason:
        await self.rest()
        assert self.socket.closed is not None
        return self.socket.closed


@asynccontextmanager
async def listening(config: SpeechConfig) -> AsyncGenerator[SpeechService, None]:
    """The service on a port of loopback."""
    async with trio.open_nursery() as nursery:
        yield await nursery.start(serve_speech, config)
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def connected(service: SpeechService, query: str = TALK) -> AsyncGenerator[Client, None]:
    """One client over TCP; ConnectionRejected when it is refused."""
    url = f"{service.url}?{quote(query, safe='=&%+')}"
    async with open_websocket_url(url, extra_headers=KEY, disconnect_timeout=5) as socket:
        yield Client(socket)


@asynccontextmanager
async def in_memory(config: SpeechConfig, query: str = TALK) -> AsyncGenerator[tuple[SpeechService, Client], None]:
    """One client on memory streams, so that nothing but the clock moves time."""
    service = SpeechService(config)
    ours, theirs = memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(service.serve_stream, theirs)
        target = f"/v1/listen?{quote(query, safe='=&%+')}"
        socket = await wrap_client_stream(nursery, ours, "speech.test", target, extra_headers=KEY)  # type: ignore[arg-type]
        yield service, Client(socket)
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
