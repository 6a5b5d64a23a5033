"""The switchboard: knows which code belongs to which game, and patches calls to games.

Both ends see the same picture: something to read from, and a way to hand over without waiting for the other end.

    game's end                                                 call's end
    async with switchboard.open_seat() as seat:                line = await switchboard.join(code, call_id)
        seat.code                                              line.deliver_nowait(heard)
        async for event in seat.events                         async for sentence in line.sentences
        seat.say_nowait("hello")                               line.release_nowait(); ...; line.close_nowait()

A line is released when the caller hangs up: another caller may be patched in at once. It stays open for Deepgram's last
results until it is closed. The next line of the game begins when that one is closed, or closes it after half a second,
so that a game never sees two calls mixed up.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import trio

from phonegame.listen.transcript import Heard


@dataclass(frozen=True, slots=True)
class CallJoined:
    """A caller has been patched in."""

    call_id: str


@dataclass(frozen=True, slots=True)
class CallHeard:
    """Deepgram has sent something about what the caller says."""

    call_id: str
    heard: Heard


@dataclass(frozen=True, slots=True)
class CallLeft:
    """The call has ended, and everything that was said in it has been delivered."""

    call_id: str


GameEvent = CallJoined | CallHeard | CallLeft


class Refused(Enum):
    """Why a call was not patched through."""

    UNKNOWN = "no game shows this code"
    BUSY = "the game has another caller"


class SeatClosed(Enum):
    """Why a game has no seat any more."""

    LEFT = "the game left"
    TOO_SLOW = "the game does not read what it is sent"
    TOO_LONG = "a message was longer than 16384 characters"
    SHUTDOWN = "the server is going down"


class NoCodeFree(Exception):
    """Every code is in use."""


class Seat(Protocol):
    """The game's end. Its events end when the seat is closed, after those that were waiting."""

    code: str
    events: trio.MemoryReceiveChannel[GameEvent]
    closed: SeatClosed | None

    def say_nowait(self, sentence: str) -> int:
        """A sentence for every caller of the game. Gives the number of callers that take it."""

    def close_nowait(self, why: SeatClosed) -> None:
        """Gives the code back and lets go of the callers at once; `events` ends."""


class Line(Protocol):
    """The call's end."""

    sentences: trio.MemoryReceiveChannel[str]
    game_left: trio.Event
    """What the game wanted to say does not matter any more."""

    def deliver_nowait(self, heard: Heard) -> None:
        """Hands over a message. A game that lets too many wait loses its seat; the call is never held up."""

    def release_nowait(self) -> None:
        """The caller has gone: the next one may be patched in. May be called again."""

    def close_nowait(self) -> None:
        """Nothing more will be delivered. Releases as well; may be called again."""


class Switchboard(Protocol):
    @property
    def active(self) -> Collection[str]:
        """The codes that games show at present."""

    def open_seat(self) -> AbstractAsyncContextManager[Seat]:
        """A game comes in and is given a code, which it loses on leaving the block. Raises `NoCodeFree`."""

    async def join(self, code: str, call_id: str) -> Line | Refused:
        """Patches a call through. Whoever gets a line closes it."""
