"""A whole house for scenarios: the real server on hypercorn, the speech service, games, phones, real sockets."""

from __future__ import annotations

import gc
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import trio

from phonegame.app import PhoneGame
from phonegame.audio import BYTES_PER_SECOND
from phonegame.local.game_client import GameClient, connect_game
from phonegame.local.phone import HungUpError, Identity, Phone, Quirks, place_call
from phonegame.local.phone.playback import Underrun
from phonegame.local.speech.heard import Final
from phonegame.local.speech.intake import Limits
from phonegame.local.speech.marker import MarkerRecogniser, encode_silence, encode_speech
from phonegame.local.speech.script import Script
from phonegame.local.speech.service import SpeechConfig, SpeechService, serve_speech
from phonegame.local.text_game import Closed, Code, Connected, Event, Heard, PhoneNumber, Unread
from phonegame.local.v1_client import Numbered, V1Client, connect_v1
from phonegame.serve import Server, run_server
from phonegame.settings import Settings
from phonegame.speak.speaker import Speaker
from phonegame.wire import v1
from tests.cable import Cable
from tests.two_workers import TWO, BothWorkers, open_meeting_place

LISTEN = (
    "?model=nova-3&encoding=mulaw&sample_rate=8000&channels=1&interim_results=true&endpointing=60"
    "&utterance_end_ms=1000&vad_events=true&punctuate=true&numerals=true"
)
FLUX = "?model=flux-general-en&encoding=mulaw&sample_rate=8000&numerals=true"
MARKER_VOICE = "aura-2-thalia-en"
SPEAK = f"?model={MARKER_VOICE}&encoding=mulaw&sample_rate=8000"
KEY = "planted-deepgram-key"
NUMBER = "+15550123456"
STOP_SECONDS = 15


@dataclass
class House:
    phonegame: PhoneGame
    address: str
    speech: SpeechService
    scheme: str = "ws"
    calls_address: str = ""
    """Where it is another worker that has the calls."""
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
    def twilio_address(self) -> str:
        """Where Twilio's webhooks and media streams come in."""
        return self.calls_address or self.address

    @property
    def twilio_url(self) -> str:
        return f"{self.scheme}://{self.twilio_address}/twilio"

    @asynccontextmanager
    async def game(self, *, cable: Cable | None = None) -> AsyncIterator[Game]:
        async with connect_game(self._game_url_over(cable)) as client:
            number, code = await client.receive(), await client.receive()
            assert number == PhoneNumber(NUMBER)
            assert isinstance(code, Code)
            yield Game(client, code.text)

    @asynccontextmanager
    async def v1_game(self, resume: v1.Resume | None = None, *, cable: Cable | None = None) -> AsyncIterator[V1Game]:
        """A game that speaks phonegame.v1, behind its `welcome`: with `resume` behind the second one."""
        async with connect_v1(self._game_url_over(cable, again=resume is not None), resume=resume) as client:
            game = V1Game(client)
            game.welcome = await game.gets(v1.Welcome)
            if resume is not None:
                game.welcome = await game.gets(v1.Welcome)
                game.last_seq = resume.last_seq
            yield game

    @asynccontextmanager
    async def resumed(self, game: V1Game, *, cable: Cable | None = None) -> AsyncIterator[None]:
        """The same game goes on over another connection, and misses nothing; the last one was lost before."""
        async with connect_v1(self._game_url_over(cable, again=True), resume=game.ticket) as client:
            game.client = client
            await game.gets(v1.Welcome)
            game.welcome = await game.gets(v1.Welcome)
            assert game.welcome.resumed
            yield

    def _game_url_over(self, cable: Cable | None, *, again: bool = False) -> str:
        """A game that comes back lands on another worker, where there is one."""
        address = self.twilio_address if again else self.address
        return f"{self.scheme}://{cable.address if cable else address}/game"

    @asynccontextmanager
    async def phone(
        self,
        quirks: Quirks | None = None,
        from_number: str | None = None,
        call_sid: str | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> AsyncIterator[Caller]:
        identity = Identity(call_sid=call_sid, parameters=parameters or {}) if call_sid else None
        async with place_call(self.twilio_url, quirks=quirks, from_number=from_number, identity=identity) as phone:
            yield Caller(phone)


@dataclass
class Caller:
    """A phone whose speech is written into the audio: see `phonegame.local.speech.marker`."""

    phone: Phone

    async def joins(self, game: Game | V1Game) -> None:
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

    @property
    def heard_words(self) -> list[str]:
        """What a marker voice has said to it, as far as every byte of each word has been played.

        A word that a busy machine has torn apart was heard all the same.
        """
        return words_in(without_holes(self.phone.heard, self.phone.underruns))

    async def hears_words(self, *words: str) -> None:
        """Waits until these were the last words that a marker voice has said to it."""
        while self.heard_words[-len(words) :] != list(words):
            await self.phone.wait_heard(0.02)

    async def reaches(self, word: str) -> None:
        """Waits until a marker voice has said this, whatever it has said since."""
        while word not in self.heard_words:
            await self.phone.wait_heard(0.02)

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


M = TypeVar("M", bound=v1.ServerMessage)


@dataclass
class V1Game:
    client: V1Client
    skipped: list[v1.ServerMessage] = field(default_factory=list)
    """What `gets` has passed over."""
    received: list[v1.ServerMessage] = field(default_factory=list)
    """Everything, over all connections."""
    last_seq: int = 0

    welcome: v1.Welcome = field(init=False)

    @property
    def code(self) -> str:
        return self.welcome.code

    @property
    def ticket(self) -> v1.Resume:
        """What it resumes with."""
        return v1.Resume(resume_token=self.welcome.resume_token, last_seq=self.last_seq)

    def all_of(self, kind: type[M]) -> list[M]:
        """Of what it has received."""
        return [message for message in self.received if isinstance(message, kind)]

    async def next(self) -> v1.ServerMessage | Closed:
        """The next message. Those that are numbered come without a hole."""
        match await self.client.receive():
            case Numbered(seq=seq, message=message):
                if seq is not None:
                    assert seq == self.last_seq + 1
                    self.last_seq = seq
                self.received.append(message)
                return message
            case Closed() as closed:
                return closed
            case unread:
                raise AssertionError(unread)

    async def gets(self, kind: type[M]) -> M:
        """The next message of this kind; others before it go to `skipped`."""
        while not isinstance(message := await self.next(), kind):
            assert not isinstance(message, Closed), message
            self.skipped.append(message)
        return message

    async def reads_until(self, condition: Callable[[], bool]) -> None:
        """Asked before the first message, and after each. `received` has them."""
        while not condition():
            assert not isinstance(message := await self.next(), Closed), message

    async def is_in_step(self) -> None:
        """Waits until the server has obeyed everything that this game has sent; what comes meanwhile is received."""
        await self.client.ping(token := f"step {len(self.received)}")
        while (await self.gets(v1.Pong)).id != token:
            pass

    async def joined(self) -> v1.CallStarted:
        return await self.gets(v1.CallStarted)

    async def hears(self, *sentences: str) -> None:
        """In final transcripts; interim ones, and all else, are skipped."""
        for sentence in sentences:
            while not (said := await self.gets(v1.Transcript)).is_final or not said.text:
                pass
            assert said.text == sentence


def without_holes(heard: bytes, holes: Sequence[Underrun]) -> bytes:
    """What was to be heard, where the server's audio came late in the midst of a sentence."""
    pieces, at = list[bytes](), 0
    for hole in holes:
        begin = round(hole.at * BYTES_PER_SECOND)
        pieces.append(heard[at:begin])
        at = begin + round(hole.seconds * BYTES_PER_SECOND)
    return b"".join([*pieces, heard[at:]])


def words_in(mulaw: bytes) -> list[str]:
    """What `encode_speech` has written into it, if every byte is there."""
    recogniser = MarkerRecogniser(10)
    finals = [heard for heard in [*recogniser.feed(mulaw), *recogniser.finish()] if isinstance(heard, Final)]
    return [word.word for final in finals for word in final.words]


@asynccontextmanager
async def open_house(
    *,
    script: Script | None = None,
    limits: Limits | None = None,
    speech: Mapping[str, Any] | None = None,
    keyterms: str = "",
    flux: bool = False,
    seconds: float = 30,
    **settings: Any,
) -> AsyncIterator[House]:
    """Ends the server as an operator would, and then asks that nothing is left behind.

    `keyterms`: more of Deepgram's URL, such as "&keyterm=pizza". `flux`: it is that of `/v2/listen`.
    `speech`: more fields of SpeechConfig. With `voice="marker"` the server speaks in that service's voice, by Aura's
    protocol, and callers can tell every word (`Caller.heard_words`).
    """
    more = {"recogniser": "marker", "voice": "marker", **(speech or {})}
    config = SpeechConfig(key=KEY, script=script or Script(), limits=limits or Limits(), **more)
    if settings.get("voice") == "marker":
        settings["voice"] = MARKER_VOICE
    async with trio.open_nursery() as nursery:
        service: SpeechService = await nursery.start(serve_speech, config)
        values: dict[str, Any] = {
            "_env_file": None,
            "DEEPGRAM_URL": (service.flux_url + FLUX if flux else service.url + LISTEN) + keyterms,
            "DEEPGRAM_SPEAK_URL": service.speak_url + SPEAK,
            "DEEPGRAM_API_KEY": KEY,
            "TWILIO_PHONE_NUMBER": NUMBER,
            "PROXY_URL": "127.0.0.1:0",
            "voice": "none",
            "stop_seconds": 0,
            "max_busy": 0,
            "max_lag_seconds": 0,
            **settings,
        }
        async with _running_house(values, service) as house:
            with _collected(house.logged):
                with trio.fail_after(seconds):
                    yield house
                    await house.phonegame.wait_until_empty()
                assert not house.phonegame.switchboard.active
                assert len(house.phonegame.games) == len(house.phonegame.calls) == 0
                assert not any(isinstance(each, Speaker) and each.is_speaking for each in gc.get_objects())
        await _all_closed(service)
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def _running_house(values: Mapping[str, Any], service: SpeechService) -> AsyncIterator[House]:
    """On one worker, or on two."""
    async with AsyncExitStack() as stack:
        if TWO:
            values = {**values, **await stack.enter_async_context(open_meeting_place())}
        # where the address is fixed it is Twilio's, which has to do with calls
        of_games = {**values, "PROXY_URL": "127.0.0.1:0"} if TWO else values
        games = await stack.enter_async_context(_running_server(Settings(**of_games)))
        scheme, _, address = games.addresses[0].partition("://")
        house = House(games.phonegame, address, service, "wss" if scheme == "https" else "ws")
        if TWO:
            calls = await stack.enter_async_context(_running_server(Settings(**values)))
            house.calls_address = calls.addresses[0].partition("://")[2]
            house.phonegame = cast("PhoneGame", BothWorkers(games.phonegame, calls.phonegame))
        yield house


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
