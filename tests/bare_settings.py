"""Settings that nothing but the test has set."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from phonegame.settings import Settings, SettingsError

KEY = "planted0deepgram0key0"


def clear_settings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither of this machine's variables nor of its `.env` files is anything seen; `folder` is the current one."""
    monkeypatch.chdir(folder)
    for name in os.environ:
        if name.upper().startswith(("PHONEGAME_", "DEEPGRAM_", "TWILIO_", "PROXY_URL", "CERT_PEM", "KEY_PEM")):
            monkeypatch.delenv(name)


def faults() -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    return caught.value.faults
