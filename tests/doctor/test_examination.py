from __future__ import annotations

import json
from typing import Any

import pytest
import trio
from click.testing import CliRunner
from rich.console import Console

from phonegame.doctor.command import doctor
from phonegame.doctor.examination import CHECKS, examine, probe
from phonegame.doctor.finding import Finding, Outcome
from phonegame.doctor.report import as_json, is_well, show, show_summary
from phonegame.settings import Settings, SettingsError
from tests.doctor.world import SECRETS, World, inhabited


async def all_of(settings: Settings, **options: Any) -> list[Finding]:
    findings: list[Finding] = []
    await examine(lambda: settings, findings.append, **options)
    return findings


def outcomes(findings: list[Finding]) -> dict[str, Outcome]:
    return {finding.check: finding.outcome for finding in findings}


def shown(findings: list[Finding], width: int = 200) -> str:
    console = Console(width=width, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as capture:
        for finding in findings:
            show(finding, console)
        show_summary(findings, console)
    return capture.get()


async def no_network() -> bool:
    await trio.lowlevel.checkpoint()
    return False


class TestExamine:
    async def test_all_is_well(self) -> None:
        async with inhabited(World()) as world:
            findings = await all_of(world.settings())
        found = outcomes(findings)
        assert {found[check.name] for check in CHECKS} == {Outcome.OK}
        assert {"python", "packages", "open files", "settings"} < found.keys()

    @pytest.mark.parametrize("options", [{"offline": True}, {"has_network": no_network}])
    async def test_what_is_outside_is_not_checked_without_a_network(self, options: dict[str, Any]) -> None:
        world = World(url="http://127.0.0.1:5000")
        values = {"DEEPGRAM_URL": "wss://deepgram.invalid/v1/listen", "TWILIO_API_URL": "https://twilio.invalid"}
        settings = world.settings(public_url="https://game.invalid", **values)
        findings = await all_of(settings, **options)
        found = outcomes(findings)
        for name in ("deepgram", "clock", "public address", "media stream", "phone number"):
            assert found[name] is Outcome.NOT_CHECKED
        for name in ("locks", "port", "voice"):
            assert found[name] is Outcome.OK
        assert is_well(findings)

    async def test_what_is_on_this_machine_is_checked_offline_too(self) -> None:
        async with inhabited(World(speech_status=401)) as world:
            findings = await all_of(world.settings(), offline=True)
        assert outcomes(findings)["deepgram"] is Outcome.FAULT
        assert not is_well(findings)

    async def test_faults_in_settings_are_all_told_and_nothing_else_is_tried(self) -> None:
        def fail() -> Settings:
            raise SettingsError(["ONE: is wrong; mend it", "TWO: is missing; set it"])

        findings: list[Finding] = []
        await examine(fail, findings.append)
        faults = [finding.text for finding in findings if finding.outcome is Outcome.FAULT]
        assert faults == ["ONE: is wrong; mend it", "TWO: is missing; set it"]
        assert {outcomes(findings)[check.name] for check in CHECKS} == {Outcome.NOT_CHECKED}

    @pytest.mark.parametrize(
        "world", [World(), World(status=500, stream_status=500, speech_status=401, has_number=False)]
    )
    async def test_no_secret_is_told(self, world: World) -> None:
        async with inhabited(world):
            findings = await all_of(world.settings())
        told = shown(findings, width=1000) + as_json(findings)
        assert [secret for secret in SECRETS if secret in told] == []

    async def test_every_fault_and_warning_comes_with_a_fix(self) -> None:
        broken = World(status=500, stream_status=500, speech_status=401, has_number=False)
        async with inhabited(broken) as world:
            findings = await all_of(world.settings(PROXY_URL="192.0.2.1:5000", voice="espeak:xx-nowhere"))
        bad = [finding for finding in findings if finding.outcome in (Outcome.FAULT, Outcome.WARNING)]
        assert len(bad) == 6
        assert all(finding.fix for finding in bad)


class TestProbe:
    async def test_one_host_that_answers_is_enough(self) -> None:
        async with inhabited(World()) as world:
            port = int(world.url.rpartition(":")[2])
            assert await probe(("127.0.0.2.invalid", "127.0.0.1"), port)

    async def test_none_does(self) -> None:
        with trio.socket.socket() as sock:
            await sock.bind(("127.0.0.1", 0))
            assert not await probe(("127.0.0.1",), sock.getsockname()[1])


class TestReport:
    FINDINGS = (
        Finding("one", Outcome.OK, "fine"),
        Finding("two", Outcome.FAULT, "broken [/] [red]", "Mend it."),
        Finding("three", Outcome.FAULT, "broken too", "Mend it as well."),
    )

    def test_is_readable(self) -> None:
        text = shown(list(self.FINDINGS))
        lines = [line.rstrip() for line in text.splitlines()]
        assert lines == [
            "ok           one             fine",
            "fault        two             broken [/] [red]",
            "                             -> Mend it.",
            "fault        three           broken too",
            "                             -> Mend it as well.",
            "",
            "2 faults, 1 ok",
        ]

    def test_is_readable_by_programs(self) -> None:
        report = json.loads(as_json(self.FINDINGS))
        assert report["ok"] is False
        assert report["findings"][1] == {
            "check": "two",
            "outcome": "fault",
            "text": "broken [/] [red]",
            "fix": "Mend it.",
        }


class TestCommand:
    """Local only, and without a running trio: the command starts its own."""

    @pytest.fixture(autouse=True)
    def _settings(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("DEEPGRAM_API_KEY", SECRETS[0])
        monkeypatch.setenv("PHONEGAME_VOICE", "none")
        monkeypatch.setenv("PROXY_URL", "127.0.0.1:0")

    def test_status_0_where_all_is_well(self) -> None:
        result = CliRunner().invoke(doctor, ["--offline"])
        assert result.exit_code == 0, result.output
        assert "deepgram" in result.output
        assert "--offline" in result.output

    def test_status_1_where_there_is_a_fault(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PHONEGAME_CODES", "nonsense")
        result = CliRunner().invoke(doctor, ["--offline", "--json"])
        assert result.exit_code == 1
        report = json.loads(result.output)
        assert not report["ok"]
        assert any("PHONEGAME_CODES" in finding["text"] for finding in report["findings"])
