"""Fills a sound from a thread, piece by piece, while trio goes on."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Sequence

import trio

from phonegame.speak.sound import Sound, WordTime

YIELD_SECONDS = 0.0002


class Threads:
    """At most so many threads at once for one purpose; the rest waits in line. One for each run of trio."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._limiter: trio.lowlevel.RunVar[trio.CapacityLimiter] = trio.lowlevel.RunVar("limiter")

    @property
    def limiter(self) -> trio.CapacityLimiter:
        try:
            return self._limiter.get()
        except LookupError:
            self._limiter.set(trio.CapacityLimiter(self._most))
            return self._limiter.get()


HandOver = Callable[[bytes, Sequence[WordTime]], bool]
"""Takes a piece of mu-law and the words that begin in it or behind it. False: no more is wanted. Never waits."""


async def fill_in_thread(
    sound: Sound,
    make: Callable[[HandOver], None],
    threads: Threads,
    *,
    first_within: float = math.inf,
    next_within: float = math.inf,
) -> None:
    """Runs `make` in a thread, which is left to itself when this is cancelled: nothing more is added then.

    Raises what `make` does, and trio.TooSlowError where a piece is not there within so many seconds.
    """
    token = trio.lowlevel.current_trio_token()
    stop = threading.Event()
    patience = trio.CancelScope(deadline=trio.current_time() + first_within)

    def add(mulaw: bytes, words: Sequence[WordTime]) -> None:
        if not stop.is_set() and mulaw:
            patience.deadline = trio.current_time() + next_within
            sound.words += words
            sound.add(mulaw)

    def hand_over(mulaw: bytes, words: Sequence[WordTime] = ()) -> bool:
        # no need to wait: a sentence is small, and trio keeps the order, the thread's end included
        with contextlib.suppress(trio.RunFinishedError):
            token.run_sync_soon(add, mulaw, words)
        # lets trio have the interpreter: on one core this thread would take it back before the other one wakes
        time.sleep(YIELD_SECONDS)
        return not stop.is_set()

    with patience:
        try:
            await trio.to_thread.run_sync(make, hand_over, limiter=threads.limiter, abandon_on_cancel=True)
        finally:
            stop.set()
    if patience.cancelled_caught:
        raise trio.TooSlowError
