"""Takes `/game` and `/twilio` out before Quart sees them (see `asgi`), and turns away who may not come in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import structlog
import trio
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, Scope

from phonegame.access import Access, Refusal
from phonegame.asgi import RawWebsocket, send_text_answer
from phonegame.limits import ConnectionLimits, Place
from phonegame.visit import Visit, hide_key

GAME, TWILIO = "/game", "/twilio"
SIGNED_TWILIO = "/twilio, signed"
"""A door of its own for `ConnectionLimits`."""

RETRY_LATER = (("Retry-After", "60"),)

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class House(Protocol):
    """What is behind the door."""

    @property
    def access(self) -> Access: ...

    @property
    def connections(self) -> ConnectionLimits: ...

    async def serve_game(self, socket: RawWebsocket, known_as: str, memory: str) -> None:
        """`known_as`: see `Access.game_known_as`. `memory`: see `Access.game_memory`."""

    async def serve_call(self, socket: RawWebsocket, announced: Callable[[], None]) -> None:
        """Calls `announced` once the stream has brought the token of a call."""

    async def terminate(self, seconds: float) -> None:
        """The server goes down: all must have ended in so many seconds. Called by each websocket."""


class FrontDoor:
    """An ASGI application around another."""

    def __init__(self, quart: Any, house: House) -> None:
        self._quart = quart
        self._house = house
        self._access = house.access

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._quart(scope, receive, send)
            return
        visit = Visit(scope)
        hide_key(scope)
        refusal = self._access.refuse_outsider(visit)
        if scope["type"] == "websocket" and scope["path"] in (GAME, TWILIO):
            await self._count(scope["path"], visit, refusal, RawWebsocket(scope, receive, send))
        elif refusal is not None:
            log_refusal(self._house.connections, visit, refusal.why)
            if scope["type"] == "http":
                await send_text_answer(send, refusal.status, refusal.text, refusal.headers)
            else:
                await RawWebsocket(scope, receive, send).refuse(refusal.status, refusal.text, refusal.headers)
        else:
            await self._quart(scope, receive, send)

    async def _count(self, path: str, visit: Visit, refusal: Refusal | None, socket: RawWebsocket) -> None:
        limits, now = self._house.connections, trio.current_time()
        address = address_of(limits, visit)
        if refusal is None and path == TWILIO:
            # before it is counted: nobody guesses a signature. Keys are looked at after that, since many may be tried
            refusal = self._access.refuse_stranger(visit, websocket=True)
        is_signed = refusal is None and path == TWILIO and self._access.is_twilio_checked
        with limits.socket(address, now, SIGNED_TWILIO if is_signed else path) as place:
            if place:
                await self._open(path, visit, address, place, refusal, socket)
                return
            log_refusal(limits, visit, place.admission.value)
            await socket.refuse(429, f"There are {place.admission.value}. Try again later.", RETRY_LATER)

    async def _open(
        self, path: str, visit: Visit, address: str, place: Place, refusal: Refusal | None, socket: RawWebsocket
    ) -> None:
        if refusal is None and path == GAME:
            refusal = self._access.refuse_game(visit)
        if refusal is not None:
            log_refusal(self._house.connections, visit, refusal.why)
            await socket.refuse(refusal.status, refusal.text, refusal.headers)
            return
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._end_with_server, socket)
            with _errors_logged():
                if path == GAME:
                    known_as, memory = self._access.game_known_as(visit, address), self._access.game_memory(visit)
                    await self._house.serve_game(socket, known_as, memory)
                else:
                    await self._house.serve_call(socket, lambda: place.give_back(trio.current_time()))
            nursery.cancel_scope.cancel()

    async def _end_with_server(self, socket: RawWebsocket) -> None:
        """For hypercorn's own command: the end of the ASGI lifespan comes only after all connections have ended."""
        seconds = await socket.server_terminated()
        await self._house.terminate(seconds)


def address_of(limits: ConnectionLimits, visit: Visit) -> str:
    """What the visitor is counted by."""
    return limits.address_of(visit.client, visit.headers("x-forwarded-for"))


def log_refusal(limits: ConnectionLimits, visit: Visit, why: str) -> None:
    """Without the query, which may hold a key."""
    if limits.worth_a_line(address_of(limits, visit), why, trio.current_time()):
        log.warning("refused", path=visit.path[:100], why=why)


@contextmanager
def _errors_logged() -> Iterator[None]:
    """Hypercorn loses an error that comes together with a cancellation."""
    try:
        yield
    except Exception:
        log.exception("error of ours; the connection ends")
        raise
