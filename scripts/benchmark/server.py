"""The server under test: a process and a core of its own, whose CPU time and memory are read from outside."""

from __future__ import annotations

import contextlib
import importlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from .errors import BenchError
from .peers import Address

_FOLDER = Path(__file__).parent
# -P: else the folder of the script comes first on its path, and its files hide modules of the same names
COMMANDS = {
    "bridge": [sys.executable, "-P", str(_FOLDER / "bridge.py")],
    "phonegame": [sys.executable, "-m", "phonegame", "serve"],
    "characters": [sys.executable, "-P", str(_FOLDER / "character_server.py")],
}
_START_SECONDS = 20.0
_STOP_SECONDS = 2.0
"""Nobody answers its goodbyes any more."""
_FIRST_CODE = 1000
_NOT_INHERITED = ("CERT_PEM", "KEY_PEM", "DEEPGRAM_SPEAK_URL")
_SETTINGS = {"PHONEGAME_VOICE": "none", "DEEPGRAM_SPEAK_URL": "ws://127.0.0.1:9/v1/speak"}
"""Nothing is spoken to those who do not listen, and nothing goes to the real Deepgram."""
_ALLOWED_CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def psutil_module() -> ModuleType:
    try:
        return importlib.import_module("psutil")
    except ModuleNotFoundError:
        raise BenchError("psutil is missing; it comes with the test dependencies: pip install -e '.[test]'") from None


def cores() -> tuple[int, int] | None:
    """The server's and the generator's core; None where a process cannot be tied to one, or has only one."""
    if len(_ALLOWED_CORES) < 2:
        return None
    return _ALLOWED_CORES[0], _ALLOWED_CORES[1]


def _pin(which: int) -> None:
    """Ties this process, and what it starts from here on, to a core."""
    pair = cores()
    if pair:
        os.sched_setaffinity(0, {pair[which]})


@dataclass(frozen=True)
class Server:
    """A server that listens. CPU and memory are those of the process and of its children."""

    name: str
    address: Address
    process: subprocess.Popen[bytes]
    output: Path

    def game_address(self, _at: int) -> Address:
        return self.address

    def call_address(self, _at: int) -> Address:
        return self.address

    def cpu_seconds(self) -> float:
        """User and system time since its start."""
        times = [process.cpu_times() for process in self._processes()]
        return float(sum(time.user + time.system for time in times))

    def core_wait_seconds(self) -> float | None:
        """How long it was ready to run and its core was not free: Linux counts that for a process's main thread."""
        try:
            _running, waiting, _slices = Path(f"/proc/{self.process.pid}/schedstat").read_text().split()
        except (OSError, ValueError):
            return None
        return int(waiting) / 1e9

    def resident_bytes(self) -> int:
        return sum(process.memory_info().rss for process in self._processes())

    def check(self) -> None:
        """Raises `BenchError`, with its last words, when it is no longer there."""
        if self.process.poll() is not None:
            raise BenchError(f"{self.name} ended with exit code {self.process.returncode}:\n{self.last_words()}")

    def last_words(self) -> str:
        return "\n".join(self.output.read_text(errors="replace").splitlines()[-15:])

    def _processes(self) -> list[Any]:
        self.check()
        process = psutil_module().Process(self.process.pid)
        return [process, *process.children(recursive=True)]


@contextlib.contextmanager
def running(
    name: str, deepgram_url: str, codes: int, settings: Mapping[str, str] | None = None, *, pinned: bool = True
) -> Iterator[Server]:
    """Starts a server with exactly so many codes, waits until it listens, and ends it on the way out.

    `pinned`: it gets a core of its own, and so does this process.
    """
    address = ("127.0.0.1", free_port())
    environment = (
        _SETTINGS
        | {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
        | {
            "PROXY_URL": f"{address[0]}:{address[1]}",
            "DEEPGRAM_URL": deepgram_url,
            "DEEPGRAM_API_KEY": "bench",
            "PHONEGAME_CODES": f"{_FIRST_CODE}-{_FIRST_CODE + codes - 1}",
            **(settings or {}),
        }
    )
    with tempfile.TemporaryDirectory(prefix="phonegame-bench-", ignore_cleanup_errors=True) as folder:
        output = Path(folder, "output.txt")
        with output.open("wb") as sink:
            if pinned:
                _pin(0)  # the child inherits it
            # an empty folder to run in, so that no .env file of the developer's changes what is measured
            process = subprocess.Popen(
                COMMANDS[name],
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
            )
            if pinned:
                _pin(1)
        try:
            server = Server(name, address, process, output)
            _wait_until_it_listens(server)
            yield server
        finally:
            _stop(process)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _wait_until_it_listens(server: Server) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        server.check()
        with contextlib.suppress(OSError), socket.create_connection(server.address, timeout=1):
            return
        if time.monotonic() > deadline:
            raise BenchError(f"{server.name} does not listen after {_START_SECONDS:.0f} s:\n{server.last_words()}")
        time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
