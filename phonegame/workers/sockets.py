"""Listening sockets that outlive the workers: who connects while one of them restarts waits, and is not lost.

Linux: a socket for each worker (SO_REUSEPORT), among which the kernel deals connections out. With one for all, a single
worker would get nearly all calls of a quiet hour. Other systems do not deal out: there, it is one for all.
Source: socket(7), "SO_REUSEPORT".
"""

from __future__ import annotations

import contextlib
import socket
import sys

DEALS_OUT = sys.platform == "linux"
BACKLOG = 1024
"""Connections that wait while a worker restarts."""


class CannotListen(Exception):
    """The address is taken, not of this machine, or not allowed."""


class ListeningSockets:
    """One for each place of a worker. Raises `CannotListen`. `close` when the last worker has ended."""

    def __init__(self, host: str, port: int, count: int) -> None:
        self._host = host
        try:
            # without SO_REUSEPORT: other programs, and another fleet, must not share the port unnoticed
            with _bound(host, port) as probe:
                self.port = int(probe.getsockname()[1])
            first = self._open()
        except OSError as error:
            raise CannotListen(f"PROXY_URL: cannot listen at {host}:{port}: {error}") from error
        self._sockets: list[socket.socket | None] = [first] + [None] * (count - 1)
        if not DEALS_OUT:
            self._sockets = [first] * count

    def _open(self) -> socket.socket:
        listening = _bound(self._host, self.port, share=DEALS_OUT)
        listening.listen(BACKLOG)
        return listening

    def of(self, place: int) -> socket.socket:
        """Raises OSError where it was given up, and cannot be had again."""
        listening = self._sockets[place]
        if listening is None:
            listening = self._sockets[place] = self._open()
        return listening

    def give_up(self, place: int) -> None:
        """Nobody serves there for the time being: connections go to the others. No effect on a shared one."""
        listening = self._sockets[place]
        if DEALS_OUT and listening is not None:
            listening.close()
            self._sockets[place] = None

    def close(self) -> None:
        for listening in self._sockets:
            if listening is not None:
                listening.close()


def _bound(host: str, port: int, *, share: bool = False) -> socket.socket:
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    with contextlib.ExitStack() as unless_bound:
        unless_bound.callback(bound.close)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if share:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind((host, port))
        unless_bound.pop_all()
    return bound
