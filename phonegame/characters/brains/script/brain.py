"""The brain that follows a script. It needs nothing but the script's text, which the persona carries."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from phonegame.characters.brains.script.mind import ScriptMind
from phonegame.characters.brains.script.progress import from_json


class ScriptBrain:
    """Plays every persona that has a script. `seed`: for replies that are the same each time."""

    name = "script"

    def __init__(self, seed: int | None = None) -> None:
        self._seed = seed

    @asynccontextmanager
    async def open(self, state: Any = None) -> AsyncGenerator[ScriptMind, None]:
        yield ScriptMind(from_json(state), random.Random(self._seed))
