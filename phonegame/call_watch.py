"""What a call waits for to come, each in a task of its own."""

from __future__ import annotations

from collections.abc import Callable

import trio

DEAD_AFTER_SECONDS = 10
"""Twilio sends fifty messages a second, silence included: a stream that is silent for so long is dead."""
REMIND_SECONDS = 15
"""While no code comes, the caller is asked for it so often."""


async def wait_dead(last_media: Callable[[], float]) -> None:
    """Returns when no audio comes any more. `last_media`: when the last has come, on trio's clock."""
    while True:
        due = last_media() + DEAD_AFTER_SECONDS
        if due <= trio.current_time():
            return
        await trio.sleep_until(due)


async def wait_joined(joined: trio.Event, seconds: float, remind: Callable[[], None]) -> bool:
    """Whether `joined` is set in time; the caller is reminded meanwhile."""
    with trio.move_on_after(seconds):
        while True:
            with trio.move_on_after(REMIND_SECONDS):
                await joined.wait()
                return True
            remind()
    return False
