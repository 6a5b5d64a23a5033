"""Recordings that were not finished because their server was killed. All of this is for a thread.

What there is of them plays; only their names still end in `.part`. Those that another server writes are left alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from phonegame.recording.files import PART, lock

# the folder may hold other people's files
_OURS = re.compile(r"\d{8}-\d{6}-[0-9a-f]{16}(-\d+)?[.](wav|jsonl)" + re.escape(PART))


def finish_left_behind(folder: Path) -> tuple[list[str], list[str]]:
    """Gives the names that they have from here on, and those that could not be given another. Never raises."""
    finished, unfinished = list[str](), list[str]()
    for path in _parts(folder):
        name = path.with_name(path.name.removesuffix(PART))
        try:
            if not _is_left_behind(path):
                continue
            if name.exists():
                raise FileExistsError(name)
            path.rename(name)
        except OSError:
            unfinished.append(path.name)
        else:
            finished.append(name.name)
    return finished, unfinished


def _parts(folder: Path) -> Iterator[Path]:
    try:
        yield from sorted(path for path in folder.iterdir() if _OURS.fullmatch(path.name))
    except OSError:
        return


def _is_left_behind(path: Path) -> bool:
    """Where there are no locks, a system that does not rename open files says the rest."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        return lock(descriptor)
    finally:
        os.close(descriptor)
