"""What all workers at one address have counted, whichever of them is asked.

Each answers its siblings at a Unix socket in a folder that the parent has made for them: `12.socket` is worker 12's.
Nothing is asked but by connecting; the answer is a list of `Family` in MessagePack, and the end of the stream.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import structlog
import trio
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.registry import Collector

ANSWER_SECONDS = 2
"""A worker that takes longer is left out: `phonegame_workers` tells."""
BACKLOG = 16

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Family(msgspec.Struct, array_like=True):
    """As `Metric`; of a sample name, labels and value."""

    name: str
    documentation: str
    type: str
    samples: list[tuple[str, dict[str, str], float]]


_decoder = msgspec.msgpack.Decoder(list[Family])


class SiblingMetrics:
    """`run` answers siblings, `as_text` asks them."""

    def __init__(self, folder: Path, number: int, own: Callable[[], Iterable[Metric]]) -> None:
        """`own`: what this worker has counted."""
        self._folder = folder
        self._number = number
        self._own = own

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Until it is cancelled."""
        assert sys.platform != "win32"
        path = self._folder / f"{self._number}.socket"
        with trio.socket.socket(socket.AF_UNIX) as listening:
            await listening.bind(str(path))
            listening.listen(BACKLOG)
            try:
                async with trio.open_nursery() as nursery:
                    await nursery.start(trio.serve_listeners, self._answer, [trio.SocketListener(listening)])
                    task_status.started()
            finally:
                path.unlink(missing_ok=True)

    async def as_text(self) -> str:
        """Prometheus' text format: each sample has a label `worker` with the number that logs have as well."""
        answers: dict[str, list[Family]] = {}

        async def ask(path: Path) -> None:
            if (families := await _asked(path)) is not None:
                answers[path.stem] = families

        async with trio.open_nursery() as nursery:
            for path in self._folder.glob("*.socket"):
                nursery.start_soon(ask, path)
        # in a thread: it takes a millisecond or two for each worker, in which calls would wait
        return await trio.to_thread.run_sync(_text, answers)

    async def _answer(self, stream: trio.SocketStream) -> None:
        families = [
            Family(
                each.name, each.documentation, each.type, [(one.name, one.labels, one.value) for one in each.samples]
            )
            for each in self._own()
        ]
        try:
            await stream.send_all(msgspec.msgpack.encode(families))
        except trio.BrokenResourceError:
            log.debug("a sibling has stopped asking for metrics")


async def _asked(path: Path) -> list[Family] | None:
    """None where nobody answers."""
    why: object
    try:
        with trio.fail_after(ANSWER_SECONDS):
            async with await trio.open_unix_socket(str(path)) as stream:
                return _decoder.decode(b"".join([chunk async for chunk in stream]))
    except trio.TooSlowError:
        why = f"no answer in {ANSWER_SECONDS} s"
    except (FileNotFoundError, ConnectionRefusedError):
        # it has ended, or was killed: the parent has told
        return None
    except (OSError, trio.BrokenResourceError, msgspec.DecodeError) as error:
        why = error
    log.warning("a worker does not tell its metrics", worker=path.stem, why=str(why))
    return None


class _Merged(Collector):
    def __init__(self, answers: dict[str, list[Family]]) -> None:
        self._answers = answers

    def collect(self) -> Iterable[Metric]:
        merged: dict[str, Metric] = {}
        for worker, families in self._answers.items():
            for family in families:
                metric = merged.setdefault(family.name, Metric(family.name, family.documentation, family.type))
                for name, labels, value in family.samples:
                    metric.add_sample(name, {**labels, "worker": worker}, value)
        count = Metric("phonegame_workers", "Workers whose metrics these are.", "gauge")
        count.add_sample("phonegame_workers", {}, len(self._answers))
        return [*merged.values(), count]


def _text(answers: dict[str, list[Family]]) -> str:
    registry = CollectorRegistry()
    registry.register(_Merged(answers))
    return generate_latest(registry).decode()
