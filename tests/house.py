"""A whole house for scenarios: the real server on hypercorn, the speech service, games, phones, real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import trio

from phonegame.app import PhoneGame
from phonegame.local.game_client import GameClient, connect_game
from phonegame.local.phone import HungUpError, Phone, Quirks, place_call
from phonegame.local.speech.intake import Limits
from phonegame.local.speech.marker import encode_silence, encode_speech
from phonegame.local.speech.script import Script
from phonegame.local.speech.service import SpeechConfig, SpeechService, serve_speech
from phonegame.local.text_game import Closed, Code, Connected, Event, Heard, PhoneNumber, Unread
from phonegame.serve import Server, run_server
from phonegame.settings import Settings

LISTEN = (
    "?model=nova-3&encoding=mulaw&sample_rate=8000&channels=1&interim_results=true&endpointing=60"
    "&utterance_end_ms=1000&vad_events=true&punctuate=true&numerals=true"
)
KEY = "planted-deepgram-key"
NUMBER = "+15550123456"


@dataclass
class House:
    phonegame: PhoneGame
    address: str
    speech: SpeechService
    stop: trio.Event = field(default_factory=trio.Event)

    @property
    def game_url(self) -> str:
        return f"ws://{self.address}/game"

    @property
    def twilio_url(self) -> str:
        return f"ws://{self.address}/twilio"

    @asynccontextmanager
    async def game(self) -> AsyncIterator[Game]:
        async with connect_game(self.game_url) as client:
            number, code = await client.receive(), await client.receive()
            assert number == PhoneNumber(NUMBER)
            assert isinstance(code, Code)
            yield Game(client, code.text)

    @asynccontextmanager
    async def phone(self, quirks: Quirks | None = None) -> AsyncIterator[Caller]:
        async with place_call(self.twilio_url, quirks=quirks) as phone:
            yield Caller(phone)


@dataclass
class Caller:
    """A phone whose speech is written into the audio: see `phonegame.local.speech.marker`."""

    phone: Phone

    async def says(self, sentence: str, *, pause_ms: int = 200) -> None:
        """Speaks, and is silent for long enough to end the utterance."""
        await self.phone.play(encode_speech(sentence, word_ms=100, pause_ms=pause_ms))

    async def tries(self, *sentences: str) -> None:
        """As `says`; whoever is hung up on stops trying."""
        with suppress(HungUpError):
            for sentence in sentences:
                await self.says(sentence)

    async def is_hung_up_on(self, why: str) -> None:
        ended = await self.phone.wait_ended()
        assert (ended.by, ended.code, ended.reason) == ("server", 1000, why)

    async def keeps_silent(self, ms: int) -> None:
        await self.phone.play(encode_silence(ms))


@dataclass
class Game:
    client: GameClient
    code: str

    async def next(self) -> Event | Closed:
        """The next message that says something."""
        while isinstance(event := await self.client.receive(), Unread):
            pass
        return event

    async def joined(self) -> None:
        assert await self.next() == Connected()

    async def hears(self, *sentences: str) -> None:
        for sentence in sentences:
            event = await self.next()
            assert isinstance(event, Heard), event
            assert event.text == sentence

    async def hears_words(self, words: Sequence[str]) -> None:
        """The words, in whatever utterances they come."""
        heard: list[str] = []
        while len(heard) < len(words):
            event = await self.next()
            assert isinstance(event, Heard), event
            heard += event.text.split()
        assert heard == list(words)


@asynccontextmanager
async def open_house(
    *, script: Script | None = None, limits: Limits | None = None, **settings: Any
) -> AsyncIterator[House]:
    """Ends the server as an operator would, and then asks that nothing is left behind."""
    config = SpeechConfig(recogniser="marker", key=KEY, script=script or Script(), limits=limits or Limits())
    async with trio.open_nursery() as nursery:
        speech: SpeechService = await nursery.start(serve_speech, config)
        stop = trio.Event()
        values = {
            "DEEPGRAM_URL": speech.url + LISTEN,
            "DEEPGRAM_API_KEY": KEY,
            "TWILIO_PHONE_NUMBER": NUMBER,
            "PROXY_URL": "127.0.0.1:0",
            "voice": "none",
            **settings,
        }
        server: Server = await nursery.start(run_server, Settings(_env_file=None, **values), stop.wait)
        house = House(server.phonegame, server.addresses[0].partition("://")[2], speech)
        with trio.fail_after(30):
            yield house
            await house.phonegame.wait_until_empty()
        assert not house.phonegame.switchboard.active
        stop.set()
        nursery.cancel_scope.deadline = trio.current_time() + 10
        await _all_closed(speech)
        nursery.cancel_scope.cancel()


async def _all_closed(speech: SpeechService) -> None:
    with trio.fail_after(10):
        for record in list(speech.connections):
            await record.wait_closed()
