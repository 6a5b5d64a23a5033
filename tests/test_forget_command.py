from __future__ import annotations

from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from phonegame.characters.entries import CallerSaid
from phonegame.characters.keeping.file import MemoryFile
from phonegame.characters.keeping.records import Part, Whose, count, load, save
from phonegame.forget_command import forget

NUMBERS = ("+12025550123", "+12025550199")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "memory.sqlite"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PHONEGAME_MEMORY", str(path))
    with closing(MemoryFile(path)) as file:
        for now, number in enumerate(NUMBERS):
            for character in ("Witness", "Butler"):
                kept = load(file, Whose(file.known_as(number), "", character), now, 0)
                save(file, kept, Part("a", msgspec.json.encode([CallerSaid("one")]), None, None), now)
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(forget, arguments)


@pytest.mark.parametrize(
    ("arguments", "answer", "left"),
    [
        (["+12025550123"], "2 conversations deleted.", 2),
        (["+1 (202) 555-0123", "--character", "Butler"], "1 conversation deleted.", 3),
        (["+12025550100"], "0 conversations deleted.", 4),
        (["--character", "Butler"], "2 conversations deleted.", 2),
        (["--older-than", "90"], "4 conversations deleted.", 0),
        (["--older-than", "36000"], "0 conversations deleted.", 4),
        (["--all"], "4 conversations deleted.", 0),
    ],
    ids=str,
)
def test_who_is_forgotten(path: Path, arguments: list[str], answer: str, left: int) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.output.strip()) == (0, answer)
    with closing(MemoryFile(path)) as file:
        assert count(file) == left


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Who is to be forgotten?"),
        (["+12025550123", "--all"], "which of them?"),
        (["5550123"], "no phone number with its country"),
    ],
    ids=str,
)
def test_what_makes_no_sense_deletes_nothing(path: Path, arguments: list[str], words: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert words in result.output
    with closing(MemoryFile(path)) as file:
        assert count(file) == 4


@pytest.mark.parametrize(
    ("memory", "words"), [("", "PHONEGAME_MEMORY: is not set"), ("none.sqlite", "cannot be opened: No such file")]
)
def test_no_file_to_forget_in(path: Path, monkeypatch: pytest.MonkeyPatch, memory: str, words: str) -> None:
    monkeypatch.setenv("PHONEGAME_MEMORY", memory)
    result = run("+12025550123")
    assert result.exit_code == 1
    assert words in str(result.output)
    assert not Path("none.sqlite").exists()
