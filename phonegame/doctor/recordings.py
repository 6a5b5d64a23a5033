"""Whether calls can be recorded, and for how long."""

from __future__ import annotations

import shutil

import trio

from phonegame.doctor.finding import Finding, Outcome
from phonegame.recording.files import BYTES_PER_HOUR
from phonegame.recording.folder import folder_fault
from phonegame.settings import Settings

NAME = "recordings"
FEW_HOURS = 10


async def check_recordings(settings: Settings) -> Finding:
    folder = settings.recordings
    if folder is None:
        return Finding(NAME, Outcome.OK, "no call is recorded: PHONEGAME_RECORDINGS is not set")
    if (fault := await trio.to_thread.run_sync(folder_fault, folder)) is not None:
        return Finding(NAME, Outcome.FAULT, f"{str(folder)!r} {fault}")
    hours = (await trio.to_thread.run_sync(shutil.disk_usage, folder)).free // BYTES_PER_HOUR
    return finding_of_hours(hours, is_always=settings.record == "always")


def finding_of_hours(hours: int, *, is_always: bool) -> Finding:
    which = "every call is" if is_always else "calls are, where a game asks for it,"
    text = f"{which} recorded; there is room for {hours} hours"
    if hours >= FEW_HOURS:
        return Finding(NAME, Outcome.OK, text)
    return Finding(NAME, Outcome.WARNING, text, "Delete old recordings, or set PHONEGAME_RECORDINGS to a larger disk.")
