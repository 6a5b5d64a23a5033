"""A stream of which the beginning was read already, to see what kind of request it is."""

from __future__ import annotations

import trio

HEAD_BYTES = 16_384


async def read_head(stream: trio.abc.Stream) -> bytes:
    """Up to the empty line behind an HTTP request's headers, and maybe more; less if the client sends no such line."""
    head = b""
    while b"\r\n\r\n" not in head and len(head) < HEAD_BYTES:
        received = await stream.receive_some(HEAD_BYTES)
        if not received:
            break
        head += received
    return head


class PrefixedStream(trio.abc.Stream):
    def __init__(self, prefix: bytes, stream: trio.abc.Stream) -> None:
        self._prefix = prefix
        self._stream = stream
        self.read_at = trio.current_time()
        """When something was last read from `stream`, be it a websocket's ping."""

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        if not self._prefix:
            received = bytes(await self._stream.receive_some(max_bytes))
            self.read_at = trio.current_time()
            return received
        await trio.lowlevel.checkpoint()
        most = len(self._prefix) if max_bytes is None else max_bytes
        received, self._prefix = self._prefix[:most], self._prefix[most:]
        return received

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        await self._stream.aclose()
