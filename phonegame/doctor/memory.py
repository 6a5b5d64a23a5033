"""What is remembered of callers: the file."""

from __future__ import annotations

import os
from contextlib import closing

import trio

from phonegame.characters.keeping.opening import open_memory
from phonegame.characters.keeping.records import count
from phonegame.doctor.finding import Finding, Outcome
from phonegame.settings import Settings, SettingsError

NAME = "memory"


async def check_memory(settings: Settings) -> Finding:
    return await trio.to_thread.run_sync(_check, settings, abandon_on_cancel=True)


def _check(settings: Settings) -> Finding:
    path = settings.memory
    if path is None:
        return Finding(NAME, Outcome.OK, "PHONEGAME_MEMORY is not set: each call to a character is the first one")
    if not path.exists():
        if os.access(path.absolute().parent, os.W_OK | os.X_OK):
            return Finding(NAME, Outcome.OK, f"the server will make {path}")
        fix = "Its folder must belong to whoever runs the server, or PHONEGAME_MEMORY name another one."
        return Finding(NAME, Outcome.FAULT, f"{path} cannot be made.", fix)
    try:
        file = open_memory(settings, create=False)
    except SettingsError as error:
        return Finding(NAME, Outcome.FAULT, error.faults[0])
    assert file is not None
    with closing(file):
        if (fault := file.fault()) is not None:
            return Finding(NAME, Outcome.FAULT, f"PHONEGAME_MEMORY: {fault}")
        return Finding(NAME, Outcome.OK, f"{count(file)} conversations are kept in {path}")
