from __future__ import annotations

from pathlib import Path

import pytest

from phonegame.settings import Settings, SettingsError
from tests.bare_settings import clear_settings


def load(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    monkeypatch.setenv("DEEPGRAM_API_KEY", "planted0deepgram0key0")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Settings.load()


@pytest.fixture(autouse=True)
def _no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clear_settings(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("PHONEGAME_MODEL", "anthropic:", "names no model"),
        ("PHONEGAME_MODEL", "langchain:module", "write langchain:module:object"),
        ("PHONEGAME_MODEL_URL", "localhost:11434", "is no web address"),
        ("PHONEGAME_MODEL_URL", "http://[", "is no web address"),
        ("PHONEGAME_MODEL_URL", "https://planted@host/v1", "more than host and path"),
        ("PHONEGAME_MODEL_URL", "https://host/v1?key=planted", "more than host and path"),
        ("PHONEGAME_MODEL_URL", "https://host/v1/chat/completions", "leave its last part out"),
        ("PHONEGAME_MODEL_KEY", "planted key", "copy it again"),
        ("PHONEGAME_MODEL_TOKENS", "0", "at least 1"),
    ],
)
def test_a_fault_of_the_model_is_named(variable: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as caught:
        load(monkeypatch, **{variable: value})
    (fault,) = caught.value.faults
    assert fault.startswith(f"{variable}: ")
    assert words in fault
    assert "planted" not in fault


def test_the_key_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, PHONEGAME_MODEL="qwen3:8b", PHONEGAME_MODEL_KEY=" planted0model0key ")
    assert settings.model_key.get_secret_value() == "planted0model0key"
    assert "planted0model0key" not in repr(settings)
