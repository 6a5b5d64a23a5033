"""Keys and certificates: taken where they are whole, and shown to nobody."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from phonegame.settings import Settings
from tests.bare_settings import KEY, clear_settings, faults
from tests.certificate import make_certificate

API_KEY = "SK" + "0123456789abcdef" * 2
SET_BOTH = "set both for TLS, or neither"


@pytest.fixture(autouse=True)
def _no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clear_settings(tmp_path, monkeypatch)


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPGRAM_API_KEY", KEY)


def test_the_space_and_line_break_that_come_with_a_pasted_key_are_no_part_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DEEPGRAM_API_KEY", f" {KEY}\r\n")
    assert Settings.load().deepgram_api_key.get_secret_value() == KEY


@pytest.mark.usefixtures("key")
class TestTwilioKeys:
    def test_a_key_with_its_secret_is_taken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TWILIO_API_KEY", API_KEY)
        monkeypatch.setenv("TWILIO_API_SECRET", "planted0secret")
        assert Settings.load().twilio_api_secret.get_secret_value() == "planted0secret"

    def test_a_key_without_its_secret_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TWILIO_API_KEY", API_KEY)
        assert faults() == ["TWILIO_API_SECRET: is missing, while TWILIO_API_KEY is set; set both, or neither"]

    @pytest.mark.parametrize(
        "variable",
        ["TWILIO_ACCOUNT_SID", "TWILIO_API_KEY", "TWILIO_AUTH_TOKEN", "PHONEGAME_GAME_KEYS", "PHONEGAME_OPERATOR_KEY"],
    )
    def test_what_is_no_key_is_not_shown_for_it_may_be_one(
        self, variable: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(variable, "planted0secret with a space")
        assert "planted0secret" not in "".join(faults())


@pytest.mark.usefixtures("key")
class TestTLS:
    def test_a_certificate_and_its_key_are_taken(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        made = make_certificate(tmp_path)
        monkeypatch.setenv("CERT_PEM", str(made.cert))
        monkeypatch.setenv("KEY_PEM", str(made.key))
        assert Settings.load().tls

    def test_a_certificate_without_a_key_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "cert.pem").touch()
        monkeypatch.setenv("CERT_PEM", "cert.pem")
        assert faults() == [f"KEY_PEM: is missing, while CERT_PEM is set; {SET_BOTH}"]

    def test_a_key_without_a_certificate_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "key.pem").touch()
        monkeypatch.setenv("KEY_PEM", "key.pem")
        assert faults() == [f"KEY_PEM: is set, while CERT_PEM is missing; {SET_BOTH}"]

    def test_a_key_of_another_certificate_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CERT_PEM", str(make_certificate(tmp_path, "one").cert))
        monkeypatch.setenv("KEY_PEM", str(make_certificate(tmp_path, "other").key))
        (fault,) = faults()
        assert fault.startswith("KEY_PEM: ")
        assert "is not the (unencrypted) private key of the certificate in CERT_PEM" in fault

    def test_files_that_hold_no_pem_are_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "text.pem").write_text("no certificate", encoding="utf-8")
        monkeypatch.setenv("CERT_PEM", "text.pem")
        monkeypatch.setenv("KEY_PEM", "text.pem")
        (fault,) = faults()
        assert "both as PEM" in fault


class TestSecrets:
    @pytest.mark.usefixtures("key")
    def test_the_key_is_in_no_text_of_the_settings(self) -> None:
        settings = Settings.load()
        assert KEY not in f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()}"

    @pytest.mark.parametrize("variable", ["PHONEGAME_LOG", "DEEPGRAM_URL", "CERT_PEM"])
    def test_the_key_is_in_no_error_about_another_variable(
        self, variable: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DEEPGRAM_API_KEY", KEY)
        monkeypatch.setenv(variable, "nonsense")
        assert KEY not in "".join(faults())
        with pytest.raises(ValidationError) as caught:
            Settings()
        assert KEY not in str(caught.value)

    def test_a_key_with_a_fault_is_not_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DEEPGRAM_API_KEY", f"{KEY} {KEY}")
        assert KEY not in "".join(faults())

    @pytest.mark.parametrize(
        "url", ["https://deepgram.example/{}", "https://deepgram.example?key={}", "https://host#{}", "{}", "wss:{}"]
    )
    def test_a_key_in_the_address_is_not_shown(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DEEPGRAM_URL", url.format(KEY))
        assert "is not a websocket address" in faults()[0]
        assert KEY not in "".join(faults())

    @pytest.mark.parametrize("scheme", ["wss", "https"])
    def test_a_password_in_the_address_is_refused_and_not_shown(
        self, scheme: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DEEPGRAM_URL", f"{scheme}://me:{KEY}@deepgram.example/v1/listen")
        fault = faults()[0]
        assert fault.startswith("DEEPGRAM_URL: has a user name in it; remove it")
        assert KEY not in "".join(faults())
