from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from phonegame.prompts import Prompts
from phonegame.settings import DEEPGRAM_URL, NO_NUMBER, Settings, split_address
from tests.bare_settings import KEY, clear_settings, faults

ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
API_KEY = "SK" + "0123456789abcdef" * 2
OUTSIDE_TABLE = {
    "deepgram_api_key",
    "cert_pem",
    "key_pem",
    "twilio_api_key",
    "twilio_api_secret",
    "character",
    "record",
}
"""Those that cannot be set alone."""
VALUES: dict[str, tuple[str, str, Any]] = {
    "DEEPGRAM_URL": ("deepgram_url", "ws://localhost:1/v1/listen?a=b", "ws://localhost:1/v1/listen?a=b"),
    "TWILIO_PHONE_NUMBER": ("twilio_phone_number", "+1 555 0199", "+1 555 0199"),
    "PROXY_URL": ("proxy_url", "[::1]:80", "[::1]:80"),
    "PHONEGAME_CODES": ("codes", "1000-9999", "1000-9999"),
    "PHONEGAME_DEMO": ("demo", "on", "on"),
    "PHONEGAME_VOICE": ("voice", "none", "none"),
    "PHONEGAME_LOG": ("log", "json", "json"),
    "PHONEGAME_LOG_LEVEL": ("log_level", "debug", "debug"),
    "PHONEGAME_WRONG_CODES": ("wrong_codes", "7", 7),
    "PHONEGAME_CODE_SECONDS": ("code_seconds", "7.5", 7.5),
    "PHONEGAME_DRAIN_SECONDS": ("drain_seconds", "0", 0),
    "PHONEGAME_FINAL_SECONDS": ("final_seconds", "0.5", 0.5),
    "PHONEGAME_RECONNECT_SECONDS": ("reconnect_seconds", "5", 5),
    "PHONEGAME_STALL_SECONDS": ("stall_seconds", "5", 5),
    "PHONEGAME_GAME_QUEUE": ("game_queue", "5", 5),
    "PHONEGAME_AWAY_SECONDS": ("away_seconds", "0", 0),
    "PHONEGAME_INTERRUPT": ("interrupt", "never", "never"),
    "PHONEGAME_INTERRUPT_WORDS": ("interrupt_words", "2", 2),
    "DEEPGRAM_SPEAK_URL": ("deepgram_speak_url", "ws://localhost:1/v1/speak?a=b", "ws://localhost:1/v1/speak?a=b"),
    "TWILIO_ACCOUNT_SID": ("twilio_account_sid", ACCOUNT_SID, ACCOUNT_SID),
    "TWILIO_AUTH_TOKEN": ("twilio_auth_token", "planted0token", SecretStr("planted0token")),
    "TWILIO_API_URL": ("twilio_api_url", "http://127.0.0.1:1/", "http://127.0.0.1:1"),
    "PHONEGAME_PUBLIC_URL": ("public_url", "https://phone.example:8443/calls/", "https://phone.example:8443/calls"),
    "PHONEGAME_OPERATOR_KEY": ("operator_key", "planted0key", SecretStr("planted0key")),
    "PHONEGAME_GAME_KEYS": ("game_keys", " one,two ,", (SecretStr("one"), SecretStr("two"))),
    "PHONEGAME_GAME_ORIGINS": (
        "game_origins",
        "https://A.example, http://b.example:8080",
        ("https://a.example", "http://b.example:8080"),
    ),
    "PHONEGAME_INSECURE": ("insecure", "1", True),
    "PHONEGAME_GREETING": ("greeting", "Hello.", "Hello."),
    "PHONEGAME_PROMPT_GOODBYE": ("prompt_goodbye", "none", ""),
    "PHONEGAME_PROMPT_FAILED": ("prompt_failed", "Sorry.", "Sorry."),
    "PHONEGAME_TWILIO_VOICE": ("twilio_voice", "Polly.Amy", "Polly.Amy"),
    "PHONEGAME_DIAL_ALLOW": ("dial_allow", "+49, +1 (555)", ("+49", "+1555")),
    "PHONEGAME_DIAL_PER_MINUTE": ("dial_per_minute", "0", 0),
    "PHONEGAME_DIAL_PER_GAME": ("dial_per_game", "1", 1),
    "PHONEGAME_DIAL_PER_NUMBER": ("dial_per_number", "1", 1),
    "PHONEGAME_DIAL_AT_ONCE": ("dial_at_once", "1", 1),
    "PHONEGAME_DAY_TURNS": ("day_turns", "7", 7),
    "PHONEGAME_DAY_TOKENS": ("day_tokens", "7", 7),
    "PHONEGAME_DAY_MINUTES": ("day_minutes", "7.5", 7.5),
    "PHONEGAME_DAY_CHARACTERS": ("day_characters", "0", 0),
    "PHONEGAME_MEMORY": ("memory", "memory.sqlite", Path("memory.sqlite")),
    "PHONEGAME_MEMORY_DAYS": ("memory_days", "0", 0),
    "PHONEGAME_NUMBER_KEY": ("number_key", "planted0number0key", SecretStr("planted0number0key")),
    "PHONEGAME_PROMPT_DAY_TURNS": ("prompt_day_turns", "none", ""),
    "PHONEGAME_REDIS_URL": ("redis_url", "redis://:planted0word@redis/1", SecretStr("redis://:planted0word@redis/1")),
    "PHONEGAME_PROMPT_DAY_TOKENS": ("prompt_day_tokens", "none", ""),
    "PHONEGAME_PROMPT_DAY_MINUTES": ("prompt_day_minutes", "none", ""),
    "PHONEGAME_PROMPT_DAY_CHARACTERS": ("prompt_day_characters", "none", ""),
    "PHONEGAME_RING_SECONDS": ("ring_seconds", "20", 20),
    "PHONEGAME_CALL_SECONDS": ("call_seconds", "60", 60),
    "PHONEGAME_CALL_TURNS": ("call_turns", "20", 20),
    "PHONEGAME_CALL_TOKENS": ("call_tokens", "5000", 5000),
    "PHONEGAME_CALL_MINUTES": ("call_minutes", "2.5", 2.5),
    "PHONEGAME_CALL_CHARACTERS": ("call_characters", "4000", 4000),
    "PHONEGAME_NUMBER_WRONG_CODES": ("number_wrong_codes", "1", 1),
    "PHONEGAME_SOCKETS_PER_ADDRESS": ("sockets_per_address", "1", 1),
    "PHONEGAME_CONNECTS_PER_MINUTE": ("connects_per_minute", "1", 1),
    "PHONEGAME_TRUSTED_PROXIES": ("trusted_proxies", "127.0.0.1,10.0.0.0/8", ("127.0.0.1", "10.0.0.0/8")),
    "PHONEGAME_HANDSHAKE_SECONDS": ("handshake_seconds", "1", 1),
    "PHONEGAME_BODY_SECONDS": ("body_seconds", "1", 1),
    "PHONEGAME_IDLE_SECONDS": ("idle_seconds", "1", 1),
    "PHONEGAME_CHARACTERS": ("characters", ".", Path()),
    "PHONEGAME_MODEL": ("model", "qwen3:8b", "qwen3:8b"),
    "PHONEGAME_MODEL_URL": ("model_url", "http://127.0.0.1:11434/v1/", "http://127.0.0.1:11434/v1"),
    "PHONEGAME_MODEL_KEY": ("model_key", "planted0key", SecretStr("planted0key")),
    "PHONEGAME_MODEL_TOKENS": ("model_tokens", "100", 100),
    "PHONEGAME_STOP_SECONDS": ("stop_seconds", "3600", 3600),
    "PHONEGAME_MAX_CALLS": ("max_calls", "0", 0),
    "PHONEGAME_MAX_BUSY": ("max_busy", "0", 0),
    "PHONEGAME_MAX_LAG_SECONDS": ("max_lag_seconds", "0.5", 0.5),
    "PHONEGAME_OVERFLOW_NUMBER": ("overflow_number", "+1 (202) 555-0123", "+12025550123"),
    "PHONEGAME_PROMPT_FULL": ("prompt_full", "Hello.", "Hello."),
    "PHONEGAME_RECORDINGS": ("recordings", ".", Path()),
    "PHONEGAME_PAST_CALLS": ("past_calls", "0", 0),
    "PHONEGAME_TRANSCRIPT_LINES": ("transcript_lines", "0", 0),
    **{f"PHONEGAME_{name.upper()}": (name, "Hello.", "Hello.") for name in Prompts.model_fields},
}


@pytest.fixture(autouse=True)
def _no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clear_settings(tmp_path, monkeypatch)


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPGRAM_API_KEY", KEY)


@pytest.mark.usefixtures("key")
def test_a_key_is_all_that_is_needed() -> None:
    settings = Settings.load()
    assert settings.deepgram_url == DEEPGRAM_URL
    assert settings.twilio_phone_number == NO_NUMBER
    assert settings.proxy_url == "127.0.0.1:5000"
    assert (settings.codes, settings.wrong_codes, settings.code_seconds) == ("0-99", 5, 60)
    assert (settings.drain_seconds, settings.voice, settings.log) == (1, "auto", "text")
    assert not settings.tls


def test_every_variable_is_tested_here() -> None:
    assert {field for field, _, _ in VALUES.values()} | OUTSIDE_TABLE == set(Settings.model_fields)


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize("variable", VALUES)
def test_a_variable_is_read_from_the_environment(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    field, text, value = VALUES[variable]
    monkeypatch.setenv(variable, text)
    assert getattr(Settings.load(), field) == value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_variables_are_read_from_an_env_file_and_the_environment_wins(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["PHONEGAME_CODES=words", f"DEEPGRAM_API_KEY={KEY}", "PHONEGAME_LOG=json", "SOMEBODY_ELSES=1"]
    Path(".env").write_text("\n".join(lines), encoding=encoding)
    monkeypatch.setenv("PHONEGAME_LOG", "text")
    settings = Settings.load()
    assert (settings.codes, settings.log) == ("words", "text")
    assert settings.deepgram_api_key.get_secret_value() == KEY


def test_an_env_file_in_another_encoding_is_reported() -> None:
    # what `>` of PowerShell 5 writes
    Path(".env").write_text(f"DEEPGRAM_API_KEY={KEY}", encoding="utf-16")
    assert faults() == [".env: is not UTF-8 text; save it as UTF-8"]


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize("variable", [*VALUES, "CERT_PEM", "KEY_PEM"])
def test_an_empty_variable_is_as_good_as_none(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    default = Settings.load()
    monkeypatch.setenv(variable, "")
    assert Settings.load() == default


def test_every_fault_is_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPGRAM_URL", "wss://deepgram.example/v1/listen")
    monkeypatch.setenv("CERT_PEM", "nowhere.pem")
    monkeypatch.setenv("PROXY_URL", "5000")
    monkeypatch.setenv("PHONEGAME_CODES", "everything")
    monkeypatch.setenv("PHONEGAME_LOG", "xml")
    monkeypatch.setenv("PHONEGAME_WRONG_CODES", "many")
    assert [fault.partition(":")[0] for fault in faults()] == [
        "DEEPGRAM_API_KEY",
        "PROXY_URL",
        "CERT_PEM",
        "KEY_PEM",
        "PHONEGAME_CODES",
        "PHONEGAME_LOG",
        "PHONEGAME_WRONG_CODES",
    ]


WHOLE = "is not a whole number, at least 1 and at most"


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize(
    ("variable", "text", "parts"),
    [
        ("PHONEGAME_WRONG_CODES", "many", [f"'many' {WHOLE} 1000", "remove it for the default, 5"]),
        ("PHONEGAME_WRONG_CODES", "0", [f"'0' {WHOLE} 1000"]),
        ("PHONEGAME_WRONG_CODES", "2.5", [f"'2.5' {WHOLE} 1000"]),
        ("PHONEGAME_GAME_QUEUE", "1000000", [f"'1000000' {WHOLE} 100000", "default, 1000"]),
        ("PHONEGAME_CODE_SECONDS", "0", ["'0' is not a number, above 0 and at most 3600"]),
        ("PHONEGAME_CODE_SECONDS", "nan", ["'nan' is not a number, above 0 and at most 3600"]),
        ("PHONEGAME_DRAIN_SECONDS", "-1", ["'-1' is not a number, at least 0 and at most 30"]),
        ("PHONEGAME_DRAIN_SECONDS", "inf", ["'inf' is not a number, at least 0 and at most 30"]),
        ("PHONEGAME_STALL_SECONDS", "1", ["'1' is not a number, above 1 and at most 600"]),
        ("PHONEGAME_VOICE", "loud", ["there is no voice 'loud'", "espeak:en-gb", "or auto, or none"]),
        ("PHONEGAME_LOG_LEVEL", "all", ["'all' is not 'debug', 'info', 'warning' or 'error'"]),
        ("PHONEGAME_CODES", "9-1", ["ends below its beginning: write 1-9"]),
        ("PHONEGAME_CODES", "file:none.txt", ["none.txt cannot be read", "check the path"]),
        ("PHONEGAME_CODES", "all", ["'all' is no set of codes", "0-99"]),
        ("PROXY_URL", "5000", ["'5000' is not an address to listen at", "write host:port"]),
        ("PROXY_URL", "127.0.0.1:70000", ["write host:port"]),
        ("PROXY_URL", "http://127.0.0.1:5000", ["write host:port"]),
        ("PROXY_URL", "::1:5000", ["write host:port"]),
        (
            "DEEPGRAM_URL",
            "https://api.deepgram.com/v1/listen",
            ["'https://api.deepgram.com' is not a websocket address"],
        ),
        ("DEEPGRAM_URL", "wss:///v1/listen", ["is not a websocket address", "name a host"]),
        ("DEEPGRAM_URL", "wss://host:99999/v1/listen", ["is not a websocket address"]),
        ("DEEPGRAM_URL", "wss://[::1/v1/listen", ["is not a websocket address"]),
        ("DEEPGRAM_URL", "wss://host/v1/listen?keyterm=one two", ["has a space", "write a space as %20"]),
        ("TWILIO_ACCOUNT_SID", API_KEY, ["is no account SID", "AC and 32 hexadecimal digits"]),
        ("TWILIO_API_KEY", ACCOUNT_SID, ["is no API key SID", "SK and 32"]),
        ("TWILIO_API_SECRET", "secret", ["is set, while TWILIO_API_KEY is missing; set both, or neither"]),
        ("TWILIO_AUTH_TOKEN", "pasted twice", ["has spaces or other characters", "copy it again"]),
        ("TWILIO_API_URL", "api.twilio.com", ["is no web address; write https://host"]),
        ("PHONEGAME_PUBLIC_URL", "wss://phone.example", ["is no web address; write https://host"]),
        ("PHONEGAME_PUBLIC_URL", "https://phone.example:99999", ["is no web address"]),
        ("PHONEGAME_PUBLIC_URL", "https://me@phone.example", ["has more than host and path in it"]),
        ("PHONEGAME_PUBLIC_URL", "https://phone.example/?a=b", ["has more than host and path in it"]),
        ("PHONEGAME_PUBLIC_URL", "http://phone.example", ["is not encrypted, which is for this machine only"]),
        ("PHONEGAME_GAME_KEYS", "one, two three", ["has spaces or other characters", "copy it again"]),
        ("PHONEGAME_OPERATOR_KEY", "schlüssel", ["has spaces or other characters", "copy it again"]),
        ("PHONEGAME_GAME_ORIGINS", "games.example", ["'games.example' is no origin of a web page", "https://host"]),
        ("PHONEGAME_GAME_ORIGINS", "https://games.example/", ["without a path"]),
        ("PHONEGAME_DIAL_ALLOW", "+49,0049", ["'0049' is no beginning of a phone number", "such as +49"]),
        ("PHONEGAME_OVERFLOW_NUMBER", "0202 555 0123", ["is no phone number with its country", "+12025550123"]),
        ("PHONEGAME_TRUSTED_PROXIES", "proxy.example", ["'proxy.example' is no address or network"]),
        ("PHONEGAME_REDIS_URL", "localhost:6379", ["is no address of a Redis", "write redis://host:6379/0"]),
        ("PHONEGAME_REDIS_URL", "redis:///0", ["is no address of a Redis"]),
        ("PHONEGAME_REDIS_URL", "unix://", ["is no address of a Redis"]),
        ("PHONEGAME_INSECURE", "perhaps", ["'perhaps' is not 1 or 0"]),
        ("CERT_PEM", "none.pem", ["'none.pem' cannot be read: No such file"]),
        ("DEEPGRAM_API_KEY", "pasted twice", ["has spaces or other characters", "copy it again"]),
    ],
)
def test_a_fault_names_the_variable_what_is_wrong_and_what_to_do(
    variable: str, text: str, parts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, text)
    fault = faults()[0]
    assert fault.startswith(f"{variable}: ")
    for part in parts:
        assert part in fault


def test_a_key_is_missing_where_deepgram_is_not_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    (fault,) = faults()
    assert fault.startswith("DEEPGRAM_API_KEY: is missing, and api.deepgram.com asks for one; ")
    assert "phonegame speech" in fault
    monkeypatch.setenv("DEEPGRAM_URL", "wss://deepgram.example/v1/listen")
    assert "deepgram.example" in faults()[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_no_key_is_needed_where_it_is(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPGRAM_URL", f"ws://{host}:8080/v1/listen")
    assert Settings.load().deepgram_api_key.get_secret_value() == ""


@pytest.mark.parametrize(
    ("proxy_url", "public_url", "exposed"),
    [
        ("127.0.0.1:5000", "", False),
        ("localhost:5000", "http://localhost:5000", False),
        ("[::1]:5000", "http://127.0.0.1:5000", False),
        ("0.0.0.0:5000", "", True),
        ("[::]:5000", "", True),
        ("192.168.1.2:5000", "", True),
        ("phone.example:5000", "", True),
        ("127.0.0.1:5000", "https://phone.example", True),
    ],
)
@pytest.mark.usefixtures("key")
def test_a_server_is_exposed_by_where_it_listens_and_by_where_it_says_to_be(
    proxy_url: str, public_url: str, exposed: bool
) -> None:
    assert Settings.load(PROXY_URL=proxy_url, public_url=public_url).is_exposed is exposed


def test_settings_cannot_be_changed() -> None:
    settings = Settings.load(DEEPGRAM_API_KEY=KEY)
    with pytest.raises(ValidationError):
        settings.codes = "words"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("127.0.0.1:5000", ("127.0.0.1", 5000)),
        ("game.example:0", ("game.example", 0)),
        ("[::1]:443", ("::1", 443)),
        ("0.0.0.0:65536", (None, None)),
        ("localhost", (None, None)),
        (":5000", (None, None)),
        ("a b:1", (None, None)),
        ("host:1/path", (None, None)),
        ("host:1\n", (None, None)),
    ],
)
def test_split_address(address: str, parts: tuple[str | None, int | None]) -> None:
    assert split_address(address) == parts


@pytest.mark.slow
def test_serve_tells_every_fault_on_stderr_and_exits_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHONEGAME_CODES", "everything")
    ended = subprocess.run(
        [sys.executable, "-m", "phonegame", "serve"], capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.splitlines()[0] == "The settings have faults:"
    assert "  DEEPGRAM_API_KEY: is missing" in ended.stderr
    assert "  PHONEGAME_CODES: 'everything' is no set of codes" in ended.stderr
    assert "Traceback" not in ended.stderr
