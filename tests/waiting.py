"""For what nothing tells of."""

from __future__ import annotations

from collections.abc import Callable

import trio


async def holds(condition: Callable[[], bool], seconds: float = 20) -> None:
    with trio.fail_after(seconds):  # noqa: ASYNC912 - it may hold already
        while not condition():  # noqa: ASYNC110
            await trio.sleep(0.01)
