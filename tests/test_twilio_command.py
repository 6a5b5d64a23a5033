from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from phonegame.carrier import CarrierNumber
from phonegame.cli import main
from phonegame.twilio_command import set_up

NUMBER = "+12025550100"
WEBHOOK = "https://phone.example/twiml"
OLD = CarrierNumber(sid="PN1", number=NUMBER, voice_url="https://old.example/voice", voice_method="GET")
ACCOUNT = {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "planted-token"}

Capsys = pytest.CaptureFixture[str]


@dataclass
class Account:
    numbers: dict[str, CarrierNumber] = field(default_factory=dict)
    changes: int = 0

    async def find_number(self, number: str) -> CarrierNumber | None:
        return self.numbers.get(number)

    async def set_webhook(self, number_sid: str, url: str) -> CarrierNumber:
        (number,) = (each for each in self.numbers.values() if each.sid == number_sid)
        self.changes += 1
        self.numbers[number.number] = changed = replace(number, voice_url=url, voice_method="POST")
        return changed


class TestSetup:
    async def test_shows_the_webhook_before_and_after(self, capsys: Capsys) -> None:
        account = Account({NUMBER: OLD})
        await set_up(account, NUMBER, WEBHOOK, dry_run=False)
        assert capsys.readouterr().out.splitlines() == [
            f"Calls to {NUMBER} are answered by",
            "  before: GET https://old.example/voice",
            f"  after:  POST {WEBHOOK}",
        ]
        assert account.numbers[NUMBER].voice_url == WEBHOOK

    async def test_of_a_new_number_has_nobody_before(self, capsys: Capsys) -> None:
        await set_up(Account({NUMBER: replace(OLD, voice_url="")}), NUMBER, WEBHOOK, dry_run=False)
        assert "  before: nobody" in capsys.readouterr().out

    async def test_as_a_dry_run_changes_nothing(self, capsys: Capsys) -> None:
        account = Account({NUMBER: OLD})
        await set_up(account, NUMBER, WEBHOOK, dry_run=True)
        assert f"  it would be: POST {WEBHOOK}" in capsys.readouterr().out
        assert account.numbers == {NUMBER: OLD}

    async def test_changes_nothing_that_is_right(self, capsys: Capsys) -> None:
        account = Account({NUMBER: replace(OLD, voice_url=WEBHOOK, voice_method="POST")})
        await set_up(account, NUMBER, WEBHOOK, dry_run=False)
        assert "as it should be" in capsys.readouterr().out
        assert account.changes == 0

    async def test_tells_what_makes_twilio_ignore_it(self) -> None:
        account = Account({NUMBER: replace(OLD, overridden_by="a SIP trunk")})
        with pytest.raises(click.ClickException, match="belongs to a SIP trunk"):
            await set_up(account, NUMBER, WEBHOOK, dry_run=False)

    async def test_tells_that_the_account_has_no_such_number(self) -> None:
        with pytest.raises(click.ClickException, match=r"has no number \+12025550100"):
            await set_up(Account(), NUMBER, WEBHOOK, dry_run=False)


class TestCommand:
    @pytest.fixture(autouse=True)
    def _no_settings(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        for name in os.environ:
            if name.upper().startswith(("PHONEGAME_", "DEEPGRAM_", "TWILIO_", "PROXY_URL", "CERT_PEM", "KEY_PEM")):
                monkeypatch.delenv(name)

    def run(self, *arguments: str, **variables: str) -> Result:
        return CliRunner().invoke(main, ["twilio", *arguments], env=variables)

    def test_bin_prints_what_hands_the_call_over(self) -> None:
        result = self.run("bin", PHONEGAME_PUBLIC_URL="https://phone.example/calls/")
        assert result.exit_code == 0
        assert '<Redirect method="POST">https://phone.example/calls/twiml</Redirect>' in result.output

    @pytest.mark.parametrize(
        ("arguments", "variables", "told"),
        [
            (["bin"], {}, "Set PHONEGAME_PUBLIC_URL"),
            (["setup"], {}, "Set TWILIO_ACCOUNT_SID, PHONEGAME_PUBLIC_URL, and TWILIO_AUTH_TOKEN"),
            (["setup"], {"PHONEGAME_PUBLIC_URL": "https://phone.example", **ACCOUNT}, "Set TWILIO_PHONE_NUMBER"),
            (
                ["setup", "--number", "555"],
                {"PHONEGAME_PUBLIC_URL": "https://phone.example", **ACCOUNT},
                "555 is no phone number with its country",
            ),
            (
                ["setup"],
                {"PHONEGAME_PUBLIC_URL": "http://localhost:5000", **ACCOUNT},
                "Twilio cannot reach http://local",
            ),
            (["bin"], {"PHONEGAME_PUBLIC_URL": "phone.example"}, "PHONEGAME_PUBLIC_URL: is no web address"),
        ],
    )
    def test_what_is_missing_is_named(self, arguments: list[str], variables: dict[str, str], told: str) -> None:
        result = self.run(*arguments, **variables)
        assert result.exit_code == 1
        assert told in result.output
        assert "planted" not in result.output

    def test_a_carrier_that_does_not_answer_is_told_of(self) -> None:
        result = self.run(
            "setup",
            PHONEGAME_PUBLIC_URL="https://phone.example",
            TWILIO_PHONE_NUMBER="+1 202 555 0100",
            TWILIO_API_URL="http://127.0.0.1:9",
            **ACCOUNT,
        )
        assert result.exit_code == 1
        assert "the carrier cannot be reached at http://127.0.0.1:9" in result.output
        assert "planted" not in result.output
