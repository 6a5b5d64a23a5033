"""`/metrics` of several workers: all of them, whichever is asked."""

from __future__ import annotations

import math
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.parser import text_string_to_metric_families

from phonegame.workers import metrics
from phonegame.workers.metrics import SiblingMetrics
from tests.http_client import fetch
from tests.redis_server import redis_server
from tests.serving import Serving, open_serving

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="on Windows, processes cannot share an address")

Samples = dict[tuple[str, str], float]
"""By name and worker; what has several labels is added up."""


def samples_of(text: str) -> Samples:
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = sample.name, sample.labels.get("worker", "")
            found[key] = found.get(key, 0) + sample.value
    return found


def workers_of(samples: Samples) -> set[str]:
    return {worker for _, worker in samples if worker}


@asynccontextmanager
async def sibling(folder: Path, number: int, calls: int = 0) -> AsyncIterator[SiblingMetrics]:
    registry = CollectorRegistry()
    ended = Counter("calls", "Calls.", ["reason"], registry=registry)
    ended.labels("caller_hung_up").inc(calls)
    Gauge("most", "A bound.", registry=registry).set(math.inf)
    async with trio.open_nursery() as nursery:
        siblings = SiblingMetrics(folder, number, registry.collect)
        await nursery.start(siblings.run)
        yield siblings
        nursery.cancel_scope.cancel()


async def test_each_tells_of_all(tmp_path: Path) -> None:
    async with sibling(tmp_path, 3, calls=5) as third, sibling(tmp_path, 12, calls=7) as twelfth:
        for asked in (third, twelfth):
            samples = samples_of(await asked.as_text())
            assert samples["calls_total", "3"] == 5
            assert samples["calls_total", "12"] == 7
            assert samples["most", "3"] == math.inf
            assert samples["phonegame_workers", ""] == 2


async def test_one_that_has_ended_is_left_out(tmp_path: Path) -> None:
    async with sibling(tmp_path, 1) as first:
        async with sibling(tmp_path, 2):
            pass
        assert workers_of(samples_of(await first.as_text())) == {"1"}


async def test_one_that_was_killed_is_left_out(tmp_path: Path) -> None:
    with trio.socket.socket(trio.socket.AF_UNIX) as killed:
        await killed.bind(str(tmp_path / "2.socket"))
    async with sibling(tmp_path, 1) as first:
        assert workers_of(samples_of(await first.as_text())) == {"1"}


@pytest.mark.parametrize("answer", [b"", b"nonsense", None])
async def test_one_that_does_not_answer_in_time_or_in_order_is_left_out(
    tmp_path: Path, answer: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "ANSWER_SECONDS", 0.2)

    async def serve(stream: trio.SocketStream) -> None:
        if answer is None:
            await trio.sleep_forever()
        else:
            await stream.send_all(answer)

    with trio.socket.socket(trio.socket.AF_UNIX) as listening:
        await listening.bind(str(tmp_path / "2.socket"))
        listening.listen()
        async with sibling(tmp_path, 1) as first, trio.open_nursery() as nursery:
            await nursery.start(trio.serve_listeners, serve, [trio.SocketListener(listening)])
            samples = samples_of(await first.as_text())
            nursery.cancel_scope.cancel()
    assert workers_of(samples) == {"1"}
    assert samples["phonegame_workers", ""] == 1


async def _asked(serving: Serving) -> Samples:
    answer = await fetch(serving.house.address, "GET", "/metrics")
    assert answer.status == 200
    return samples_of(answer.text)


@pytest.mark.slow
async def test_of_a_fleet() -> None:
    async with redis_server() as redis, open_serving("--workers", "2", PHONEGAME_REDIS_URL=redis.url) as serving:
        await serving.has_said("worker listens", 2)
        async with serving.line():
            # connections are dealt out: one or the other answers
            for _ in range(8):
                samples = await _asked(serving)
                assert workers_of(samples) == {"1", "2"}
                for name in ("phonegame_games_now", "phonegame_calls_now"):
                    assert sum(value for (which, _), value in samples.items() if which == name) == 1
        os.kill(serving.pids[1], signal.SIGKILL)
        await serving.has_said("worker listens", 3)
        assert workers_of(await _asked(serving)) == {"2", "3"}
