"""The way to Redis (or Valkey, or a Redis Cluster): connected, watched, and connected anew when it is lost.

    async with open_redis(url) as redis:
        await redis.ask(lambda client: client.set("key", "value"))

What is asked while it is away fails with `RedisAway`, at once or after a bounded wait: whoever asks knows whether it
does harm to ask again. Each connection is a client of its own with its pool: nothing of a lost one is used again.
Source: https://coredis.readthedocs.io/en/stable/handbook/connections.html
"""

from __future__ import annotations

import contextlib
import logging
import math
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

import coredis
import structlog
import trio
from coredis.connection import TCPLocation
from coredis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    ClusterDownError,
    ReadOnlyError,
    RedisClusterError,
    ResponseError,
    TryAgainError,
)
from coredis.exceptions import ConnectionError as RedisConnectionError
from coredis.retry import NoRetryPolicy
from packaging.version import Version

from phonegame.groups import leaves

CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 3.0
"""A Redis that has not answered by then is away. What blocks on the server blocks for less."""
PING_SECONDS = 2.0
BLOCK_SECONDS = 1.5
STREAM_ENTRIES = 200
ASK_AGAIN_SECONDS = 0.1
OLDEST = Version("6.2")
"""XADD has NOMKSTREAM, and XTRIM has MINID."""
CLUSTER = "+cluster"
"""At the end of an address's scheme."""
PAUSES = (0.05, 0.2, 0.5, 1.0)
"""Between attempts to connect; the last one counts from then on."""

T = TypeVar("T")
Client = coredis.Redis[bytes] | coredis.RedisCluster[bytes]
log: structlog.stdlib.BoundLogger = structlog.get_logger()
# it tells of each attempt to connect in a hundred lines of traceback; here it is told in one
logging.getLogger("coredis").setLevel(logging.CRITICAL)


class RedisAway(Exception):
    """Redis cannot be reached, or has not answered: what was asked may have been done."""


class RedisRefuses(Exception):
    """Redis is there and does not let us in: a wrong password, or a version that is too old."""


_AWAY = (
    RedisConnectionError,
    TimeoutError,
    OSError,
    # of a replica that is not a master yet, a cluster that elects one, a server that reads its file
    ReadOnlyError,
    ClusterDownError,
    RedisClusterError,
    TryAgainError,
)

_CANNOT_NOW = ("OOM", "MISCONF", "NOREPLICAS", "LOADING", "MASTERDOWN", "command not allowed when used memory")
"""How answers begin of a server that is full, cannot save, or lacks replicas. It stays connected."""


class RedisLink:
    """`run` keeps it connected. All else may be used by any task meanwhile."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: Client | None = None
        self._up = trio.Event()
        self._lost = trio.Event()
        self.times_connected = 0

    @property
    def is_up(self) -> bool:
        return self._client is not None

    async def wait_until_up(self) -> None:
        while self._client is None:
            await self._up.wait()

    async def wait_to_ask_again(self) -> None:
        """Behind `RedisAway`, where whoever asks goes on for ever."""
        await trio.sleep(ASK_AGAIN_SECONDS)
        await self.wait_until_up()

    async def ask(self, command: Callable[[Client], Awaitable[T]], *, wait: float = 0) -> T:
        """The command's answer. Raises `RedisAway`: at once, or where Redis is not back in `wait` seconds.

        An error that is the command's own fault is raised as coredis has it.
        """
        if self._client is None and wait > 0:
            with trio.move_on_after(wait):
                await self.wait_until_up()
        client = self._client
        if client is None:
            await trio.lowlevel.checkpoint()
            raise RedisAway("Redis is not connected")
        try:
            return await command(client)
        except _AWAY as error:
            self._lose(client, error)
            raise RedisAway(f"Redis does not answer: {error}") from error
        except (AuthenticationError, AuthorizationError) as error:
            # a password that was changed: `run` says so, and goes on trying
            self._lose(client, error)
            raise RedisAway(f"Redis does not let us in: {error}") from error
        except ResponseError as error:
            if not str(error).startswith(_CANNOT_NOW):
                raise
            raise RedisAway(f"Redis cannot do it at present: {error}") from error
        except RuntimeError as error:
            if self._client is client:
                raise
            # coredis says this of a pool that has been left meanwhile
            raise RedisAway("the connection to Redis was lost") from error

    async def run_script(self, script: str, keys: Sequence[str], arguments: Sequence[str | bytes | int]) -> Any:
        """What it returns, as Redis has it. Raises `RedisAway`. Redis keeps scripts by their text."""
        return await self.ask(lambda client: client.eval(script, list(keys), list(arguments)))

    async def read_stream(self, stream: str, after: bytes) -> list[tuple[bytes, dict[bytes, bytes]]]:
        """Its next entries, each with its id; none where none comes in `BLOCK_SECONDS`. Raises `RedisAway`."""
        block = round(BLOCK_SECONDS * 1000)
        found = await self.ask(lambda client: client.xread({stream: after}, count=STREAM_ENTRIES, block=block))
        return [
            (
                as_bytes(entry.identifier),
                {as_bytes(name): as_bytes(value) for name, value in entry.field_values.items()},
            )
            for entries in (found or {}).values()
            for entry in entries
        ]

    def _lose(self, client: Client, error: Exception) -> None:
        if self._client is client:
            self._client = None
            self._lost.set()
            log.warning("Redis is away", why=str(error) or type(error).__name__)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """For ever. Started once the first attempt is over, good or bad. Raises `RedisRefuses` if that was refused."""
        is_first = True
        failed = 0
        while True:
            try:
                async with self._connected():
                    failed = 0
                    if is_first:
                        task_status.started()
                    is_first = False
                    await self._watch()
            except* _AWAY as group:
                why = str(leaves(group)[0]) or "it does not answer"
                if not failed:
                    log.warning("Redis cannot be reached", why=why)
                failed += 1
                if is_first:
                    task_status.started()
                is_first = False
            except* (AuthenticationError, AuthorizationError) as group:
                why = str(leaves(group)[0])
                if is_first:
                    raise RedisRefuses(f"PHONEGAME_REDIS_URL: Redis does not let us in: {why}") from None
                log.error("Redis does not let us in", why=why)
                failed += 1
            pause = PAUSES[min(failed, len(PAUSES)) - 1] if failed else PAUSES[0]
            # not all workers at once
            await trio.sleep(pause * random.uniform(0.75, 1.25))

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[None]:
        with trio.CancelScope() as attempt:
            attempt.deadline = trio.current_time() + CONNECT_SECONDS + ANSWER_SECONDS
            async with open_client(self._url) as client:
                await client.ping()
                if client.server_version is not None and client.server_version < OLDEST:
                    raise RedisRefuses(
                        f"PHONEGAME_REDIS_URL: Redis {client.server_version} is too old: {OLDEST} is needed"
                    )
                attempt.deadline = math.inf
                self._client, self._lost = client, trio.Event()
                self.times_connected += 1
                self._up.set()
                log.info("Redis is connected", times=self.times_connected)
                try:
                    yield
                finally:
                    self._client = None
                    self._lost.set()
                    self._up = trio.Event()
        if attempt.cancelled_caught:
            raise TimeoutError("it does not answer")

    async def _watch(self) -> None:
        while not self._lost.is_set():
            with trio.move_on_after(PING_SECONDS):
                await self._lost.wait()
                return
            with contextlib.suppress(RedisAway):
                await self.ask(lambda client: client.ping())


def open_client(url: str) -> Client:
    """Not connected yet: `async with`. Connects on demand, in a pool of its own, and never asks twice."""
    parts = urlsplit(url)
    options: dict[str, Any] = {
        "decode_components": True,
        "retry_policy": NoRetryPolicy(),
        "connect_timeout": CONNECT_SECONDS,
        "stream_timeout": ANSWER_SECONDS,
    }
    if not parts.scheme.endswith(CLUSTER):
        return coredis.Redis.from_url(url, **options)
    first = TCPLocation(parts.hostname or "", parts.port or 6379)
    scheme = parts.scheme.removesuffix(CLUSTER)
    return coredis.RedisCluster.from_url(parts._replace(scheme=scheme).geturl(), startup_nodes=[first], **options)


def as_bytes(value: str | bytes) -> bytes:
    """What it is already: coredis's types do not tell."""
    return value.encode() if isinstance(value, str) else value


@asynccontextmanager
async def open_redis(url: str) -> AsyncIterator[RedisLink]:
    """A link that is kept up inside of the block. Raises `RedisRefuses`, in a group."""
    link = RedisLink(url)
    async with trio.open_nursery() as nursery:
        await nursery.start(link.run)
        yield link
        nursery.cancel_scope.cancel()
