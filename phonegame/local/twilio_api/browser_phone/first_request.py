"""What the first request on a connection is, before anybody answers it."""

from __future__ import annotations

from collections.abc import Mapping

import h11
import trio

from phonegame.local.http_server import IDLE_SECONDS
from phonegame.local.speech.prefixed import PrefixedStream

_RECEIVE_BYTES = 16_384


async def look_at(stream: trio.abc.Stream) -> tuple[PrefixedStream, Mapping[str, str]]:
    """The stream, still whole, and the request's headers with lower-case names; {} where no request comes."""
    http, received = h11.Connection(h11.SERVER), bytearray()
    headers: Mapping[str, str] = {}
    with trio.move_on_after(IDLE_SECONDS):
        try:
            headers = await _headers(http, stream, received)
        except (h11.RemoteProtocolError, trio.BrokenResourceError):
            await trio.lowlevel.checkpoint()  # whoever reads the stream finds the same
    return PrefixedStream(bytes(received), stream), headers


def wants_websocket(headers: Mapping[str, str]) -> bool:
    return headers.get("upgrade", "").lower() == "websocket"


async def _headers(http: h11.Connection, stream: trio.abc.Stream, received: bytearray) -> Mapping[str, str]:
    while (event := http.next_event()) is h11.NEED_DATA:
        data = bytes(await stream.receive_some(_RECEIVE_BYTES))
        received += data
        http.receive_data(data)
    await trio.lowlevel.checkpoint()
    if not isinstance(event, h11.Request):
        return {}
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
