"""A TCP stream that writes at once while the socket has room, without a trip through the scheduler.

`trio.SocketStream.send_all` yields to the scheduler at every call. With fifty small frames a second and call that
costs more than the frames do. The reader of the call's audio waits for the next frame anyway: it need not yield here.
"""

from __future__ import annotations

from collections.abc import Callable

import trio

from phonegame.sockets import raw_socket


class EagerStream(trio.abc.HalfCloseableStream):
    """Wraps a connected `trio.SocketStream`. `write_nowait` and `send_all` keep the order of their calls."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._socket = raw_socket(stream.socket)
        self._rest = b""
        self._lock = trio.StrictFIFOLock()
        self.on_end: Callable[[], object] = lambda: None
        """Called when a read finds that the peer has closed or broken the connection."""

    @property
    def has_room(self) -> bool:
        """Whether `write_nowait` would take more. Never where no descriptor was left: `send_all` is the way then."""
        return self._socket is not None and not self._rest and not self._lock.locked()

    def write_nowait(self, data: bytes) -> bool:
        """Writes `data`, or takes over what does not fit for the next `send_all` or `flush`. False: nothing was taken.

        Raises `trio.BrokenResourceError` where the connection is gone.
        """
        if self._socket is None or not self.has_room:
            return False
        try:
            sent = self._socket.send(data)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            raise trio.BrokenResourceError("the connection is gone") from error
        self._rest = data[sent:]
        return True

    async def flush(self) -> None:
        """Waits until everything that `write_nowait` took has been written."""
        await self.send_all(b"")

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        async with self._lock:
            data, self._rest = self._rest + bytes(data), b""
            await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        try:
            data = await self._stream.receive_some(max_bytes)
        except trio.BrokenResourceError:
            self.on_end()
            raise
        if not data:
            self.on_end()
        return data

    async def send_eof(self) -> None:
        await self._stream.send_eof()

    async def aclose(self) -> None:
        if self._socket is not None:
            self._socket.close()
        await self._stream.aclose()
