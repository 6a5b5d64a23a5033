"""A caller who talks with a script."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from phonegame.characters.brains.script.brain import ScriptBrain
from phonegame.characters.persona import Persona
from tests.characters.talker import Talker


@asynccontextmanager
async def talker(script: str, state: Any = None, seed: int = 1) -> AsyncGenerator[Talker, None]:
    async with ScriptBrain(seed).open(state) as mind:
        yield Talker(mind, Persona(name="Test", script=script))
