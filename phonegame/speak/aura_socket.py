"""One websocket to Deepgram's Aura: speaks one sentence after the other, for whoever has one."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum, auto

import structlog
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from phonegame.audio import BYTES_PER_SECOND
from phonegame.deepgram.speak_messages import CLEAR, CLOSE, FLUSH, Cleared, Flushed, Warned, parse, speak_message
from phonegame.listen.session import open_session
from phonegame.speak import aura_failures
from phonegame.speak.aura_limits import Allowance, AuraLimits
from phonegame.speak.aura_request import AuraRequest
from phonegame.speak.voice import SpeakError

SEND_SECONDS = 3
"""For a short message, which is never cut off in the middle: TLS does not survive that."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class State(Enum):
    OPENING = auto()
    FREE = auto()
    BUSY = auto()
    """Speaking, or forgetting what it was to speak."""
    LEAVING = auto()


class _Unusable(Exception):
    """The socket is thrown away. `failure` is for whoever it was speaking for."""

    def __init__(self, failure: SpeakError) -> None:
        super().__init__(str(failure))
        self.failure = failure


class AuraSocket:
    """`run` is its task; the pool calls the others. `on_free` is called whenever it could do more."""

    def __init__(self, model: str, limits: AuraLimits, on_free: Callable[[], None]) -> None:
        self.model = model
        self.state = State.OPENING
        self.free_since = -math.inf
        self._limits = limits
        self._on_free = on_free
        self._allowance = Allowance(limits)
        self._connection: WebSocketConnection | None = None
        self._opened_at = math.inf
        self._request: AuraRequest | None = None
        self._called = trio.Event()
        self._may_hear_stale_flushed = False
        """The last sentence was cleared: its Flushed may come late, in front of the next one's audio."""

    def takes(self, request: AuraRequest) -> bool:
        now = trio.current_time()
        return (
            self.state is State.FREE
            and self.model == request.model
            and self._connection is not None
            and self._connection.closed is None
            and now < self._opened_at + self._limits.life_seconds
            and self._allowance.allows(len(request.sound.text), now)
        )

    def give_nowait(self, request: AuraRequest) -> None:
        """To a socket that takes it."""
        self.state = State.BUSY
        self._request = request
        self._called.set()

    def leave_nowait(self) -> None:
        """Closes a socket that is free."""
        self.state = State.LEAVING
        self._called.set()

    async def run(self, url: str, key: str) -> AuraRequest | None:
        """Until it is idle for long, told to leave, or broken. Gives back a request that another one may fulfil.

        Raises DeepgramFailure where it cannot be opened.
        """
        unfulfilled: AuraRequest | None = None
        try:
            async with open_session(url, key) as session:
                # the session's own `receive` is for transcripts, and skips audio
                self._connection = session.connection
                self._opened_at = trio.current_time()
                try:
                    await self._work(self._connection)
                except ConnectionClosed as error:
                    unfulfilled = self._give_back(aura_failures.closed(error.reason, key))
                except _Unusable as error:
                    self._fail(error.failure)
        finally:
            self.state = State.LEAVING
            self._fail(aura_failures.ended())
        return unfulfilled

    async def _work(self, connection: WebSocketConnection) -> None:
        while (request := await self._next_request()) is not None:
            with request.attempt() as attempt:
                await self._speak(connection, request)
            self._may_hear_stale_flushed = attempt.cancelled_caught
            if attempt.cancelled_caught:
                await self._clear(connection)
            request.finish()
            self._request = None
        await _send(connection, CLOSE)

    async def _next_request(self) -> AuraRequest | None:
        """None: it is time to leave."""
        self._called = trio.Event()
        self.state = State.FREE
        self.free_since = trio.current_time()
        self._on_free()
        with trio.move_on_after(self._limits.idle_seconds):
            await self._called.wait()
        if self._request is None:
            self.state = State.LEAVING
        return self._request

    async def _speak(self, connection: WebSocketConnection, request: AuraRequest) -> None:
        text = request.sound.text
        self._allowance.spend(len(text), trio.current_time())
        await _send(connection, speak_message(text))
        await _send(connection, FLUSH)
        while True:
            message = await self._receive(connection, request)
            if isinstance(message, bytes):
                self._add(message, request)
                continue
            match parse(message):
                case Flushed() if request.has_begun or not self._may_hear_stale_flushed:
                    return
                case Flushed():
                    self._may_hear_stale_flushed = False
                case Warned(code, description):
                    log.warning("Deepgram's voice warns", code=code, description=description)

    async def _receive(self, connection: WebSocketConnection, request: AuraRequest) -> str | bytes:
        """While there is no sound yet, the caller knows how long to wait."""
        seconds = self._limits.silence_seconds if request.has_begun else math.inf
        with trio.move_on_after(seconds):
            return await connection.get_message()
        raise _Unusable(aura_failures.stalled(seconds))

    def _add(self, mulaw: bytes, request: AuraRequest) -> None:
        request.add(mulaw)
        if len(request.sound.audio) > self._limits.audio_seconds * BYTES_PER_SECOND:
            raise _Unusable(aura_failures.endless(self._limits.audio_seconds))

    async def _clear(self, connection: WebSocketConnection) -> None:
        """What was to be said is forgotten; what comes until then belongs to it, and is dropped."""
        await _send(connection, CLEAR)
        with trio.move_on_after(self._limits.clear_seconds):
            while True:
                message = await connection.get_message()
                if isinstance(message, str) and isinstance(parse(message), Cleared):
                    return
        raise _Unusable(aura_failures.ended())

    def _give_back(self, failure: SpeakError) -> AuraRequest | None:
        """A socket may have been closed while it was free: where nothing was heard yet, another one has a try."""
        request = self._request
        if request is None or request.is_done or request.has_begun or request.attempts > 1:
            self._fail(failure)
            return None
        self._request = None
        return request

    def _fail(self, failure: SpeakError) -> None:
        if self._request is not None:
            self._request.finish(failure)


async def _send(connection: WebSocketConnection, message: str) -> None:
    """Whole, even if nobody wants it any more. Raises _Unusable, ConnectionClosed."""
    with trio.move_on_after(SEND_SECONDS, shield=True):
        await connection.send_message(message)
        return
    raise _Unusable(aura_failures.ended())
