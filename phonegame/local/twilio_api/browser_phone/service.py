"""The carrier's browser phones: each page that is open has a number of its own, and rings when that is dialled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs

import trio
from trio_websocket import ConnectionClosed, WebSocketRequest, wrap_server_stream
from wsproto.utilities import LocalProtocolError

from phonegame.local.twilio_api.answers import Attended
from phonegame.local.twilio_api.browser_phone.line import Line
from phonegame.local.twilio_api.browser_phone.visitors import Refusal, refuse_page

if TYPE_CHECKING:
    from phonegame.local.twilio_api.carrier import LocalCarrier

PATH = "/phone/line"
NUMBERS = tuple(f"+120155501{last}" for last in range(50, 90))
"""Of those that are kept for films and books, between the scripted phones and the demo's."""
HANDSHAKE_SECONDS = 10.0
MAX_MESSAGE_BYTES = 4096
"""The longest text, or a quarter of a second of sound."""
MESSAGE_QUEUE = 50
"""Received and not looked at yet: a second of sound."""
TRY_AGAIN_LATER = 1013


class BrowserPhones:
    def __init__(self, carrier: LocalCarrier) -> None:
        self._carrier = carrier

    async def serve_websocket(self, stream: trio.abc.Stream, headers: Mapping[str, str]) -> None:
        """One page, from its handshake to its end. Raises nothing that a page causes.

        `headers` are those of the request, which is still to be read from `stream`.
        """
        try:
            async with trio.open_nursery() as nursery:
                request = None
                with trio.move_on_after(HANDSHAKE_SECONDS):
                    request = await wrap_server_stream(
                        nursery,
                        cast("trio.SocketStream", stream),  # any stream will do
                        max_message_size=MAX_MESSAGE_BYTES,
                        message_queue_size=MESSAGE_QUEUE,
                    )
                if request is not None:
                    await self._answer(request, headers)
                nursery.cancel_scope.cancel()
        except* (ConnectionClosed, LocalProtocolError, trio.BrokenResourceError):
            # gone, or trio-websocket answered a ping behind our own close frame
            await trio.lowlevel.checkpoint()

    async def _answer(self, request: WebSocketRequest, headers: Mapping[str, str]) -> None:
        path, _, query = request.path.partition("?")
        refusal = refuse_page(headers, self._carrier.config.host)
        if path != PATH:
            refusal = Refusal(404, f"There is no websocket but {PATH}.")
        if refusal is not None:
            plain = [(b"content-type", b"text/plain")]
            await request.reject(refusal.status, extra_headers=plain, body=refusal.text.encode())
            return
        socket = await request.accept()
        number = self._free_number(parse_qs(query).get("number", [""])[0])
        if number is None:
            await socket.aclose(TRY_AGAIN_LATER, f"{len(NUMBERS)} phones are open: close one.")
            return
        line = Line(number, self._carrier)
        async with trio.open_nursery() as calls:
            with self._in_the_book(line):
                await line.serve(socket, calls)

    def _free_number(self, wanted: str) -> str | None:
        """The one that the page had before, if it can have that."""
        account = {number.phone_number for number in self._carrier.numbers}
        free = [number for number in NUMBERS if number not in account | self._carrier.phones.keys()]
        return wanted if wanted in free else next(iter(free), None)

    @contextmanager
    def _in_the_book(self, line: Line) -> Iterator[None]:
        self._carrier.phones[line.number] = Attended(line.ring, line.behave)
        try:
            yield
        finally:
            del self._carrier.phones[line.number]
