"""`phonegame serve --workers N` with real processes."""

from __future__ import annotations

import os
import signal
import sys

import pytest
import trio

from phonegame.local.text_game import Closed
from tests.http_client import fetch
from tests.redis_server import redis_server
from tests.serving import Serving, are_gone, command, is_alive, open_serving
from tests.waiting import holds

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="on Windows, processes cannot share an address"),
]

LINES = 12
RESTARTS = Closed(1012, "the server restarts; connect again")


async def is_ready(serving: Serving) -> bool:
    return (await fetch(serving.house.address, "GET", "/readyz")).status == 200


async def has_workers(serving: Serving, count: int) -> None:
    await serving.has_said("worker listens", count)


async def test_a_killed_worker_is_replaced() -> None:
    async with redis_server() as redis, open_serving("--workers", "2", PHONEGAME_REDIS_URL=redis.url) as serving:
        await has_workers(serving, 2)
        os.kill(serving.pids[1], signal.SIGKILL)
        ended = await serving.has_said("worker has ended by itself")
        assert (ended["worker"], ended["status"]) == (1, -signal.SIGKILL)
        await has_workers(serving, 3)
        assert is_alive(serving.pids[2])
        # those that came to its place meanwhile have waited
        assert all([await is_ready(serving) for _ in range(8)])


async def test_a_worker_that_is_told_to_terminate_makes_room() -> None:
    async with redis_server() as redis, open_serving("--workers", "2", PHONEGAME_REDIS_URL=redis.url) as serving:
        await has_workers(serving, 2)
        os.kill(serving.pids[2], signal.SIGTERM)
        await has_workers(serving, 3)
        assert await is_ready(serving)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_all_stop_together(number: int) -> None:
    async with redis_server() as redis, open_serving("--workers", "2", PHONEGAME_REDIS_URL=redis.url) as serving:
        await has_workers(serving, 2)
        async with serving.line() as (game, caller):
            serving.signal(number)
            await serving.has_said("stopping", 2)
            await caller.says("one pizza")
            await game.hears("one pizza")
            await caller.phone.hang_up()
            assert await game.next() == RESTARTS
        assert await serving.ends() == 0
        assert not any(map(is_alive, serving.pids.values()))


async def test_a_second_signal_ends_all_at_once() -> None:
    async with (
        redis_server() as redis,
        open_serving("--workers", "2", PHONEGAME_REDIS_URL=redis.url, PHONEGAME_STOP_SECONDS="600") as serving,
    ):
        await has_workers(serving, 2)
        async with serving.line() as (_, caller):
            serving.signal(signal.SIGTERM)
            await serving.has_said("stopping", 2)
            while serving.process.poll() is None:
                serving.signal(signal.SIGTERM)
                with trio.move_on_after(0.5):
                    await serving.ends()
            assert (await caller.phone.wait_ended()).by == "server"
        assert not any(map(is_alive, serving.pids.values()))


async def test_a_killed_parent_leaves_no_workers_behind() -> None:
    async with redis_server() as redis, open_serving("--workers", "2", PHONEGAME_REDIS_URL=redis.url) as serving:
        await has_workers(serving, 2)
        async with serving.line() as (game, caller):
            serving.process.kill()
            await serving.has_said("stopping", 2)
            await caller.says("one pizza")
            await game.hears("one pizza")
            await caller.phone.hang_up()
        # the last one that could write to the log has gone
        await are_gone(*serving.pids.values())


class TestRollingRestart:
    async def test_nobody_is_refused_and_no_line_is_cut(self) -> None:
        async with redis_server() as redis, open_serving("--workers", "2", PHONEGAME_REDIS_URL=redis.url) as serving:
            await has_workers(serving, 2)
            async with serving.line() as (game, caller), trio.open_nursery() as nursery:
                answers: list[bool] = []

                async def keep_asking() -> None:
                    while True:
                        answers.append(await is_ready(serving))

                nursery.start_soon(keep_asking)
                serving.signal(signal.SIGHUP)
                await serving.has_said("all workers are replaced")
                assert set(serving.pids) == {1, 2, 3, 4}
                await caller.says("one pizza")
                await game.hears("one pizza")
                await caller.phone.hang_up()
                assert await game.next() == RESTARTS
                nursery.cancel_scope.cancel()
            assert len(answers) > 1
            assert all(answers)
            await are_gone(serving.pids[1], serving.pids[2])
            async with serving.line() as (game, caller):
                await caller.says("two")
                await game.hears("two")

    async def test_under_load_every_line_goes_on_to_its_end(self) -> None:
        async with redis_server() as redis, open_serving("--workers", "2", PHONEGAME_REDIS_URL=redis.url) as serving:
            await has_workers(serving, 2)
            is_replaced = trio.Event()
            talking: list[int] = []

            async def talk(number: int) -> None:
                async with serving.line() as (game, caller):
                    talking.append(number)
                    said = 0
                    while said < 2 or not is_replaced.is_set():
                        said += 1
                        await caller.says(f"line {number} sentence {said}")
                        await game.hears(f"line {number} sentence {said}")
                    await caller.phone.hang_up()
                    assert await game.next() == RESTARTS

            async with trio.open_nursery() as nursery:
                for number in range(LINES):
                    nursery.start_soon(talk, number)
                await holds(lambda: len(talking) == LINES, seconds=40)
                serving.signal(signal.SIGHUP)
                await serving.has_said("all workers are replaced")
                assert serving.pids.keys() == {1, 2, 3, 4}
                is_replaced.set()
            await are_gone(serving.pids[1], serving.pids[2])
            # none of them because it had to
            ends = [line["why"] for line in serving.says("call ended")]
            assert len(ends) >= LINES
            assert set(ends) == {"the caller hung up"}

    async def test_goes_no_further_where_the_next_worker_does_not_start(self) -> None:
        async with redis_server() as redis, open_serving("--workers", "2", PHONEGAME_REDIS_URL=redis.url) as serving:
            await has_workers(serving, 2)
            await trio.Path(serving.folder, ".env").write_text("PHONEGAME_CODES=nonsense\n")
            serving.signal(signal.SIGHUP)
            await serving.has_said("no more workers are replaced")
            assert set(serving.pids) == {1, 2}
            assert all([await is_ready(serving) for _ in range(4)])


class TestWithoutRedis:
    async def test_several_workers_are_refused(self) -> None:
        variables = {"DEEPGRAM_API_KEY": "key", "PATH": os.environ["PATH"]}
        done = await trio.run_process(
            command("--workers", "2"), env=variables, check=False, capture_stderr=True, cwd="/"
        )
        assert done.returncode == 1
        assert "2 workers were asked for: each of them would know only the games" in done.stderr.decode()

    async def test_hypercorns_own_are_refused_too(self) -> None:
        variables = {"DEEPGRAM_API_KEY": "key", "PHONEGAME_VOICE": "none", "PATH": os.environ["PATH"]}
        program = [sys.executable, "-m", "hypercorn", "-k", "trio", "-w", "2", "-b", "127.0.0.1:0"]
        with trio.fail_after(60):
            done = await trio.run_process(
                [*program, "phonegame:create_app()"], env=variables, check=False, capture_stderr=True, cwd="/"
            )
        assert "2 workers were asked for: each of them would know only the games" in done.stderr.decode()


async def test_an_address_that_is_taken_is_told_once() -> None:
    async with redis_server() as redis, open_serving() as serving:
        variables = {
            "DEEPGRAM_API_KEY": "key",
            "PHONEGAME_VOICE": "none",
            "PATH": os.environ["PATH"],
            "PROXY_URL": serving.house.address,
            "PHONEGAME_REDIS_URL": redis.url,
        }
        done = await trio.run_process(
            command("--workers", "2"), env=variables, check=False, capture_stderr=True, cwd="/"
        )
        assert done.returncode == 1
        assert f"PROXY_URL: cannot listen at {serving.house.address}" in done.stderr.decode()
