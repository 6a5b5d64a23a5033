from __future__ import annotations

import gc
import math
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest
import trio
from click.testing import CliRunner
from trio.testing import wait_all_tasks_blocked

from phonegame.serve import Server, raise_descriptor_limit, run_server, serve, serve_for_good
from phonegame.settings import Settings
from phonegame.workers.sockets import CannotListen

Capsys = pytest.CaptureFixture[str]


def settings_for(**values: Any) -> Settings:
    values = {"DEEPGRAM_API_KEY": "key", "PROXY_URL": "127.0.0.1:0", "voice": "none", **values}
    return Settings(_env_file=None, **values)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Server]:
    stop = trio.Event()
    async with trio.open_nursery() as nursery:
        yield await nursery.start(run_server, settings, stop.wait)
        stop.set()


# hypercorn forgets the socket that it could not bind
@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_a_taken_port_is_told_by_the_setting_s_name() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        match = f"PROXY_URL: cannot listen at {address}: "
        with pytest.RaisesGroup(pytest.RaisesExc(CannotListen, match=match), flatten_subgroups=True):
            await run_server(settings_for(PROXY_URL=address), trio.sleep_forever)
    gc.collect()


async def test_an_os_error_of_a_running_server_is_not_about_the_port() -> None:
    async def fail() -> None:
        await wait_all_tasks_blocked()
        raise OSError("something else")

    with pytest.RaisesGroup(pytest.RaisesExc(OSError, match="something else"), flatten_subgroups=True):
        await run_server(settings_for(), fail)


async def test_the_operator_s_number_is_not_logged_whole(capsys: Capsys) -> None:
    async with running(settings_for(TWILIO_PHONE_NUMBER="+15551230042")):
        pass
    (line,) = (line for line in capsys.readouterr().err.splitlines() if "listening" in line)
    assert "+1***42" in line
    assert "5551230042" not in line


async def test_garbage_of_the_start_is_collected_before_anybody_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    spared = trio.Event()
    monkeypatch.setattr("phonegame.serve.spare_what_is_loaded", spared.set)
    await serve_for_good(settings_for(), spared.wait)
    assert spared.is_set()


class TestLocks:
    """At an address that is not this machine's: nothing may come so far as to listen there."""

    EXPOSED: ClassVar = {"PROXY_URL": "192.0.2.1:1", "DEEPGRAM_API_KEY": "key", "PHONEGAME_VOICE": "none"}

    def test_a_server_that_is_open_to_the_outside_does_not_start(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        result = CliRunner().invoke(serve, env=self.EXPOSED)
        assert result.exit_code == 1
        faults = str(result.exception).splitlines()
        assert [fault.split()[0] for fault in faults[1:]] == [
            "TWILIO_AUTH_TOKEN:",
            "PHONEGAME_GAME_KEYS:",
            "PHONEGAME_OPERATOR_KEY:",
        ]

    @pytest.mark.parametrize(
        ("arguments", "variables"), [(["--insecure"], {}), ([], {"PHONEGAME_INSECURE": "1"})], ids=["flag", "variable"]
    )
    # hypercorn forgets the socket that it could not bind
    @pytest.mark.filterwarnings("ignore::ResourceWarning")
    def test_insecure_starts_it_and_warns(
        self,
        arguments: list[str],
        variables: dict[str, str],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: Capsys,
    ) -> None:
        monkeypatch.chdir(tmp_path)
        result = CliRunner().invoke(serve, arguments, env={**self.EXPOSED, **variables})
        told = f"{result.exception} {result.output} {capsys.readouterr().err}"
        # its traceback has that socket
        del result
        gc.collect()
        assert "PROXY_URL: cannot listen at 192.0.2.1:1" in told
        assert "INSECURE" in told


class TestDescriptorLimit:
    def test_is_raised_as_far_as_the_system_allows(self) -> None:
        resource = pytest.importorskip("resource")
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        try:
            raise_descriptor_limit()
            raised, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
            assert raised > 256
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    @pytest.mark.parametrize(
        ("soft", "hard", "most", "wanted"),
        [
            (256, 4096, math.inf, [4096]),
            (256, 1_000_000, math.inf, [65536]),
            (256, None, math.inf, [65536]),
            (256, None, 20_000, [65536, 10240]),
            (256, None, 0, [65536, 10240]),
            (100_000, 1_000_000, math.inf, []),
            (None, None, math.inf, []),
        ],
    )
    def test_is_asked_for_until_the_system_agrees(
        self, soft: int | None, hard: int | None, most: float, wanted: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """None: no limit."""
        resource = pytest.importorskip("resource")
        asked: list[int] = []

        def agree(_: int, limits: tuple[int, int]) -> None:
            asked.append(limits[0])
            if limits[0] > most:
                raise ValueError("current limit exceeds maximum limit")

        limits = [resource.RLIM_INFINITY if limit is None else limit for limit in (soft, hard)]
        monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
        monkeypatch.setattr(resource, "setrlimit", agree)
        raise_descriptor_limit()
        assert asked == wanted

    async def test_is_raised_for_a_server(self, monkeypatch: pytest.MonkeyPatch) -> None:
        raised: list[bool] = []
        monkeypatch.setattr("phonegame.serve.raise_descriptor_limit", lambda: raised.append(True))
        async with running(settings_for()):
            assert raised == [True]
