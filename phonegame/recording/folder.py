"""Where recordings are kept."""

from __future__ import annotations

import tempfile
from pathlib import Path


def folder_fault(folder: Path) -> str | None:
    """Why nothing can be written there, as the end of a sentence that begins with its name; None: it can."""
    if not folder.exists():
        return "does not exist; create it"
    if not folder.is_dir():
        return "is no folder"
    try:
        # permissions alone do not tell: a file system may be read-only, or full
        with tempfile.TemporaryFile(dir=folder, prefix=".phonegame-") as probe:
            probe.write(b"\0")
    except OSError as error:
        return f"cannot be written to ({error.strerror}); check its permissions, and the disk"
    return None
