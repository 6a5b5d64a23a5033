"""Who is there, and which protocol each of them speaks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Protocol

import trio

from phonegame.asgi import RawWebsocket
from phonegame.board.shown import GameShown
from phonegame.characters.files import CharacterFiles
from phonegame.game.characters import FindBrain, UseFile
from phonegame.game.close_codes import CLOSE_CODES, NOT_HERE
from phonegame.game.relay import NO_GAME, Refusal, Relay, RelayedSocket
from phonegame.game.text_session import TextSession
from phonegame.game.v1_game import Dial, V1Game
from phonegame.game.v1_session import V1Session
from phonegame.switchboard import SeatClosed, Switchboard
from phonegame.visitors import Visitors
from phonegame.wire import v1

if TYPE_CHECKING:
    from phonegame.switchboard.redis import RedisSwitchboard

PARSING_THREADS = 2
"""Large messages that are parsed at once: they are rare, and keep a processor busy."""


class Session(Protocol):
    """What serves one websocket, from its begin to the end of all that depends on it."""

    @property
    def is_open(self) -> bool:
        """Whether it has a game, which has a code."""

    @property
    def shown(self) -> GameShown:
        """Of one that is open."""

    async def run(self) -> None: ...

    def leave_nowait(self, why: SeatClosed) -> None:
        """Ends it: the code is free at once and the callers let go; the game may still read what it was sent."""

    def drain_nowait(self, seconds: float) -> None:
        """The server is to stop, in so many seconds at the latest: ends it as soon as it has no call."""


class Games:
    """The games of one process."""

    def __init__(
        self,
        switchboard: Switchboard,
        phone_number: str,
        dial: Dial | None = None,
        *,
        away_seconds: float,
        game_queue: int,
        use: UseFile | None = None,
        find_brain: FindBrain = lambda persona: None,
        why_none: str = "",
        others: RedisSwitchboard | None = None,
    ) -> None:
        """`dial`: see `V1Game`. `use`: finds the server's own character files. `find_brain`: who plays a character.

        `why_none`: no game is let in. `others`: the way to other workers, whose games may come back here.
        """
        self._switchboard = switchboard
        self._phone_number = phone_number
        self._dial = dial
        self._away_seconds = away_seconds
        self._game_queue = game_queue
        self._sessions = Visitors[Session]()
        self._parsing = trio.CapacityLimiter(PARSING_THREADS)
        self._closed: SeatClosed | None = None
        """Why nobody is let in any more."""
        self._use = use or CharacterFiles().use
        self._find_brain = find_brain
        self._why_none = why_none
        self.relay = Relay(others, self._host) if others is not None else None

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[Session]:
        """Those that have a code."""
        return (session for session in self._sessions if session.is_open)

    def shown(self) -> list[GameShown]:
        """For the operator, by code."""
        return sorted((session.shown for session in self), key=lambda game: (len(game.code), game.code))

    async def serve(self, socket: RawWebsocket, known_as: str, memory: str = "") -> None:
        """One websocket at `/game`. Returns when it is closed, and with it whatever depends on it.

        `known_as`: the same for each connection of one game, for the limits of its calls. `memory`: see `open_seat`.
        """
        if self._closed is not None:
            await _turn_away(socket, CLOSE_CODES[self._closed], self._closed.value)
            return
        if self._why_none:
            await _turn_away(socket, NOT_HERE, self._why_none)
            return
        session = self._session_for(socket, known_as, memory)
        with self._sessions.present(session):
            await session.run()

    def _session_for(self, socket: RawWebsocket, known_as: str, memory: str) -> Session:
        if v1.SUBPROTOCOL not in socket.subprotocols:
            return TextSession(socket, self._switchboard, self._phone_number, self._game_queue)
        return self._v1_session(socket, known_as, memory)

    def _v1_session(self, socket: RawWebsocket | RelayedSocket, known_as: str, memory: str) -> V1Session:
        game = V1Game(
            self._phone_number,
            self._dial,
            known_as=known_as,
            memory=memory,
            away_seconds=self._away_seconds,
            queue=self._game_queue,
            worker=self.relay.worker if self.relay is not None else "",
        )
        return V1Session(
            socket,
            self._switchboard,
            game,
            self._find,
            self._use,
            self._find_brain,
            self._parsing,
            self._game_queue,
            self.relay,
        )

    def _host(self, token: str, last_seq: int, socket: RelayedSocket) -> Callable[[], Awaitable[None]] | Refusal:
        """A game of ours comes back to another worker."""
        game = self._find(token)
        if game is None:
            return Refusal("resume_token", NO_GAME)
        session = self._v1_session(socket, "", "")
        why_not = game.resume_nowait(session, last_seq)
        if why_not is not None:
            return Refusal("last_seq", why_not)

        async def serve() -> None:
            with self._sessions.present(session):
                await session.run_resumed()

        return serve

    def _find(self, token: str) -> V1Game | None:
        games = (session.own_game for session in self if isinstance(session, V1Session))
        return next((game for game in games if game.has_token(token)), None)

    def drain_nowait(self, seconds: float) -> None:
        """Lets nobody in any more; those without a call are to come back elsewhere, the others when theirs is over."""
        self._closed = SeatClosed.RESTART
        for session in self._sessions:
            session.drain_nowait(seconds)

    def leave_nowait(self, why: SeatClosed) -> None:
        """Ends all of them, and lets nobody in any more."""
        self._closed = why
        for session in self._sessions:
            session.leave_nowait(why)

    async def wait_until_empty(self) -> None:
        await self._sessions.wait_until_empty()


async def _turn_away(socket: RawWebsocket, code: int, reason: str) -> None:
    """Accepted first: a close before it has no reason that a game could read."""
    offered = v1.SUBPROTOCOL if v1.SUBPROTOCOL in socket.subprotocols else None
    await socket.accept(lambda _: None, subprotocol=offered)
    await socket.close(code, reason)
