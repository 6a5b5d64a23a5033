from __future__ import annotations

from functools import partial
from importlib import metadata

import pytest
import trio

from phonegame.doctor.finding import Outcome
from phonegame.doctor.machine import check_descriptors, check_packages, check_port, check_python
from phonegame.settings import Settings
from tests.doctor.world import World, inhabited


@pytest.mark.parametrize(
    ("version", "outcome"),
    [((3, 10), Outcome.FAULT), ((3, 11), Outcome.OK), ((3, 13), Outcome.OK), ((3, 99), Outcome.WARNING)],
)
def test_python(version: tuple[int, int], outcome: Outcome) -> None:
    assert check_python(version).outcome is outcome


@pytest.mark.parametrize(
    ("limit", "outcome"), [(None, Outcome.OK), (1_000_000, Outcome.OK), (1024, Outcome.WARNING), (0, Outcome.WARNING)]
)
def test_descriptors(limit: int | None, outcome: Outcome) -> None:
    assert check_descriptors(limit).outcome is outcome


class TestPackages:
    def requiring(self, monkeypatch: pytest.MonkeyPatch, *requirements: str) -> list[str]:
        monkeypatch.setattr(metadata, "requires", lambda _: list(requirements))
        findings = check_packages("pytest")
        return [finding.text for finding in findings if finding.outcome is Outcome.FAULT]

    def test_of_this_installation_are_as_they_should_be(self) -> None:
        (finding,) = check_packages("pytest")
        assert finding.outcome is Outcome.OK

    def test_one_that_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        (text,) = self.requiring(monkeypatch, "trio>=0.1", "no-such-package>=1")
        assert "no-such-package is not installed" in text

    def test_one_that_is_too_old_and_one_that_is_too_new(self, monkeypatch: pytest.MonkeyPatch) -> None:
        old, new = self.requiring(monkeypatch, "trio>=99", "click<1")
        assert "trio" in old
        assert ">=99" in old
        assert "click" in new

    def test_an_extra_s_and_another_system_s_are_not_needed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        wanted = ["no-such-package; extra == 'local'", "nor-this; sys_platform == 'beos'"]
        assert self.requiring(monkeypatch, *wanted) == []

    def test_nobody_knows_without_an_installation(self) -> None:
        (finding,) = check_packages("no-such-package")
        assert finding.outcome is Outcome.NOT_CHECKED


class TestPort:
    def settings(self, address: str) -> Settings:
        return World(url="http://127.0.0.1:5000").settings(PROXY_URL=address)

    async def test_is_free(self) -> None:
        assert (await check_port(self.settings("127.0.0.1:0"))).outcome is Outcome.OK

    async def test_is_taken_by_another_program(self) -> None:
        async def hang_up(stream: trio.SocketStream) -> None:
            await stream.aclose()

        async with trio.open_nursery() as nursery:
            (listener,) = await nursery.start(partial(trio.serve_tcp, hang_up, 0, host="127.0.0.1"))
            address = f"127.0.0.1:{listener.socket.getsockname()[1]}"
            finding = await check_port(self.settings(address))
            nursery.cancel_scope.cancel()
        assert finding.outcome is Outcome.FAULT
        assert "Another program" in finding.text

    async def test_is_taken_by_phonegame(self) -> None:
        async with inhabited(World()) as world:
            finding = await check_port(self.settings(world.url.removeprefix("http://")))
        assert finding.outcome is Outcome.OK
        assert "is serving" in finding.text

    async def test_is_of_another_machine(self) -> None:
        finding = await check_port(self.settings("192.0.2.1:5000"))
        assert finding.outcome is Outcome.FAULT
        assert "no address of this machine" in finding.text
