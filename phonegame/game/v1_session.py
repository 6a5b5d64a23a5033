"""One websocket that speaks phonegame.v1: for the game that it has opened, or for another that it has resumed.

async with trio.open_nursery() as nursery:
    serve_socket
        obey_all              what was read -> one message after the other -> the game
        send_all              the game's mailbox -> the websocket
    the game that it has opened, which may outlive it
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import structlog
import trio

from phonegame.asgi import VANISHED, Batch, RawWebsocket
from phonegame.board.shown import GameShown
from phonegame.game.characters import Casting, FindBrain, UseFile, cast, looked_up, names_file
from phonegame.game.close_codes import CLOSE_CODES, TRY_AGAIN_LATER
from phonegame.game.mailbox import Mailbox
from phonegame.game.relay import Pipe, Relay, RelayedSocket
from phonegame.game.v1_game import V1Game
from phonegame.switchboard import NoCodeFree, SeatClosed, Switchboard
from phonegame.wire import v1

GRACE_LENGTH = 64 * 1024
"""Characters over the limit with which a message is still answered by an error, rather than by the end."""
LARGE = 64 * 1024
"""Characters from which a message is parsed in a thread: this much takes a millisecond."""
STALL_SECONDS = 30
"""A game that reads nothing for so long, while half of its queue is full and it goes on sending, is closed."""
RESUME_SECONDS = 5
"""How long a game for which there is no code may take to say that it has one already."""

NO_MAIL = Mailbox(0)
"""Nobody posts to it: that of a websocket without a game."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class V1Session:
    def __init__(
        self,
        socket: RawWebsocket | RelayedSocket,
        switchboard: Switchboard,
        game: V1Game,
        find_game: Callable[[str], V1Game | None],
        use: UseFile,
        find_brain: FindBrain,
        parsing: trio.CapacityLimiter,
        queue: int,
        relay: Relay | None = None,
    ) -> None:
        """`game` is the one that this websocket opens. `find_game`: by its token. `parsing`: threads for it.

        `relay`: to games that are with other workers.
        """
        self._socket = socket
        self._switchboard = switchboard
        self.own_game = game
        self._find_game = find_game
        self._use = use
        self._find_brain = find_brain
        self._parsing = parsing
        self._half_queue = queue // 2
        self._relay = relay
        self._pipe: Pipe | None = None
        """To a game that is with another worker: this one understands nothing of it."""
        self._game: V1Game | None = None
        """Whom it serves."""
        self._mailbox = NO_MAIL
        """The game's."""
        self._unnumbered: deque[tuple[int, str]] = deque()
        """What has no number, each with the number of the last message in front of it."""
        self._inbox: deque[str] = deque()
        self._close_with: tuple[int, str] | None = None
        self._has_resumed = False
        self._begun = trio.Event()
        """Whether it is known if there is a code."""
        self._decided = trio.Event()
        """Where there was none: whether another game was resumed, or the websocket is over."""
        self._arrived = trio.lowlevel.ParkingLot()
        self._changed = trio.lowlevel.ParkingLot()
        self._sent = trio.lowlevel.ParkingLot()

    @property
    def is_open(self) -> bool:
        return self.own_game.is_open

    @property
    def shown(self) -> GameShown:
        return self.own_game.shown

    def leave_nowait(self, why: SeatClosed) -> None:
        self.own_game.end_nowait(why)
        if self._game is None:
            self.finish_nowait(CLOSE_CODES[why], why.value)

    def drain_nowait(self, seconds: float) -> None:
        if self.own_game.is_open:
            self.own_game.drain_nowait(seconds)
        else:
            self.leave_nowait(SeatClosed.RESTART)

    async def run(self) -> None:
        structlog.contextvars.bind_contextvars(game=self.own_game.id)
        max_length = v1.MAX_MESSAGE_LENGTH + GRACE_LENGTH
        await self._socket.accept(self._take, subprotocol=v1.SUBPROTOCOL, max_length=max_length)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._serve_socket)
            if self._close_with is None:
                try:
                    await self.own_game.run(self._switchboard, self)
                except NoCodeFree as error:
                    await self._wait_for_resume(f"No code is free: {error}.")

    async def run_resumed(self) -> None:
        """For a websocket of another worker, whose game has been resumed already."""
        self._has_resumed = True
        await self._socket.accept(self._take)
        await self._serve_socket()

    async def _wait_for_resume(self, why: str) -> None:
        log.warning("game has no code", why=why)
        self._begun.set()
        self._post(v1.Error(code="no_code_free", message=f"{why} Try again later."))
        self.wake_nowait()
        with trio.move_on_after(RESUME_SECONDS):
            await self._decided.wait()
            return
        self.finish_nowait(TRY_AGAIN_LATER, f"{why} Try again later.")

    async def _serve_socket(self) -> None:
        close_code = VANISHED
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._obey_all)
                nursery.start_soon(self._send_all, nursery.cancel_scope)
                close_code = await self._socket.receive_until_closed()
                # at once, even while another task waits for a socket that nobody reads
                self._lose_game(close_code)
                nursery.cancel_scope.cancel()
        finally:
            self._lose_game(close_code)
        if self._close_with is not None:
            await self._socket.close(*self._close_with)

    def _lose_game(self, close_code: int) -> None:
        game, self._game = self._game, None
        # a send that is stuck may yet end: it must not go on with what another websocket is to send
        self._mailbox = NO_MAIL
        self._decided.set()
        if game is not None:
            game.detach_nowait(self, close_code)
        if self._pipe is not None:
            self._pipe.gone_nowait(close_code)

    # the game that it serves

    def serve_nowait(self, game: V1Game, *, resumed: bool) -> None:
        self._game, self._mailbox = game, game.mailbox
        waiting = [text for _, text in self._unnumbered]
        self._unnumbered.clear()
        for text in (*waiting, v1.encode(game.welcome(resumed=resumed), None)):
            self._unnumbered.append((game.mailbox.sent, text))
        self._begun.set()
        self.wake_nowait()

    def wake_nowait(self) -> None:
        self._changed.unpark_all()

    def finish_nowait(self, code: int, reason: str) -> None:
        self._game = None
        self._close_with = self._close_with or (code, reason)
        self._decided.set()
        self._changed.unpark_all()
        self._sent.unpark_all()

    def drop_nowait(self, code: int, reason: str) -> None:
        self._mailbox = NO_MAIL
        self._unnumbered.clear()
        self.finish_nowait(code, reason)

    # to the websocket

    async def _send_all(self, socket: trio.CancelScope) -> None:
        while True:
            text = self._next_text()
            if text is not None:
                await self._socket.send_text(text)
                self._sent.unpark_all()
                if self._pipe is not None:
                    self._pipe.sent_nowait()
            elif self._close_with is None:
                await self._changed.park()
            else:
                break
        socket.cancel()

    def _next_text(self) -> str | None:
        if self._unnumbered and self._unnumbered[0][0] <= self._mailbox.sent:
            return self._unnumbered.popleft()[1]
        return self._mailbox.next_nowait()

    async def _wait_for_room(self) -> None:
        """A game that sends a lot is answered a lot: it should read that before more is taken from it."""
        await trio.lowlevel.checkpoint()
        while self._close_with is None and self._mailbox.waiting + len(self._unnumbered) > self._half_queue:
            with trio.move_on_after(STALL_SECONDS) as patience:
                await self._sent.park()
            if patience.cancelled_caught:
                self._give_up()

    def _give_up(self) -> None:
        why = SeatClosed.TOO_SLOW
        log.warning("game sends, but does not read; it is closed", waiting=self._mailbox.waiting)
        if self._game is not None:
            self._game.end_nowait(why)
        else:
            self.finish_nowait(CLOSE_CODES[why], why.value)

    # from the websocket

    def _take(self, batch: Batch) -> None:
        self._inbox.extend(batch)
        # nothing more is read until this has been obeyed: what waits here is what one read has brought
        self._socket.pause_nowait()
        self._arrived.unpark_all()

    async def _obey_all(self) -> None:
        await self._begun.wait()
        while True:
            while not self._inbox:
                self._socket.resume_nowait()
                # one that is relayed hands over at once what it has
                if not self._inbox:
                    await self._arrived.park()
            if self._pipe is not None:
                await self._pipe.send(self._inbox.popleft())
                continue
            await self._wait_for_room()
            message = await self._parse(self._inbox.popleft())
            if names_file(message):
                message = await looked_up(message, self._use)
            if isinstance(message, Casting):
                message = cast(message, self._find_brain)
            if isinstance(message, v1.Resume) and self._is_elsewhere(message):
                await self._resume_elsewhere(message)
            elif self._close_with is None:
                self._obey(message)

    async def _parse(self, text: str) -> v1.GameMessage | v1.Malformed | v1.Ignored:
        if len(text) > v1.MAX_MESSAGE_LENGTH:
            what = f"The message has {len(text)} characters, and at most {v1.MAX_MESSAGE_LENGTH} are allowed."
            return v1.Malformed(message=what)
        if len(text) >= LARGE:
            return await trio.to_thread.run_sync(v1.parse, text, limiter=self._parsing)
        message = v1.decode(text)
        if v1.takes_long(message):
            return await trio.to_thread.run_sync(v1.finish, message, limiter=self._parsing)
        return v1.finish(message)

    def _obey(self, message: v1.GameMessage | v1.Malformed | v1.Ignored) -> None:
        match message:
            case v1.Ping(id=ping_id):
                # behind all that the game was to be told before it asked
                self._unnumbered.append((self._mailbox.last, v1.encode(v1.Pong(id=ping_id), None)))
            case v1.Resume():
                error = self._resume(message)
                if error is not None:
                    self._post(error)
            case v1.Malformed():
                self._post(message.error)
            case _ if self._game is not None:
                self._game.obey(message)
            case _:
                self._post(v1.Error(code="no_code_free", message="There is no game here, until one is resumed."))
        self.wake_nowait()

    def _post(self, message: v1.Numbered) -> None:
        if self._game is not None:
            self._game.post_nowait(message)
        else:
            # of no game, and so without a number
            self._unnumbered.append((0, v1.encode(message, None)))

    def _resume(self, message: v1.Resume) -> v1.Error | None:
        if self._has_resumed:
            return _resume_failed(None, "a game has been resumed here already; use another connection for another game")
        game = self._find_game(message.resume_token)
        if game is None:
            return _resume_failed("resume_token", "no game has this token, or it is over")
        if game is self.own_game:
            return _resume_failed("resume_token", "this is the token of the game that is here")
        why_not = game.resume_nowait(self, message.last_seq)
        if why_not is not None:
            return _resume_failed("last_seq", why_not)
        self._has_resumed = True
        self._decided.set()
        self.own_game.abandon_nowait()
        return None

    # where another worker has the game

    def _is_elsewhere(self, message: v1.Resume) -> bool:
        return self._relay is not None and not self._has_resumed and self._find_game(message.resume_token) is None

    async def _resume_elsewhere(self, message: v1.Resume) -> None:
        assert self._relay is not None
        refusal = await self._relay.open(message.resume_token, message.last_seq, self)
        if refusal is not None:
            self._post(_resume_failed(refusal.field, refusal.why))
            self.wake_nowait()

    def begin_nowait(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._has_resumed = True
        self._game, self._mailbox = None, NO_MAIL
        self._decided.set()
        self.own_game.abandon_nowait()

    def put_nowait(self, text: str) -> None:
        self._unnumbered.append((0, text))
        self.wake_nowait()


def _resume_failed(field: str | None, message: str) -> v1.Error:
    return v1.Error(code="resume_failed", message=message, in_reply_to="resume", field=field)
