"""What both kinds of connection are made of: tasks of which the first to end ends all, and one that sends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from phonegame.local.speech.abort import abort
from phonegame.local.speech.faults import Drop, Stall
from phonegame.local.speech.intake import Close
from phonegame.local.speech.record import Record

OUTBOX_CAPACITY = 100  # a client that does not read for so long holds up the recogniser, or the voice
CLOSE_SECONDS = 2.0  # for the client's half of the close handshake

Outgoing = str | bytes | Close | Drop | Stall


async def run_until_one_ends(record: Record, *tasks: Callable[[], Awaitable[None]]) -> None:
    """Raises nothing that the client causes: what it did to the socket goes on record."""

    async def run(task: Callable[[], Awaitable[None]], whole: trio.CancelScope) -> None:
        try:
            await task()
        except ConnectionClosed as closed:
            reason = closed.reason
            record.close("client", reason.code if reason else 1006, reason.reason if reason else None)
        whole.cancel()
        await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        for task in tasks:
            nursery.start_soon(run, task, nursery.cancel_scope)


class Outbox:
    """The only one who writes to the socket or closes it. Everything goes out in order, `late` seconds after `put`."""

    def __init__(
        self, socket: WebSocketConnection, stream: trio.abc.Stream, record: Record, *, late: float = 0.0
    ) -> None:
        self._socket = socket
        self._stream = stream
        self._record = record
        self._late = late
        self._to_send, self._waiting = trio.open_memory_channel[tuple[float, Outgoing]](OUTBOX_CAPACITY)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._to_send.close()
        self._waiting.close()

    async def put(self, item: Outgoing) -> None:
        """Waits while the client does not read. A `Close` or `Drop` is the last thing that goes out."""
        await self._to_send.send((trio.current_time() + self._late, item))

    async def run(self) -> None:
        """Returns when the socket is closed; ConnectionClosed when the client has closed it."""
        async for due, item in self._waiting:
            await trio.sleep_until(due)
            match item:
                case Close(code=code, reason=reason):
                    self._record.close("service", code, reason)
                    with trio.move_on_after(CLOSE_SECONDS):
                        await self._socket.aclose(code, reason or None)
                    return
                case Drop():
                    self._record.close("fault", 1006, None)
                    await abort(self._stream)
                    return
                case Stall():
                    break
                case str() | bytes():
                    await self._socket.send_message(item)
                    self._record.add_sent(item)
        await trio.sleep_forever()
