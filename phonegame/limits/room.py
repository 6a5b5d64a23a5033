"""So many connections fit into a process, and who makes way when it is full."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from typing import Protocol

RESERVED_DESCRIPTORS = 64
"""For the process itself: its log, its threads, voices, a connection that is being refused."""
DESCRIPTORS_A_CALL = 4
"""Two sockets, Twilio's and Deepgram's, each with a second descriptor."""
MOST_CONNECTIONS = 16_384
"""Where the system has no limit of its own."""


def most_connections(descriptor_limit: int | None) -> int:
    """None: no limit. Each connection may become a call, which must not fail for want of a descriptor."""
    if descriptor_limit is None:
        return MOST_CONNECTIONS
    return max(1, min(MOST_CONNECTIONS, (descriptor_limit - RESERVED_DESCRIPTORS) // DESCRIPTORS_A_CALL))


class Doing(Enum):
    WAITING = auto()
    """For a request, or for the rest of one. May be closed when there is no room."""
    ANSWERING = auto()
    """A request has come and is being answered."""
    WEBSOCKET = auto()
    """A call or a game, for good."""


class Connection(Protocol):
    @property
    def doing(self) -> Doing: ...

    def close_nowait(self) -> None:
        """Closes the socket at once."""


class Room:
    """When it is full, whoever comes takes the place of the connection that has waited longest.

    Clients send their request at once, so that is one that has none: connections which send it byte by byte, or never,
    are the first to go, and cannot keep anybody out. Websockets stay.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._present: set[Connection] = set()
        # in the order in which they came, without those found to be websockets
        self._queue: dict[Connection, None] = {}

    def __len__(self) -> int:
        return len(self._present)

    @contextmanager
    def place(self, connection: Connection) -> Iterator[bool]:
        """Around a connection's life. False: there is no room, and nobody to make any."""
        if len(self._present) >= self.most and not self._make_room():
            yield False
            return
        self._present.add(connection)
        self._queue[connection] = None
        try:
            yield True
        finally:
            self._forget(connection)

    def _make_room(self) -> bool:
        answering: list[Connection] = []
        try:
            while self._queue:
                oldest = next(iter(self._queue))
                match oldest.doing:
                    case Doing.WAITING:
                        self._forget(oldest)
                        oldest.close_nowait()
                        return True
                    case Doing.ANSWERING:
                        answering.append(oldest)
                del self._queue[oldest]
            return False
        finally:
            self._queue = dict.fromkeys(answering) | self._queue

    def _forget(self, connection: Connection) -> None:
        self._present.discard(connection)
        self._queue.pop(connection, None)
