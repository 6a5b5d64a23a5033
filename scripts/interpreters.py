"""Finds installed Pythons by version: this one, the path, pyenv, the launcher of Windows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


def find_interpreter(version: str) -> str | None:
    """The path of a working interpreter of this version ("3.13"), or None."""
    if version == this_version():
        return sys.executable
    return next((found for command in _candidates(version) if (found := _ask(command, version))), None)


def this_version() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _candidates(version: str) -> Iterator[list[str]]:
    """Commands that may start this version; some only say that it is not there, as the shims of pyenv do."""
    if found := shutil.which(f"python{version}"):
        yield [found]
    for installed in _pyenv_versions(version):
        yield [str(installed / name) for name in ("bin/python", "python.exe") if (installed / name).exists()]
    if launcher := shutil.which("py"):
        yield [launcher, f"-{version}"]
    for name in ("python3", "python"):
        if found := shutil.which(name):
            yield [found]


def _pyenv_versions(version: str) -> list[Path]:
    """pyenv's homes for this version, the newest first."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    homes = [*root.glob(f"versions/{version}.*"), *root.glob(f"pyenv-win/versions/{version}.*")]
    return sorted((home for home in homes if home.name.split(".")[2:][0].isdigit()), key=_patch_number, reverse=True)


def _patch_number(home: Path) -> int:
    return int(home.name.split(".")[2])


def _ask(command: list[str], version: str) -> str | None:
    """Where the interpreter behind a command is, if it runs and is of this version."""
    question = "import sys; print(sys.executable); print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([*command, "-c", question], capture_output=True, text=True, timeout=20, check=True)
        path, answered_version = answer.stdout.splitlines()
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return path if answered_version == version else None
