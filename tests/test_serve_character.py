"""What keeps `phonegame serve --character FILE` from starting."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from phonegame.serve import serve

SCRIPTED = 'name = "Porter"\n[states.door]\nsay = "Yes?"\nlisten = [{ hear = "bye", hang_up = true }]\n'
MODELLED = 'name = "Porter"\npersona = "You open doors."\n'


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def started(text: str, **env: str) -> Result:
    Path("porter.toml").write_text(text)
    variables = {"DEEPGRAM_API_KEY": "key", "PHONEGAME_MODEL": "", **env}
    return CliRunner().invoke(serve, ["--character", "porter.toml"], env=variables)


def test_all_faults_of_the_file_are_told() -> None:
    result = started(SCRIPTED.replace("hang_up = true", 'go = "dor", sey = "x"'))
    assert result.exit_code == 1
    told = str(result.exception)
    assert "PHONEGAME_CHARACTER: porter.toml cannot be used:\n" in told
    assert "\n    state door, rule 1, sey: unknown; did you mean 'set'?" in told
    assert "\n    state door, rule 1, go: there is no state 'dor'; did you mean 'door'?" in told


def test_a_file_that_is_not_there_is_told() -> None:
    result = CliRunner().invoke(serve, ["--character", "none.toml"], env={"DEEPGRAM_API_KEY": "key"})
    assert "PHONEGAME_CHARACTER: none.toml cannot be used:\n    cannot be read" in str(result.exception)


def test_without_a_script_it_needs_a_model() -> None:
    assert "PHONEGAME_CHARACTER: porter.toml has no script, and needs a model" in str(started(MODELLED).exception)


def test_a_folder_of_characters_must_be_one() -> None:
    result = CliRunner().invoke(serve, env={"DEEPGRAM_API_KEY": "key", "PHONEGAME_CHARACTERS": "none"})
    assert "PHONEGAME_CHARACTERS: 'none' is no folder" in str(result.exception)


def test_a_model_that_cannot_be_asked_is_told() -> None:
    result = started(MODELLED, PHONEGAME_MODEL="gpt-4.1-mini", PHONEGAME_VOICE="espeak")
    assert "PHONEGAME_CHARACTER: cannot be played: OpenAI wants a key" in str(result.exception)


def test_it_needs_a_voice() -> None:
    result = started(SCRIPTED, PHONEGAME_VOICE="none")
    assert "PHONEGAME_CHARACTER: Porter cannot speak: PHONEGAME_VOICE names no voice" in str(result.exception)
