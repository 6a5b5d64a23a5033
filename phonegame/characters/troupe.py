"""Everybody who can play characters, for the whole process: scripts, and the server's model."""

from __future__ import annotations

import structlog
import trio

from phonegame.characters.brain import Brain, BrainMissing
from phonegame.characters.brains import find_brain
from phonegame.characters.brains.model_brain import ModelBrain
from phonegame.characters.brains.script.brain import ScriptBrain
from phonegame.characters.persona import Persona

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Troupe:
    """Give `run` a task: the model's connections are its. What keeps the model from playing is raised by `find`."""

    def __init__(self, model: str = "", *, url: str = "", key: str = "") -> None:
        self._script = ScriptBrain()
        self._model: ModelBrain | None = None
        self._why_none = ""
        try:
            self._model = find_brain(model, url=url, key=key)
        except BrainMissing as missing:
            self._why_none = str(missing)
            if model:
                log.warning("no character without a script can be played", why=self._why_none)
        self._is_wanted = trio.Event()

    def find(self, persona: Persona) -> Brain:
        """Who plays it: a reply is soon wanted. Raises `BrainMissing`."""
        if persona.script:
            return self._script
        if self._model is None:
            raise BrainMissing(self._why_none)
        self._is_wanted.set()
        return self._model

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Until it is cancelled."""
        if self._model is None:
            task_status.started()
            return
        async with self._model as model:
            task_status.started()
            while True:
                await self._is_wanted.wait()
                self._is_wanted = trio.Event()
                await model.warm()
