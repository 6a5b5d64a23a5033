"""A real Redis server of a test's own: on a free port of this machine, in a folder of its own, gone at the end."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import trio

from tests.cable import Cable
from tests.far_network import FarNetwork
from tests.ports import free_port
from tests.programs import needed_program

START_SECONDS = 20
CLUSTER_SCHEME = "redis+cluster"


@dataclass
class RedisServer:
    """Runs, or does not: `stop` and `start` as often as a test likes. Its port stays the same."""

    program: str
    folder: Path
    port: int
    more: tuple[str, ...] = ()
    """Of its command line."""
    scheme: str = "redis"
    network: FarNetwork | None = None
    """Where it runs, if that is not this machine's loopback."""
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}/0"

    @property
    def host(self) -> str:
        return self.network.address if self.network else "127.0.0.1"

    def behind(self, cable: Cable) -> RedisServer:
        """The same, as those see it who reach it by that cable."""
        return replace(self, port=int(cable.address.rpartition(":")[2]))

    async def start(self) -> None:
        """With what it has saved, where `stop(save=True)` was the last that was done to it."""
        assert self.process is None
        command = [self.program, "--port", str(self.port), "--bind", self.host, "--dir", str(self.folder)]
        if self.network:
            command = [*self.network.command, *command, "--protected-mode", "no"]
        command += ["--save", "", "--appendonly", "no", "--daemonize", "no", "--logfile", "redis.log", *self.more]
        self.process = subprocess.Popen(  # noqa: ASYNC220 - takes no time
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        with trio.fail_after(START_SECONDS):
            # one that wants a password is up as well
            while not (await self._says("PING")).startswith(("+PONG", "-NOAUTH")):
                assert self.process.poll() is None, (self.folder / "redis.log").read_text()
                # nothing tells of a port that is about to open
                await trio.sleep(0.02)

    async def stop(self, *, save: bool = False) -> None:
        """In order: at once, and what it knows is kept only with `save`."""
        process, self.process = self.process, None
        assert process is not None
        await self._says("SHUTDOWN SAVE" if save else "SHUTDOWN NOSAVE")
        await trio.to_thread.run_sync(process.wait)

    def kill(self) -> None:
        """As when the machine dies."""
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait()

    def pause(self) -> None:
        """It takes connections, since the system does, and answers nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    async def follow(self, primary: RedisServer) -> None:
        """As its replica, which has all that it has when this returns."""
        assert await self._says(f"REPLICAOF 127.0.0.1 {primary.port}") == "+OK"
        with trio.fail_after(START_SECONDS):
            # nothing tells of it
            while (await self._info("replication"))["master_link_status"] != "up":  # noqa: ASYNC110
                await trio.sleep(0.02)

    async def catch_up(self, primary: RedisServer) -> None:
        """Returns when this replica has what its primary had when it was called."""
        wanted = int((await primary._info("replication"))["master_repl_offset"])
        with trio.fail_after(START_SECONDS):
            while int((await self._info("replication"))["slave_repl_offset"]) < wanted:  # noqa: ASYNC110
                await trio.sleep(0.02)

    async def promote(self) -> None:
        """A replica knows nothing of what comes to its primary from here on."""
        assert await self._says("REPLICAOF NO ONE") == "+OK"

    async def flush(self) -> None:
        """All keys are gone, as after a failover to an empty replica."""
        assert await self._says("FLUSHALL") == "+OK"

    async def commands(self) -> int:
        """That it has been given so far, this question included."""
        return int((await self._info("stats"))["total_commands_processed"])

    async def _info(self, section: str) -> dict[str, str]:
        lines = await self._lines(f"INFO {section}")
        return dict(line.split(":", 1) for line in lines if ":" in line)

    async def _lines(self, command: str) -> list[str]:
        async with await trio.open_tcp_stream(self.host, self.port) as stream:
            await stream.send_all(f"{command}\r\nQUIT\r\n".encode())
            return b"".join([chunk async for chunk in stream]).decode().split("\r\n")

    async def _says(self, command: str) -> str:
        """The first line of its answer; empty where nobody is there."""
        try:
            async with await trio.open_tcp_stream(self.host, self.port) as stream:
                await stream.send_all(f"{command}\r\n".encode())
                return (await stream.receive_some()).decode().partition("\r\n")[0]
        except OSError:
            return ""

    async def _has_cluster(self, nodes: int) -> bool:
        return {"cluster_state:ok", f"cluster_size:{nodes}"} <= set(await self._lines("CLUSTER INFO"))


SLOTS = 16384


async def join_into_cluster(nodes: Sequence[RedisServer]) -> None:
    """They share the slots. Each is a `cluster_node` that runs; takes two seconds."""
    for number, node in enumerate(nodes):
        first, last = SLOTS * number // len(nodes), SLOTS * (number + 1) // len(nodes) - 1
        assert await node._says(f"CLUSTER ADDSLOTSRANGE {first} {last}") == "+OK"
        # two nodes of one epoch take their time to agree
        assert await node._says(f"CLUSTER SET-CONFIG-EPOCH {number + 1}") == "+OK"
        if number:
            assert await nodes[0]._says(f"CLUSTER MEET 127.0.0.1 {node.port}") == "+OK"
    for node in nodes:
        with trio.fail_after(START_SECONDS):
            # nothing tells of it
            while not await node._has_cluster(len(nodes)):  # noqa: ASYNC110
                await trio.sleep(0.02)


@asynccontextmanager
async def redis_cluster(nodes: int = 1) -> AsyncIterator[list[RedisServer]]:
    """The test is skipped where no redis-server is installed."""
    with ExitStack() as stack:
        servers = [stack.enter_context(cluster_node()) for _ in range(nodes)]
        for server in servers:
            await server.start()
        await join_into_cluster(servers)
        yield servers


@asynccontextmanager
async def redis_server(*more: str, network: FarNetwork | None = None) -> AsyncIterator[RedisServer]:
    """One that runs. The test is skipped where no redis-server is installed. `more`: of its command line."""
    with unstarted_redis(*more, network=network) as server:
        await server.start()
        yield server


def cluster_node() -> AbstractContextManager[RedisServer]:
    """As `unstarted_redis`; for `join_into_cluster`, once it runs."""
    return unstarted_redis("--cluster-enabled", "yes", scheme=CLUSTER_SCHEME)


@contextmanager
def unstarted_redis(*more: str, scheme: str = "redis", network: FarNetwork | None = None) -> Iterator[RedisServer]:
    """One that is yet to be started, and is killed at the end."""
    program = needed_program("redis-server")
    with TemporaryDirectory() as folder:
        server = RedisServer(program, Path(folder), free_port(), more, scheme, network)
        try:
            yield server
        finally:
            server.kill()
