"""What a call waits for to come, each in a task of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

DEAD_AFTER_SECONDS = 10
"""Twilio sends fifty messages a second, silence included: a stream that is silent for so long is dead."""
HANG_UP_SECONDS = 60
"""How long a game's last words may take before the hang-up that it has asked for."""


async def wait_dead(last_media: Callable[[], float]) -> None:
    """Returns when no audio comes any more. `last_media`: when the last has come, on trio's clock."""
    while True:
        due = last_media() + DEAD_AFTER_SECONDS
        if due <= trio.current_time():
            return
        await trio.sleep_until(due)


async def wait_hang_up(asked: trio.Event, wait_said: Callable[[], Awaitable[None]]) -> None:
    """Returns when the game has asked for it, and its last words have been said."""
    await asked.wait()
    with trio.move_on_after(HANG_UP_SECONDS):
        await wait_said()
