from __future__ import annotations

import gc
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from phonegame.serve import CannotListen, Server, raise_descriptor_limit, run_server
from phonegame.settings import Settings

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


class TestDescriptorLimit:
    def test_is_raised_as_far_as_the_system_allows(self) -> None:
        resource = pytest.importorskip("resource")
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, soft), hard))
        try:
            raise_descriptor_limit()
            raised, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
            assert raised == min(hard, 65536) if hard > 0 else raised > 256
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    def test_a_system_that_refuses_costs_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        resource = pytest.importorskip("resource")

        def refuse(*_: object) -> None:
            raise ValueError("current limit exceeds maximum limit")

        monkeypatch.setattr(resource, "getrlimit", lambda _: (64, 1024))
        monkeypatch.setattr(resource, "setrlimit", refuse)
        raise_descriptor_limit()

    async def test_is_raised_for_a_server(self, monkeypatch: pytest.MonkeyPatch) -> None:
        raised: list[bool] = []
        monkeypatch.setattr("phonegame.serve.raise_descriptor_limit", lambda: raised.append(True))
        async with running(settings_for()):
            assert raised == [True]
