"""Websockets of games that are with another worker: a game that comes back may land anywhere, and stays where it is.

    websocket -- V1Session -- Pipe ~~~ letters ~~~ RelayedSocket -- V1Session -- V1Game

The token says which worker has the game. That one goes on as if the websocket were its own: what the game has missed is
there already. Whoever has the websocket understands nothing of it any more. A worker that is gone has taken its games
along, and whoever comes back to one is told so. Texts are counted in both directions: more than a `WINDOW` of them are
never under way, so that who does not read is noticed where that matters.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Protocol

import msgspec
import structlog
import trio

from phonegame.asgi import VANISHED, Batch
from phonegame.game.close_codes import SERVICE_RESTART

if TYPE_CHECKING:
    from phonegame.switchboard.redis import RedisSwitchboard

SERVICE = "games"
WINDOW = 64
ANSWER_SECONDS = 5.0
NO_GAME = "no game has this token, or it is over"
GONE = "the server that had this game is gone, and the game with it"
AWAY = "the server that has this game cannot be reached at present; try again"

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Resume(msgspec.Struct, frozen=True, tag=True, array_like=True):
    socket: str
    token: str
    last_seq: int


class Resumed(msgspec.Struct, frozen=True, tag=True, array_like=True):
    socket: str


class NotResumed(msgspec.Struct, frozen=True, tag=True, array_like=True):
    socket: str
    field: str
    why: str


class Text(msgspec.Struct, frozen=True, tag=True, array_like=True):
    socket: str
    text: str


class Taken(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """So many texts have room again."""

    socket: str
    count: int


class Gone(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """The websocket is closed, or lost."""

    socket: str
    code: int


class Close(msgspec.Struct, frozen=True, tag=True, array_like=True):
    socket: str
    code: int
    reason: str


Letter = Resume | Resumed | NotResumed | Text | Taken | Gone | Close
Write = Callable[[Letter], None]
_decoder = msgspec.msgpack.Decoder(Letter)


class Refusal(msgspec.Struct, frozen=True):
    """Why a game cannot be resumed, and by which field of what it has sent."""

    field: str
    why: str


class _Flow:
    """Texts in one direction: no more than a window of them is under way."""

    def __init__(self) -> None:
        self._under_way = 0
        self._room = trio.lowlevel.ParkingLot()
        self._taken = 0
        self.is_over = False

    async def wait_for_room(self) -> None:
        await trio.lowlevel.checkpoint()
        while self._under_way >= WINDOW and not self.is_over:
            await self._room.park()
        self._under_way += 1

    def has_room(self, count: int) -> None:
        self._under_way -= count
        self._room.unpark_all()

    def end(self) -> None:
        self.is_over = True
        self._room.unpark_all()

    def count_taken(self, count: int) -> int:
        """How many are to be told of now: several at once."""
        self._taken += count
        if self._taken < WINDOW // 4:
            return 0
        told, self._taken = self._taken, 0
        return told


class RelayedSocket:
    """The game's end: what a `V1Session` needs of a websocket."""

    def __init__(self, name: str, write: Write) -> None:
        self._name = name
        self._write = write
        self._flow = _Flow()
        self._waiting: deque[str] = deque()
        self._take: Callable[[Batch], None] = self._waiting.extend
        self._is_paused = True
        self._closed = trio.Event()
        self._code = VANISHED

    async def accept(
        self, take: Callable[[Batch], None], *, subprotocol: str | None = None, max_length: int | None = None
    ) -> None:
        """The other worker has done so, with these."""
        await trio.lowlevel.checkpoint()
        self._take = take
        self.resume_nowait()

    def pause_nowait(self) -> None:
        self._is_paused = True

    def resume_nowait(self) -> None:
        self._is_paused = False
        if self._waiting:
            batch = list(self._waiting)
            self._waiting.clear()
            if told := self._flow.count_taken(len(batch)):
                self._write(Taken(self._name, told))
            self._take(batch)

    async def receive_until_closed(self) -> int:
        await self._closed.wait()
        return self._code

    async def send_text(self, text: str) -> None:
        await self._flow.wait_for_room()
        if not self._closed.is_set():
            self._write(Text(self._name, text))

    async def close(self, code: int, reason: str) -> None:
        await trio.lowlevel.checkpoint()
        if not self._closed.is_set():
            self._closed.set()
            self._write(Close(self._name, code, reason))

    def take_letter(self, letter: Text | Taken | Gone) -> None:
        match letter:
            case Text(text=text):
                self._waiting.append(text)
                if not self._is_paused:
                    self.resume_nowait()
            case Taken(count=count):
                self._flow.has_room(count)
            case Gone(code=code):
                self.lose_nowait(code)

    def lose_nowait(self, code: int = VANISHED) -> None:
        self._code = code
        self._closed.set()
        self._flow.end()


class Piped(Protocol):
    """The session that has the websocket."""

    def begin_nowait(self, pipe: Pipe) -> None:
        """The game has been resumed: what is read goes there, and what comes from there follows."""

    def put_nowait(self, text: str) -> None:
        """To be sent; `Pipe.sent_nowait` tells of it."""

    def finish_nowait(self, code: int, reason: str) -> None:
        """Closes the websocket behind what is to be sent."""


class Pipe:
    """The websocket's end."""

    def __init__(self, name: str, write: Write, session: Piped, forget: Callable[[], object]) -> None:
        """`forget`: no letter is for it any more."""
        self._name = name
        self._forget = forget
        self._write = write
        self._session = session
        self._flow = _Flow()
        self.answered = trio.Event()
        self.refusal: Refusal | None = None

    async def send(self, text: str) -> None:
        await self._flow.wait_for_room()
        if not self._flow.is_over:
            self._write(Text(self._name, text))

    def sent_nowait(self) -> None:
        told = self._flow.count_taken(1)
        if told and not self._flow.is_over:
            self._write(Taken(self._name, told))

    def gone_nowait(self, code: int) -> None:
        """The websocket is."""
        if not self._flow.is_over:
            self._end()
            self._write(Gone(self._name, code))

    def _end(self) -> None:
        self._flow.end()
        self._forget()

    def take_letter(self, letter: Resumed | NotResumed | Text | Taken | Close) -> None:
        match letter:
            case Resumed():
                self.answered.set()
                self._session.begin_nowait(self)
            case NotResumed(field=field, why=why):
                self.refuse_nowait(Refusal(field, why))
            case Text(text=text):
                self._session.put_nowait(text)
            case Taken(count=count):
                self._flow.has_room(count)
            case Close(code=code, reason=reason):
                self._end()
                self._session.finish_nowait(code, reason)

    def refuse_nowait(self, refusal: Refusal) -> None:
        self.refusal = refusal
        self._end()
        self.answered.set()

    def lose_nowait(self) -> None:
        if not self.answered.is_set():
            self.refuse_nowait(Refusal("resume_token", AWAY))
        else:
            self._end()
            self._session.finish_nowait(SERVICE_RESTART, GONE)


Host = Callable[[str, int, RelayedSocket], Callable[[], Awaitable[None]] | Refusal]
"""Token, last seq, socket -> what serves the socket to its end, or why not."""


class Relay:
    """`run` must run. One for all games of a worker."""

    def __init__(self, switchboard: RedisSwitchboard, host: Host) -> None:
        self._switchboard = switchboard
        self._host = host
        self._pipes: dict[str, tuple[str, Pipe]] = {}
        """By the websocket's name, and with the worker that has the game."""
        self._sockets: dict[tuple[str, str], RelayedSocket] = {}
        """By the worker that has the websocket, and its name."""
        self._nursery: trio.Nursery | None = None
        switchboard.serve(SERVICE, self)

    @property
    def worker(self) -> str:
        """What the tokens of our games begin with."""
        return self._switchboard.worker

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        async with trio.open_nursery() as self._nursery:
            task_status.started()
            await trio.sleep_forever()

    # at the worker that has the websocket

    async def open(self, token: str, last_seq: int, session: Piped) -> Refusal | None:
        """None: the session has begun it."""
        worker, has_worker, _ = token.partition(".")
        if not has_worker or worker == self.worker:
            return Refusal("resume_token", NO_GAME)
        is_alive = await self._switchboard.is_alive(worker)
        if not is_alive:
            return Refusal("resume_token", AWAY if is_alive is None else GONE)
        name = secrets.token_hex(8)
        pipe = Pipe(name, partial(self._write, worker), session, lambda: self._pipes.pop(name, None))
        self._pipes[name] = worker, pipe
        self._write(worker, Resume(name, token, last_seq))
        try:
            with trio.move_on_after(ANSWER_SECONDS):
                await pipe.answered.wait()
        finally:
            if not pipe.answered.is_set():
                pipe.gone_nowait(VANISHED)
                pipe.refuse_nowait(Refusal("resume_token", AWAY))
        return pipe.refusal

    def _write(self, worker: str, letter: Letter) -> None:
        self._switchboard.write_nowait(worker, SERVICE, msgspec.msgpack.encode(letter))

    # letters

    def take_letter(self, worker: str, content: bytes) -> None:
        try:
            letter = _decoder.decode(content)
        except msgspec.DecodeError:
            log.error("a letter of another worker cannot be read: do all workers have the same version?")
            return
        name = letter.socket
        if isinstance(letter, Resume):
            self._resume(worker, letter)
        elif name in self._pipes and not isinstance(letter, Gone):
            self._pipes[name][1].take_letter(letter)
        elif isinstance(letter, Text | Taken | Gone) and (worker, name) in self._sockets:
            self._sockets[worker, name].take_letter(letter)

    def _resume(self, worker: str, letter: Resume) -> None:
        key = worker, letter.socket
        write = partial(self._write, worker)
        socket = RelayedSocket(letter.socket, write)
        # before the game says welcome
        serve = self._host(letter.token, letter.last_seq, socket)
        if isinstance(serve, Refusal):
            write(NotResumed(letter.socket, serve.field, serve.why))
            return
        write(Resumed(letter.socket))
        self._sockets[key] = socket

        async def serve_it() -> None:
            try:
                await serve()
            finally:
                self._sockets.pop(key, None)

        assert self._nursery is not None
        self._nursery.start_soon(serve_it)

    def lose_worker(self, worker: str) -> None:
        for name, (of, pipe) in list(self._pipes.items()):
            if of == worker:
                self._pipes.pop(name, None)
                pipe.lose_nowait()
        for key in [key for key in self._sockets if key[0] == worker]:
            self._sockets.pop(key).lose_nowait()

    def watched(self) -> Iterable[str]:
        return {worker for worker, _ in self._pipes.values()} | {worker for worker, _ in self._sockets}
