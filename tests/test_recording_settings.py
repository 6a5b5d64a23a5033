from __future__ import annotations

from pathlib import Path

import pytest

from phonegame.settings import Settings, SettingsError


def load(**values: object) -> Settings:
    return Settings.load(_env_file=None, DEEPGRAM_URL="ws://127.0.0.1/v1/listen", **values)


def faults(**values: object) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(**values)
    return caught.value.faults


def test_nothing_is_recorded_unless_there_is_a_folder(tmp_path: Path) -> None:
    assert load().recordings is None
    assert load(recordings=tmp_path).record == "asked"
    assert load(recordings=tmp_path, record="always").record == "always"


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    (fault,) = faults(recordings=tmp_path / "none", record="always")
    assert fault == f"PHONEGAME_RECORDINGS: {str(tmp_path / 'none')!r} does not exist; create it"


def test_all_calls_without_a_folder() -> None:
    (fault,) = faults(record="always")
    assert fault.startswith("PHONEGAME_RECORD: is always, while PHONEGAME_RECORDINGS is missing")


def test_all_calls_without_a_voice(tmp_path: Path) -> None:
    (fault,) = faults(recordings=tmp_path, record="always", voice="none")
    assert fault.startswith("PHONEGAME_VOICE: is none, while PHONEGAME_RECORD is always")


def test_another_word(tmp_path: Path) -> None:
    (fault,) = faults(recordings=tmp_path, record="never")
    assert "'asked' or 'always'" in fault


@pytest.mark.parametrize("text", ["none", " None ", " "])
def test_nobody_is_recorded_without_being_told(text: str) -> None:
    (fault,) = faults(prompt_recording=text)
    assert fault.startswith("PHONEGAME_PROMPT_RECORDING: cannot be none")
