"""What a process holds on to: counted before and after, to find what was left behind."""

from __future__ import annotations

import gc
from dataclasses import dataclass

import psutil
import trio


@dataclass(frozen=True, slots=True)
class Holdings:
    """`channels` are the ends of memory channels that something still refers to."""

    tasks: int
    sockets: int
    channels: int

    def __le__(self, other: Holdings) -> bool:
        return self.tasks <= other.tasks and self.sockets <= other.sockets and self.channels <= other.channels


def holdings() -> Holdings:
    gc.collect()
    channels: tuple[type, ...] = (trio.MemorySendChannel, trio.MemoryReceiveChannel)
    return Holdings(
        tasks=trio.lowlevel.current_statistics().tasks_living,
        sockets=len(psutil.Process().net_connections("tcp")),
        channels=sum(isinstance(found, channels) for found in gc.get_objects()),
    )


async def back_to(before: Holdings) -> Holdings:
    """Gives what is held once that is no more than `before`, or after some seconds: assert on it."""
    with trio.move_on_after(5):  # noqa: ASYNC912 - there may be nothing to wait for
        while not (held := holdings()) <= before:  # noqa: ASYNC110 - nothing tells when a task has ended
            await trio.sleep(0.1)
        return held
    return holdings()
