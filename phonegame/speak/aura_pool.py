"""A few websockets to Deepgram's Aura that speak for many calls, one sentence at a time."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Callable

import structlog
import trio

from phonegame.deepgram.failures import DeepgramFailure
from phonegame.speak import aura_failures
from phonegame.speak.aura_limits import AuraLimits
from phonegame.speak.aura_request import AuraRequest
from phonegame.speak.aura_socket import AuraSocket, State
from phonegame.speak.sound import Sound
from phonegame.speak.voice import SpeakError

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class AuraPool:
    """Opens a socket when a sentence finds none that is free, up to a ceiling; behind that, sentences wait in line.

    `url_of` makes the address for a model. `run` owns the sockets; while it does not run, sentences fail in time.
    """

    def __init__(self, url_of: Callable[[str], str], key: str, limits: AuraLimits | None = None) -> None:
        self._url_of = url_of
        self._key = key
        self._limits = limits or AuraLimits()
        self._waiting: deque[AuraRequest] = deque()
        self._sockets: list[AuraSocket] = []
        self._to_warm: set[str] = set()
        self._arrange_again = trio.Event()
        self._failures_in_a_row = 0
        self._open_after = 0.0
        self._last_failure: SpeakError | None = None

    async def speak(self, model: str, sound: Sound) -> None:
        """Fills `sound`. Raises SpeakError. Cancelled, it leaves the rest to the socket, and adds nothing more."""
        request = AuraRequest(model, sound)
        self._waiting.append(request)
        self._arrange_again.set()
        try:
            with trio.move_on_after(self._limits.first_sound_seconds):
                await request.wait_begun()
            if not request.has_begun:
                raise aura_failures.late(self._limits.first_sound_seconds, self._last_failure)
            await request.wait_done()
        finally:
            request.abandon_nowait()
            if request in self._waiting:
                self._waiting.remove(request)

    def warm_nowait(self, model: str) -> None:
        """A sentence is to be expected soon: a socket is opened for it, if there is none."""
        if all(socket.model != model for socket in self._sockets):
            self._to_warm.add(model)
            self._arrange_again.set()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Runs until it is cancelled; the sentences that wait then fail."""
        try:
            async with trio.open_nursery() as nursery:
                task_status.started()
                while True:
                    self._arrange_again = trio.Event()
                    self._hand_out()
                    for socket in self._missing():
                        self._sockets.append(socket)
                        nursery.start_soon(self._keep, socket)
                    await self._arrange_again.wait()
        finally:
            for request in self._waiting:
                request.finish(aura_failures.ended())

    def _hand_out(self) -> None:
        free = [socket for socket in self._sockets if socket.state is State.FREE]
        for request in list(self._waiting) if free else ():
            able = [socket for socket in free if socket.takes(request)]
            if able:
                # the one used last, so that those which are not needed grow idle
                max(able, key=lambda socket: socket.free_since).give_nowait(request)
                self._waiting.remove(request)

    def _missing(self) -> list[AuraSocket]:
        """Those to open for the requests that wait. Makes room by closing free ones that cannot serve any of them."""
        opening = Counter(socket.model for socket in self._sockets if socket.state is State.OPENING)
        wanted = (Counter(request.model for request in self._waiting) | Counter(self._to_warm)) - opening
        models = list(wanted.elements())
        if self._failures_in_a_row:
            # one tries whether it is possible again
            models = models[: 0 if opening else 1]
        room = self._limits.sockets - len(self._sockets)
        self._make_room(len(models) - room)
        return [AuraSocket(model, self._limits, self._freed) for model in models[: max(room, 0)]]

    def _freed(self) -> None:
        self._failures_in_a_row = 0
        self._last_failure = None
        self._arrange_again.set()

    def _make_room(self, count: int) -> None:
        count -= sum(socket.state is State.LEAVING for socket in self._sockets)
        free = sorted((s for s in self._sockets if s.state is State.FREE), key=lambda socket: socket.free_since)
        for socket in free[: max(count, 0)]:
            socket.leave_nowait()

    def _is_wanted(self, model: str) -> bool:
        return model in self._to_warm or any(request.model == model for request in self._waiting)

    async def _keep(self, socket: AuraSocket) -> None:
        """One socket's life."""
        try:
            await trio.sleep_until(self._open_after)
            if self._is_wanted(socket.model):
                self._to_warm.discard(socket.model)
                unfulfilled = await socket.run(self._url_of(socket.model), self._key)
                if unfulfilled is not None and not unfulfilled.is_done:
                    self._waiting.appendleft(unfulfilled)
        except DeepgramFailure as failure:
            self._note(failure, socket.model)
        except Exception:
            # it must not take down the others, nor the server
            log.exception("error of ours; a connection to Deepgram's voices ends")
            self._back_off()
        finally:
            self._sockets.remove(socket)
            self._arrange_again.set()

    def _note(self, failure: DeepgramFailure, model: str) -> None:
        self._last_failure = aura_failures.refused(failure, model)
        if not failure.passing:
            log.warning("no connection to Deepgram's voices", why=str(self._last_failure))
            for request in list(self._waiting):
                if request.model == model:
                    request.finish(self._last_failure)
                    self._waiting.remove(request)
        elif trio.current_time() >= self._open_after:  # else another one was opened at the same time, and told it
            log.warning("no connection to Deepgram's voices; trying again", why=str(self._last_failure))
            self._back_off()

    def _back_off(self) -> None:
        seconds = min(self._limits.backoff_seconds * 2**self._failures_in_a_row, self._limits.backoff_most_seconds)
        self._failures_in_a_row += 1
        self._open_after = trio.current_time() + seconds * random.uniform(0.5, 1)
