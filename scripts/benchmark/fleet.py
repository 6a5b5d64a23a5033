"""Workers that share a Redis, each a process with an address of its own, as on machines behind a load balancer."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass

from .errors import BenchError
from .fleet_report import plural
from .peers import Address
from .server import Server, free_port, psutil_module, running

_REDIS_SECONDS = 10.0


@dataclass(frozen=True)
class Redis:
    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def commands(self) -> int:
        """That it has run so far, those of scripts included, this question not."""
        stats = dict(line.split(":", 1) for line in self._says("INFO stats").splitlines() if ":" in line)
        return int(stats["total_commands_processed"])

    def cpu_seconds(self) -> float:
        times = psutil_module().Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def answers(self) -> bool:
        with contextlib.suppress(OSError):
            return self._says("PING").startswith("+PONG")
        return False

    def _says(self, command: str) -> str:
        with socket.create_connection(("127.0.0.1", self.port), timeout=1) as sock, sock.makefile("rb") as answer:
            sock.sendall(f"{command}\r\nQUIT\r\n".encode())
            return answer.read().decode()


@dataclass(frozen=True)
class Fleet:
    """Games and calls are spread so that each pair of workers, where a worker is one with itself, has as many lines."""

    servers: list[Server]
    redis: Redis | None
    """None for a worker that needs none."""

    @property
    def name(self) -> str:
        return plural(len(self.servers))

    def game_address(self, at: int) -> Address:
        return self._of_game(at).address

    def call_address(self, at: int) -> Address:
        return self._of_call(at).address

    def is_across(self, at: int) -> bool:
        """The call's worker is another one than its game's."""
        return self._of_call(at) is not self._of_game(at)

    def cpu_seconds(self) -> float:
        return sum(server.cpu_seconds() for server in self.servers)

    def core_wait_seconds(self) -> float | None:
        """No core is a worker's own."""
        return None

    def check(self) -> None:
        for server in self.servers:
            server.check()

    def _of_game(self, at: int) -> Server:
        return self.servers[at % len(self.servers)]

    def _of_call(self, at: int) -> Server:
        return self.servers[at // len(self.servers) % len(self.servers)]


@contextlib.contextmanager
def running_fleet(workers: int, deepgram_url: str, codes: int) -> Iterator[Fleet]:
    """One worker keeps its switchboard in memory; more of them get a Redis, which ends with them."""
    with contextlib.ExitStack() as stack:
        redis = stack.enter_context(_running_redis()) if workers > 1 else None
        settings = {"PHONEGAME_REDIS_URL": redis.url} if redis else None
        servers = [
            stack.enter_context(running("phonegame", deepgram_url, codes, settings, pinned=False))
            for _ in range(workers)
        ]
        yield Fleet(servers, redis)


@contextlib.contextmanager
def _running_redis() -> Iterator[Redis]:
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        raise BenchError("redis-server is missing: apt-get install redis-server, or brew install redis")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="phonegame-bench-", ignore_cleanup_errors=True) as folder:
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder]
        command += ["--save", "", "--appendonly", "no"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            redis = Redis(process, port)
            _wait_until_it_answers(redis)
            yield redis
        finally:
            process.kill()
            process.wait()


def _wait_until_it_answers(redis: Redis) -> None:
    deadline = time.monotonic() + _REDIS_SECONDS
    while not redis.answers():
        if redis.process.poll() is not None or time.monotonic() > deadline:
            raise BenchError("redis-server does not answer")
        time.sleep(0.05)
