"""Sockets below trio: options that notice a peer which vanished or stopped reading, and direct reads and writes."""

from __future__ import annotations

import contextlib
import socket
import sys

import trio

DEAD_AFTER_SECONDS = 20
"""With a ping or a TCP probe at least every 10 s, a dead peer is known within 30 s."""
_PROBE_AFTER_SECONDS = 10
_PROBE_EVERY_SECONDS = 5

# name of the option, and its value: each system has another set of them
_TCP_OPTIONS = (
    ("TCP_USER_TIMEOUT", DEAD_AFTER_SECONDS * 1000),  # Linux: data that was not acknowledged, or not read
    ("TCP_RXT_CONNDROPTIME", DEAD_AFTER_SECONDS),  # macOS: the same
    ("TCP_MAXRT", DEAD_AFTER_SECONDS),  # Windows: the same
    ("TCP_KEEPIDLE", _PROBE_AFTER_SECONDS),
    ("TCP_KEEPALIVE", _PROBE_AFTER_SECONDS),  # macOS' name of the former
    ("TCP_KEEPINTVL", _PROBE_EVERY_SECONDS),
    ("TCP_KEEPCNT", DEAD_AFTER_SECONDS // _PROBE_EVERY_SECONDS),
)
# missing in the socket module below Python 3.12 or altogether; the numbers are the systems' own
_NUMBERS = {"darwin": {"TCP_RXT_CONNDROPTIME": 0x80}, "win32": {"TCP_MAXRT": 5}}


def notice_dead_peer(sock: socket.socket | trio.socket.SocketType) -> None:
    """Lets reads and writes on `sock` fail within 30 s after the peer was cut off or stopped reading.

    Sets what the system has and takes. A Unix socket has none of it and needs none: the system closes it with the peer.
    """
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    # macOS refuses where the peer has gone already
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _TCP_OPTIONS:
        number = getattr(socket, name, None) or _NUMBERS.get(sys.platform, {}).get(name)
        if number is not None:
            # a kernel may be older than its Python
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, number, value)


def raw_socket(sock: trio.socket.SocketType) -> socket.socket | None:
    """A second descriptor of the same socket, for reads and writes that never wait: trio's own is not open to them.

    The caller closes it. None: the process has no descriptor left, and must do with trio's.
    """
    try:
        raw = socket.fromfd(sock.fileno(), sock.family, sock.type)
    except OSError:
        return None
    raw.setblocking(False)
    return raw
