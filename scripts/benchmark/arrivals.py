"""When bytes arrived at a socket, by the kernel's clock: who comes late to read them does not count as the server.

Source: Linux, Documentation/networking/timestamping.rst, SO_TIMESTAMPNS. Elsewhere they arrive when they are read.
"""

from __future__ import annotations

import socket
import struct
import sys
import time

from .loop import clock

# Python has no names for it, nor for its message
_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("ll")
_ROOM = socket.CMSG_SPACE(_TIMESPEC.size) if hasattr(socket, "CMSG_SPACE") else 0


def stamp(sock: socket.socket) -> None:
    """From here on the kernel notes when bytes come."""
    if sys.platform == "linux":
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


def receive(sock: socket.socket, size: int) -> tuple[bytes, float]:
    """As `recv`; and when the last of those bytes arrived, on the generator's clock."""
    if sys.platform != "linux":
        return sock.recv(size), clock()
    data, notes, _flags, _address = sock.recvmsg(size, _ROOM)
    now = clock()
    for level, kind, note in notes:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
            seconds, nanoseconds = _TIMESPEC.unpack(note[: _TIMESPEC.size])
            return data, now - max(time.time() - seconds - nanoseconds / 1e9, 0.0)
    return data, now
