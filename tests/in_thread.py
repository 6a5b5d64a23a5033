"""For clients that block, such as schemathesis: trio in a thread of its own."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from typing import TypeVar

import trio

T = TypeVar("T")


@contextmanager
def in_thread(open_it: Callable[[], AbstractAsyncContextManager[T]]) -> Iterator[T]:
    """What `open_it` gives, while it is open over there. Its errors are raised here, at the end."""
    opened: queue.SimpleQueue[T] = queue.SimpleQueue()
    stop, token = trio.Event(), queue.SimpleQueue[trio.lowlevel.TrioToken]()

    async def run() -> None:
        token.put(trio.lowlevel.current_trio_token())
        async with open_it() as value:
            opened.put(value)
            await stop.wait()

    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(trio.run, run)
        loop = token.get(timeout=10)
        try:
            yield opened.get(timeout=30)
        finally:
            with suppress(trio.RunFinishedError):  # it has failed: `result` says why
                trio.from_thread.run_sync(stop.set, trio_token=loop)
            ended.result(timeout=30)
