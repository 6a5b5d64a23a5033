"""Hypercorn's trio worker, made fit for calls, and for the open internet.

Reaches into hypercorn 0.18; tests/test_hypercorn_trio.py tells when it no longer fits. What it changes, by subclassing
three classes and putting the subclasses in place of theirs:

Calls
- Reads 4 KiB at a time rather than 64 (a frame has 300 bytes, and every read allocates the whole buffer first), when
  the socket is readable rather than to find out whether it is, and without a cancel scope where there is no limit.
- Once the application has asked for it (the ASGI extension `phonegame.direct`), takes a websocket's text messages out
  itself and hands them over from the task that reads the socket, all that one read has brought in one batch. All other
  frames go to wsproto as ever. Reads no more while the application has shut the gate.
- Tells the application with which code the peer has closed the websocket: there, it is always 1006.
- Lets each websocket have its own limit of a message's length (the ASGI extension `phonegame.message_limit`).
- Lets the application send while the connection is being closed, which raised BusyResourceError there.
- Ends a websocket's pings with it, and keeps no message that has become too long.
- Tells the application, while its connections still last, that the server goes down (the ASGI extension
  `phonegame.terminated`).
- Closes a socket when its peer has gone, even though the application has not yet finished with it.
- Lets no error of a connection end the process.
- Asks before one of several workers serves, which hypercorn's own command starts with `--workers`.
- Closes a connection behind its last response although quart-trio cancels the task that does so.

Limits (see `CallConfig`, and `limits.room`)
- A connection ends that has not sent its request in time, or the request's body, or that is no longer used; also one
  whose handshake for a websocket is none, whose peer does not answer a close, or sends before it is answered.
- There are never more connections than the process has descriptors for: whoever waits longest makes way, calls and
  games stay, and when there is nothing but these, further ones are answered with 503.
- Refuses a request that has two lengths.
- Speaks HTTP/1 only: in HTTP/2, connections last on whose requests the client has taken back.
- Agrees to no compression: 58 kB would become 60 MB before anybody has seen how long the message is.
- Sets the socket options that notice a dead peer on every connection.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import h11
import hypercorn.protocol
import hypercorn.protocol.h11
import hypercorn.trio.run
import structlog
import trio
from hypercorn.config import Config
from hypercorn.events import Closed, RawData, Updated
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.trio.run import worker_serve
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext

from phonegame.hypercorn_websocket import CallWSStream
from phonegame.limits.descriptors import descriptor_limit
from phonegame.limits.room import Doing, Room, most_connections
from phonegame.sockets import notice_dead_peer, raw_socket

READ_BYTES = 4096
CLOSE_SECONDS = 5

TURN_AWAY_AT_ONCE = 16
TURN_AWAY_SECONDS = 1
"""How long a client for whom there is no room may take to read that: a socket that is closed at once loses it."""
NO_ROOM = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 10\r\nConnection: close\r\n\r\n"

COMPLAIN_SECONDS = 60

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class CallConfig(Config):
    """Under hypercorn's own command the first two are as here, and the others hypercorn's."""

    handshake_seconds: float = 10
    """How long a connection may take to send the head of its first request, and its TLS handshake before that."""
    body_seconds: float = 30
    """How long the body of a request may take."""
    ssl_handshake_timeout: float = 10
    keep_alive_timeout: float = 15
    """How long a connection may stay without a request."""
    h11_max_incomplete_size = 16 * 1024
    """The head of a request."""


@dataclass(frozen=True, slots=True)
class _Rooms:
    """Of one server."""

    served: Room
    turned_away: Room


_rooms: WeakKeyDictionary[WorkerContext, _Rooms] = WeakKeyDictionary()


def _rooms_of(context: WorkerContext) -> _Rooms:
    rooms = _rooms.get(context)
    if rooms is None:
        rooms = _rooms[context] = _Rooms(Room(most_connections(descriptor_limit())), Room(TURN_AWAY_AT_ONCE))
    return rooms


class Seldom(logging.Filter):
    """Lets a line through once a minute: trio repeats, ten times a second, that no descriptor is left."""

    def __init__(self) -> None:
        super().__init__()
        self._last = -float("inf")

    def filter(self, _: logging.LogRecord) -> bool:
        elapsed = time.monotonic() - self._last
        if elapsed >= COMPLAIN_SECONDS:
            self._last = time.monotonic()
        return elapsed >= COMPLAIN_SECONDS


_why_alone: Callable[[int], str | None] | None = None
_full_log = logging.getLogger(f"{__name__}.full")


def _refused_with(request: h11.Request) -> int | None:
    names = {name for name, _ in request.headers}
    if {b"content-length", b"transfer-encoding"} <= names:
        # a proxy may take the other one for the length, and what follows for somebody else's (RFC 9112, section 6.3)
        return 400
    return None if request.http_version in (b"1.0", b"1.1") else 505


class CallH11Protocol(H11Protocol):
    async def _check_protocol(self, event: Any) -> None:
        """Hypercorn would go over to HTTP/2 here. A client that offers to is answered in HTTP/1, as it may be."""

    async def _create_stream(self, request: h11.Request) -> None:
        status = _refused_with(request)
        if status is None:
            await super()._create_stream(request)
            return
        await self._send_error_response(status)
        await self.send(Closed())

    @property
    def doing(self) -> Doing:
        if not isinstance(self.connection, h11.Connection):
            return Doing.WEBSOCKET
        is_whole = self.connection.their_state not in (h11.IDLE, h11.SEND_BODY)
        return Doing.ANSWERING if is_whole else Doing.WAITING


class CallTCPServer(TCPServer):
    _has_ended = False

    async def run(self) -> None:
        rooms = _rooms_of(self.context)
        try:
            with rooms.served.place(self) as has_place:
                if has_place:
                    notice_dead_peer(self._transport.socket)
                    await super().run()
                    return
            with rooms.turned_away.place(self):
                await self._turn_away()
        except* Exception:
            # whatever a connection can do to hypercorn, it does to itself only
            log.exception("error in a connection; it ends")

    @property
    def _transport(self) -> Any:
        stream: Any = self.stream
        return stream.transport_stream if isinstance(stream, trio.SSLStream) else stream

    @property
    def doing(self) -> Doing:
        """For `Room`."""
        wrapper = getattr(self, "protocol", None)
        return wrapper.protocol.doing if wrapper is not None else Doing.WAITING

    def close_nowait(self) -> None:
        """The task that reads notices it, and ends what is left of the connection."""
        self._transport.socket.close()

    async def _turn_away(self) -> None:
        """Over TLS without a word: a handshake would come first."""
        _full_log.warning("all connections are taken by calls and games: raise the limit of open files (ulimit -n)")
        stream: Any = self.stream
        if not isinstance(stream, trio.SocketStream):
            return
        gone = (trio.BrokenResourceError, trio.ClosedResourceError)
        with trio.move_on_after(TURN_AWAY_SECONDS), contextlib.suppress(*gone):
            await stream.send_all(NO_ROOM)
            await stream.send_eof()
            while await stream.receive_some(READ_BYTES):
                pass

    async def protocol_send(self, event: Any) -> None:
        if isinstance(event, Updated):
            # an answer may be done with after the client has closed the connection
            if not self._has_ended:
                limit = self._idle_timeout if event.idle else self._end_without_body
                await self.idle_task.restart(self._task_group, limit)
            return
        # hypercorn does not expect the application to send while the connection is being closed
        with contextlib.suppress(trio.BusyResourceError):
            if isinstance(event, Closed):
                # comes in a task of quart-trio's that is cancelled as soon as the response is complete
                with trio.move_on_after(CLOSE_SECONDS, shield=True):
                    await super().protocol_send(event)
            else:
                await super().protocol_send(event)

    async def _idle_timeout(self) -> None:
        """Hypercorn runs it while a request is waited for."""
        has_asked = self.protocol.protocol.keep_alive_requests > 0
        first = getattr(self.config, "handshake_seconds", CallConfig.handshake_seconds)
        with trio.move_on_after(self.config.keep_alive_timeout if has_asked else first):
            await self.context.terminated.wait()
        self.close_nowait()

    async def _end_without_body(self) -> None:
        """Runs from the head of a request until its answer, or until the connection ends."""
        await trio.sleep(getattr(self.config, "body_seconds", CallConfig.body_seconds))
        if self.doing is Doing.WAITING:
            self.close_nowait()

    async def _read_data(self) -> None:
        try:
            await self._read()
        finally:
            self._has_ended = True
            # else the connection's tasks would last as long as the connection might have
            with trio.move_on_after(1, shield=True):
                await self.idle_task.stop()

    async def _read(self) -> None:
        if self.config.read_timeout:
            await super()._read_data()
            return
        stream: Any = self.stream
        while True:
            try:
                data = await stream.receive_some(READ_BYTES)
                if data and (websocket := self._direct_websocket()) is not None:
                    await websocket.receive_direct(bytes(data))
                    if websocket.gate.is_shut:
                        await websocket.gate.wait()
                    if websocket.is_direct and isinstance(stream, trio.SocketStream):
                        await self._read_direct(websocket, stream.socket)
                    continue
            except (trio.ClosedResourceError, trio.BrokenResourceError):
                break
            await self.protocol.handle(RawData(bytes(data)))
            if data == b"":
                break
        await self.protocol.handle(Closed())
        # a game that may come back is waited for, and its old socket would stay half open
        await trio.aclose_forcefully(stream)

    def _direct_websocket(self) -> CallWSStream | None:
        protocol = self.protocol.protocol
        stream = protocol.stream if isinstance(protocol, H11Protocol) else None
        return stream if isinstance(stream, CallWSStream) and stream.is_direct else None

    async def _read_direct(self, websocket: CallWSStream, sock: trio.socket.SocketType) -> None:
        """Reads until the connection ends, or the websocket is closed. Raises trio's errors of a stream.

        Returns at once where no descriptor is left for it.
        """
        raw = raw_socket(sock)
        if raw is None:
            return
        with raw:
            while websocket.is_direct:
                await trio.lowlevel.wait_readable(sock)
                try:
                    data = raw.recv(READ_BYTES)
                except (BlockingIOError, InterruptedError):
                    continue
                except OSError as error:
                    raise trio.BrokenResourceError from error
                if not data:
                    raise trio.BrokenResourceError
                await websocket.receive_direct(data)
                if websocket.gate.is_shut:
                    await websocket.gate.wait()


def _serve_alone(app: Any, config: Config, **more: Any) -> Any:
    """What a worker of hypercorn's own command runs; `--workers` is known nowhere else."""
    if _why_alone is not None and (why := _why_alone(config.workers)) is not None:
        raise SystemExit(why)
    return worker_serve(app, config, **more)


def refuse_workers(why: Callable[[int], str | None]) -> None:
    """`why`: the number of workers that hypercorn's own command was asked for -> why it cannot have them, or None."""
    global _why_alone
    _why_alone = why


def install() -> None:
    """Puts the subclasses in place, for `phonegame serve` and for hypercorn's own command alike."""
    hypercorn.trio.run.TCPServer = CallTCPServer  # type: ignore[attr-defined]
    hypercorn.protocol.H11Protocol = CallH11Protocol  # type: ignore[attr-defined]
    hypercorn.protocol.h11.WSStream = CallWSStream  # type: ignore[attr-defined]
    Config.alpn_protocols = ["http/1.1"]
    hypercorn.trio.run.worker_serve = _serve_alone
    for logger in (_full_log, logging.getLogger("trio.serve_listeners")):
        if not any(isinstance(found, Seldom) for found in logger.filters):
            logger.addFilter(Seldom())
