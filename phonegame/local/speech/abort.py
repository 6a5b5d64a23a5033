"""Ends a connection as a pulled plug does, for tests of what the other side makes of it."""

from __future__ import annotations

import socket
import struct
import sys

import trio

# `struct linger` with a time of 0: close() sends RST and forgets what was not sent yet.
_LINGER = struct.pack("HH" if sys.platform == "win32" else "ii", 1, 0)


async def abort(stream: trio.abc.Stream) -> None:
    """No close frame, and over TCP no FIN either: the peer's next read or write fails."""
    if isinstance(stream, trio.SocketStream):
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
    await trio.aclose_forcefully(stream)
