"""Each switchboard runs through the same tests. To add one: a function like `open_memory`, and its line in
`IMPLEMENTATIONS`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from random import Random
from typing import Any

import pytest

from phonegame.codes import CodePool
from phonegame.switchboard import (
    Switchboard,
)
from phonegame.switchboard.memory import MemorySwitchboard

OpenSwitchboard = Callable[..., AbstractAsyncContextManager[Switchboard]]


@asynccontextmanager
async def open_memory(codes: list[str]) -> AsyncIterator[Switchboard]:
    yield MemorySwitchboard(CodePool(codes, random=Random(1)))


IMPLEMENTATIONS: dict[str, OpenSwitchboard] = {"memory": open_memory}


@pytest.fixture(params=IMPLEMENTATIONS)
def implementation(request: Any) -> OpenSwitchboard:
    return IMPLEMENTATIONS[request.param]


@pytest.fixture
async def switchboard(implementation: OpenSwitchboard) -> AsyncIterator[Switchboard]:
    """Three codes."""
    async with implementation(["1", "2", "3"]) as switchboard:
        yield switchboard
