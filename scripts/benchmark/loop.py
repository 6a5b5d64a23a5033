"""The generator's event loop: a selector, waits that are exact to some 0.1 ms, and one clock."""

from __future__ import annotations

import select
import selectors
import socket
import time
from collections.abc import Callable

clock = time.perf_counter

Ready = Callable[[int], None]
"""Called with the events (`selectors.EVENT_READ`, `EVENT_WRITE`) that a socket is ready for."""


class Loop:
    """Calls back whoever has a socket that is ready. Close it at the end: `close()`."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        fileno = getattr(self._selector, "fileno", None)
        self._descriptor: int | None = fileno() if fileno else None

    def watch(self, sock: socket.socket, ready: Ready) -> None:
        self._selector.register(sock, selectors.EVENT_READ, ready)

    def want_write(self, sock: socket.socket, ready: Ready, wanted: bool) -> None:
        events = selectors.EVENT_READ | selectors.EVENT_WRITE if wanted else selectors.EVENT_READ
        self._selector.modify(sock, events, ready)

    def unwatch(self, sock: socket.socket) -> None:
        self._selector.unregister(sock)

    def poll(self, seconds: float) -> None:
        """Waits for the first socket that is ready, at most so long, and serves all that are."""
        if seconds > 0 and self._descriptor is not None:
            # epoll waits for whole milliseconds, select() for microseconds: here for epoll to have something
            select.select([self._descriptor], [], [], seconds)
            seconds = 0
        for key, events in self._selector.select(seconds):
            # a callback of this round may have closed the socket of a later one
            if key.fd in self._selector.get_map():
                key.data(events)

    def close(self) -> None:
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._selector.close()
