"""The real game sessions behind the real hypercorn and a real switchboard; tests play the clients and the calls."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

import structlog
import trio
from hypercorn.config import Config
from hypercorn.trio import serve
from trio.testing import wait_all_tasks_blocked
from wsproto.events import AcceptConnection, CloseConnection, TextMessage

from phonegame import hypercorn_trio
from phonegame.asgi import RawWebsocket as ServedWebsocket
from phonegame.codes import CodePool, parse_codes
from phonegame.game import Games
from phonegame.game.characters import FindBrain
from phonegame.game.v1_game import Dial
from phonegame.speak.saying import Dropped, Receipt, Saying
from phonegame.switchboard import (
    Caller,
    Command,
    Line,
    Refused,
    Say,
    SayFinished,
    SayStarted,
    SeatClosed,
)
from phonegame.switchboard.memory import MemorySwitchboard
from phonegame.wire.v1 import SUBPROTOCOL
from tests.raw_websocket import RawWebsocket, connect
from tests.switchboard.played import heard

NUMBER = "+15550123456"
SECONDS = 20

Message = dict[str, Any]


@dataclass(frozen=True)
class Ringing:
    """What comes of an order to dial."""

    id: str


@dataclass
class PlayedCall:
    """A call that does what the test says. `receipts`: says everything at once that it is told to say."""

    call_id: str
    receipts: bool = False
    commands: list[Command] = field(default_factory=list)
    code: str = ""
    _line: Line | None = None

    @property
    def line(self) -> Line:
        assert self._line is not None
        return self._line

    @property
    def sayings(self) -> list[Saying]:
        return [command.saying for command in self.commands if isinstance(command, Say)]

    async def join(self, switchboard: MemorySwitchboard, code: str, number: str | None = None) -> None:
        outcome = await switchboard.join(code, Caller(call_id=self.call_id, known_as=number, shown="***"), self.take)
        assert not isinstance(outcome, Refused), outcome
        self._line, self.code = outcome, code

    def take(self, command: Command) -> None:
        self.commands.append(command)
        if isinstance(command, Say) and self.receipts and self._line is not None:
            self.finish(command.saying)

    def finish(self, saying: Saying, dropped: Dropped | None = None) -> None:
        self.line.deliver_nowait(SayStarted(saying.say_id))
        self.line.deliver_nowait(SayFinished(saying.say_id, Receipt(heard=saying.text, seconds=1, dropped=dropped)))

    def says(self, text: str) -> None:
        self.line.deliver_nowait(heard(text))

    def hang_up(self) -> None:
        self.line.close_nowait("hung_up", 1.5)


class V1Client:
    """A game that speaks phonegame.v1."""

    def __init__(self, socket: RawWebsocket) -> None:
        self.socket = socket

    async def send(self, kind: str, **fields: Any) -> None:
        await self.socket.send(TextMessage(json.dumps({"type": kind, **fields})))

    async def receive(self) -> Message | CloseConnection:
        received = await self.socket.receive()
        if isinstance(received, CloseConnection):
            return received
        message: Message = json.loads(received)
        return message

    async def next(self, kind: str) -> Message:
        """The next message, which is of this kind."""
        message = await self.receive()
        assert isinstance(message, dict), message
        assert message["type"] == kind, message
        return message

    async def until(self, kind: str) -> Message:
        """The next message of this kind."""
        while True:
            message = await self.receive()
            assert isinstance(message, dict), message
            if message["type"] == kind:
                return message

    async def welcome(self) -> Message:
        return await self.next("welcome")

    async def resume(self, token: str, last_seq: int) -> Message:
        """On a websocket of its own, which has a code for a moment."""
        await self.welcome()
        await self.send("resume", resume_token=token, last_seq=last_seq)
        welcome = await self.welcome()
        assert welcome["resumed"] is True
        assert welcome["resume_token"] == token
        return welcome

    async def closed(self) -> tuple[int, str | None]:
        """Whatever comes before it is left out."""
        while not isinstance(end := await self.receive(), CloseConnection):
            pass
        return int(end.code), end.reason

    async def close(self, code: int = 1000) -> None:
        await self.socket.send(CloseConnection(code))

    async def settles(self) -> None:
        """The server has obeyed everything that was sent before."""
        await self.send("ping", id="settled")
        await self.until("pong")


@dataclass
class Arcade:
    games: Games
    switchboard: MemorySwitchboard
    address: str
    logged: list[Any] = field(default_factory=list)

    @property
    def events(self) -> list[str]:
        return [entry["event"] for entry in self.logged]

    def fields(self, event: str) -> Message:
        fields: Message = next(entry for entry in reversed(self.logged) if entry["event"] == event)
        return fields

    @asynccontextmanager
    async def socket(
        self, subprotocols: Sequence[str] = (), receive_buffer: int | None = None
    ) -> AsyncIterator[RawWebsocket]:
        async with connect(self.address, receive_buffer=receive_buffer) as socket:
            answer = await socket.upgrade("/game", subprotocols=subprotocols)
            assert isinstance(answer, AcceptConnection)
            assert answer.subprotocol == (SUBPROTOCOL if SUBPROTOCOL in subprotocols else None)
            yield socket

    @asynccontextmanager
    async def v1(self, receive_buffer: int | None = None) -> AsyncIterator[V1Client]:
        async with self.socket([SUBPROTOCOL], receive_buffer) as socket:
            yield V1Client(socket)

    async def call(self, code: str, call_id: str = "call", *, receipts: bool = False) -> PlayedCall:
        call = PlayedCall(call_id, receipts)
        await call.join(self.switchboard, code, call_id)
        return call

    async def has_logged(self, event: str) -> Message:
        with trio.fail_after(5):  # noqa: ASYNC912 - there may be nothing to wait for
            while event not in self.events:
                await wait_all_tasks_blocked(0.001)
        return self.fields(event)

    async def holds(self, condition: Callable[[], bool]) -> None:
        """Waits until it does."""
        with trio.fail_after(5):  # noqa: ASYNC912 - there may be nothing to wait for
            while not condition():
                await wait_all_tasks_blocked(0.001)


@asynccontextmanager
async def open_arcade(
    *,
    codes: str = "0-99",
    away_seconds: float = 60,
    game_queue: int = 1000,
    dial: Dial | None = None,
    find_brain: FindBrain = lambda persona: None,
    **config: Any,
) -> AsyncIterator[Arcade]:
    """Asks at its end that nothing is left behind."""
    hypercorn_trio.install()
    switchboard = MemorySwitchboard(CodePool(parse_codes(codes), random=Random(1)))
    games = Games(switchboard, NUMBER, dial, away_seconds=away_seconds, game_queue=game_queue, find_brain=find_brain)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket", "no lifespan here"
        await games.serve(ServedWebsocket(scope, receive, send), "arcade")

    stop = trio.Event()
    async with trio.open_nursery() as nursery:
        served = partial(serve, app, _config(**config), shutdown_trigger=stop.wait, mode="asgi")
        address = (await nursery.start(served))[0].removeprefix("http://")
        with _logged() as logged, trio.fail_after(SECONDS):
            yield Arcade(games, switchboard, address, logged)
            games.leave_nowait(SeatClosed.SHUTDOWN)
            await games.wait_until_empty()
        assert not switchboard.active
        assert [entry for entry in logged if entry["log_level"] == "error"] == []
        stop.set()


def _config(**values: Any) -> Config:
    config = Config()
    config.bind = ["127.0.0.1:0"]
    config.errorlog = None
    config.graceful_timeout = 0.1
    config.websocket_max_message_size = 128 * 1024
    for name, value in values.items():
        setattr(config, name, value)
    return config


@contextmanager
def _logged() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as logged:
        yield logged
