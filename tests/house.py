"""A whole house for scenarios: the real server on hypercorn, the speech service, games, phones, real sockets."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
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
STOP_SECONDS = 15


@dataclass
class House:
    phonegame: PhoneGame
    address: str
    speech: SpeechService
    scheme: str = "ws"
    logged: list[logging.LogRecord] = field(default_factory=list)

    @property
    def events(self) -> list[str]:
        """What the log says, without the fields."""
        return [_event(record) for record in self.logged]

    def fields(self, event: str) -> dict[str, Any]:
        """Of the last line in the log that says this."""
        fields: Any = next(record.msg for record in reversed(self.logged) if _event(record) == event)
        assert isinstance(fields, dict)
        return fields

    @property
    def errors(self) -> list[str]:
        """What the log says at error level, or with a traceback. Hypercorn's share included."""
        return [_event(record) for record in self.logged if record.levelno >= logging.ERROR or record.exc_info]

    @property
    def game_url(self) -> str:
        return f"{self.scheme}://{self.address}/game"

    @property
    def twilio_url(self) -> str:
        return f"{self.scheme}://{self.address}/twilio"

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

    async def joins(self, game: Game) -> None:
        """By keys."""
        await self.phone.key(game.code + "#")
        await game.joined()

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
    *, script: Script | None = None, limits: Limits | None = None, seconds: float = 30, **settings: Any
) -> AsyncIterator[House]:
    """Ends the server as an operator would, and then asks that nothing is left behind."""
    config = SpeechConfig(recogniser="marker", key=KEY, script=script or Script(), limits=limits or Limits())
    async with trio.open_nursery() as nursery:
        speech: SpeechService = await nursery.start(serve_speech, config)
        values: dict[str, Any] = {
            "_env_file": None,
            "DEEPGRAM_URL": speech.url + LISTEN,
            "DEEPGRAM_API_KEY": KEY,
            "TWILIO_PHONE_NUMBER": NUMBER,
            "PROXY_URL": "127.0.0.1:0",
            "voice": "none",
            **settings,
        }
        async with _running_server(Settings(**values)) as server:
            scheme, _, address = server.addresses[0].partition("://")
            house = House(server.phonegame, address, speech, "wss" if scheme == "https" else "ws")
            with _collected(house.logged):
                with trio.fail_after(seconds):
                    yield house
                    await house.phonegame.wait_until_empty()
                assert not house.phonegame.switchboard.active
        await _all_closed(speech)
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def _running_server(settings: Settings) -> AsyncIterator[Server]:
    stop = trio.Event()
    async with trio.open_nursery() as nursery:
        yield await nursery.start(run_server, settings, stop.wait)
        stop.set()
        nursery.cancel_scope.deadline = trio.current_time() + STOP_SECONDS
    assert not nursery.cancel_scope.cancelled_caught, "the server does not stop"


class _Collector(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__()
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        self._records.append(record)


@contextmanager
def _collected(records: list[logging.LogRecord]) -> Iterator[None]:
    """Once the server runs: it puts its own handler in the place of all others."""
    handler = _Collector(records)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


def _event(record: logging.LogRecord) -> str:
    """Structlog's records are dictionaries."""
    message: Any = record.msg
    return str(message["event"]) if isinstance(message, dict) else record.getMessage()


async def _all_closed(speech: SpeechService) -> None:
    with trio.fail_after(10):  # noqa: ASYNC912 - there may be nothing to wait for
        for record in list(speech.connections):
            # one that is told to stall does not notice its end
            if speech.config.script.plan(record.number).stall_after is None:
                await record.wait_closed()
