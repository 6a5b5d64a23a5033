"""Virtual environments: made, filled from requirements.lock, and left alone while nothing changed.

Runs on a bare system Python, so: the standard library only, and no syntax in here that an old Python cannot
even read, since telling its user so is this module's job.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
PYPROJECT = ROOT / "pyproject.toml"

OLDEST_PYTHON = (3, 11)
_NEW_ENOUGH = ("python3.13", "python3.12", "python3.11", "python3.14")
STAMP = "phonegame-stamp.json"
"""Written into an environment as the last step of making it: without it, the environment is half made."""


class EnvironmentFault(Exception):
    """No environment can be made here; the text says what to do about it."""


def require_python() -> None:
    """Ends the script with a sentence, rather than a traceback, on a Python that is too old for phonegame."""
    if sys.version_info >= OLDEST_PYTHON:
        return
    newer = next((path for path in map(shutil.which, _NEW_ENOUGH) if path), None)
    advice = f"Run it with {newer}." if newer else "Get one from https://www.python.org/downloads/"
    raise SystemExit(f"phonegame needs Python 3.11 or later, and this is {platform.python_version()}. {advice}")


def venv_python(directory: Path) -> Path:
    return directory / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def ensure(directory: Path, extras: Sequence[str], interpreter: str = sys.executable) -> Path:
    """Makes the environment in `directory`, or brings it up to date; returns its Python.

    Fast when there is nothing to do. What is half made (has no stamp) or was made for another interpreter is
    made anew; when only the lock or pyproject.toml changed, pip brings it up to date.

    Raises EnvironmentFault.
    """
    wanted = {"interpreter": _describe(interpreter), "inputs": _hash_inputs(extras)}
    found = _read_stamp(directory)
    python = venv_python(directory)
    if found == wanted and python.exists():
        return python
    if found.get("interpreter") != wanted["interpreter"] or not python.exists():
        _make(directory, interpreter)
    # from here to the end, an interruption leaves an environment that is recognised as half made
    (directory / STAMP).unlink(missing_ok=True)
    _install(python, extras)
    (directory / STAMP).write_text(json.dumps(wanted), encoding="utf-8")
    return python


def _describe(interpreter: str) -> str:
    """Version and home of an interpreter: what an environment made from it depends on."""
    if Path(interpreter).samefile(sys.executable):
        return f"{platform.python_version()} in {sys.base_prefix}"
    question = "import platform, sys; print(platform.python_version(), 'in', sys.base_prefix)"
    return subprocess.run([interpreter, "-c", question], check=True, capture_output=True, text=True).stdout.strip()


def _hash_inputs(extras: Sequence[str]) -> str:
    """One hash over the lock, pyproject.toml, the extras, and the place an editable install points to."""
    parts = [LOCK.read_bytes(), PYPROJECT.read_bytes(), repr((sorted(extras), str(ROOT))).encode()]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def _read_stamp(directory: Path) -> dict[str, str]:
    try:
        stamp = json.loads((directory / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _make(directory: Path, interpreter: str) -> None:
    print(f"Making the virtual environment {directory.name} ...", flush=True)
    if directory.exists():
        shutil.rmtree(directory)
    # asked first, since venv without ensurepip leaves a directory without pip behind, and wordy advice
    has_parts = _run([interpreter, "-c", "import ensurepip, venv"], quiet=True) == 0
    if not has_parts or _run([interpreter, "-m", "venv", str(directory)]) != 0:
        raise EnvironmentFault(
            f"{interpreter} could not make a virtual environment in {directory}"
            + ("; its own words are above." if has_parts else ": its module venv or ensurepip is missing.")
            + "\nOn Debian and Ubuntu: sudo apt install python3-venv (for one version, say: python3.13-venv)."
        )


def _install(python: Path, extras: Sequence[str]) -> None:
    """Every version, also that of the build backend, comes from the lock.

    Pip's own environment for the build takes constraints from a variable: up to pip 25.2 from PIP_CONSTRAINT,
    after that from PIP_BUILD_CONSTRAINT. The paths are relative, since pip splits both variables at spaces.
    """
    print("Installing phonegame and what it needs: this takes a minute, once ...", flush=True)
    constraints = {"PIP_CONSTRAINT": LOCK.name, "PIP_BUILD_CONSTRAINT": LOCK.name}
    target = f".[{','.join(extras)}]"
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--editable", target]
    if _run(install, env={**os.environ, **constraints}) != 0:
        raise EnvironmentFault(
            "pip could not install what phonegame needs; its own words are above.\n"
            "The first run needs the internet (behind a proxy: set HTTPS_PROXY). Then run this again."
        )


def _run(command: Sequence[str], env: dict[str, str] | None = None, quiet: bool = False) -> int:
    """Runs a command in the project's root; returns its exit code. Its output is shown, unless `quiet`."""
    stream = subprocess.DEVNULL if quiet else None
    return subprocess.run(command, cwd=ROOT, env=env, stdout=stream, stderr=stream, check=False).returncode
