"""A client of `/v1/speak`."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from phonegame.local.speech import Pace, Script, SpeakPlan, SpeechConfig, SpeechService
from tests.local.speech.client import Client, connected, in_memory

SPEAK = "model=aura-2-thalia-en&encoding=mulaw&sample_rate=8000"
MARKER = SpeechConfig(recogniser="deaf", voice="marker", marker_word_ms=100)
EVEN = Pace(least_chunk=160, most_chunk=160)


def planned(*plans: SpeakPlan, pace: Pace = EVEN) -> SpeechConfig:
    return SpeechConfig(
        recogniser="deaf", voice="marker", marker_word_ms=100, pace=pace, script=Script(speak=list(plans))
    )


@asynccontextmanager
async def speaking(service: SpeechService, query: str = SPEAK, **how: Any) -> AsyncGenerator[Client, None]:
    """Over TCP; the Metadata has been received."""
    async with connected(service, query, path="/v1/speak", **how) as client:
        assert (await client.receive())["type"] == "Metadata"
        yield client


@asynccontextmanager
async def speaking_in_memory(
    config: SpeechConfig, query: str = SPEAK
) -> AsyncGenerator[tuple[SpeechService, Client], None]:
    """On memory streams; the Metadata has been received."""
    async with in_memory(config, query, path="/v1/speak") as (service, client):
        assert (await client.receive())["type"] == "Metadata"
        yield service, client


async def say(client: Client, text: str) -> None:
    await client.send(type="Speak", text=text)
    await client.send(type="Flush")


async def until_text(client: Client) -> tuple[list[bytes], str]:
    """The audio that comes before the next text frame, and that frame."""
    chunks: list[bytes] = []
    while isinstance(message := await client.socket.get_message(), bytes):
        chunks.append(message)
    return chunks, message
