from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from phonegame.app import create_app
from phonegame.characters.keeping.file import MemoryFile, MemoryFileError
from phonegame.settings import Settings, SettingsError

NUMBER = "+12025550123"


def known_as(path: Path, number_key: str = "") -> str:
    with closing(MemoryFile(path, number_key)) as file:
        return file.known_as(NUMBER)


def test_a_number_is_known_as_the_same_in_one_file_and_as_another_in_another(tmp_path: Path) -> None:
    assert known_as(tmp_path / "a") == known_as(tmp_path / "a")
    assert known_as(tmp_path / "a") != known_as(tmp_path / "b")


@pytest.mark.parametrize(("made_with", "opened_with"), [("", "key"), ("key", ""), ("key", "another")])
def test_another_number_key_is_a_fault(tmp_path: Path, made_with: str, opened_with: str) -> None:
    assert known_as(tmp_path / "a", made_with) == known_as(tmp_path / "a", made_with)
    with pytest.raises(MemoryFileError, match="made with another PHONEGAME_NUMBER_KEY"):
        MemoryFile(tmp_path / "a", opened_with)


@pytest.mark.skipif(sys.platform == "win32", reason="has other rights")
def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    with closing(MemoryFile(tmp_path / "a")) as file, file.writing() as connection:
        connection.execute("INSERT INTO spent VALUES ('', '', 1)")
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"a": 0o600, "a-wal": 0o600, "a-shm": 0o600}


def no_database(path: Path) -> None:
    path.write_bytes(b"a text, and a long one " * 100)


def anothers(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")


def from_the_future(path: Path) -> None:
    MemoryFile(path).close()
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA user_version = 7")


def damaged(path: Path) -> None:
    MemoryFile(path).close()
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))


FAULTS = [
    (no_database, "is no SQLite file; name one that is not there yet"),
    (anothers, "is a file of another program"),
    (from_the_future, "has version 7, and this phonegame writes version 1"),
    (damaged, "is damaged"),
]


@pytest.mark.parametrize(("spoil", "words"), FAULTS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_file_that_cannot_be_used_is_a_fault_of_the_settings(tmp_path: Path, spoil: object, words: str) -> None:
    assert callable(spoil)
    spoil(tmp_path / "a")
    settings = Settings(_env_file=None, DEEPGRAM_URL="ws://127.0.0.1:1/", memory=tmp_path / "a")
    with pytest.raises(SettingsError) as raised:
        create_app(settings)
    (fault,) = raised.value.faults
    assert fault.startswith("PHONEGAME_MEMORY: ")
    assert words in fault


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="whoever this is may write everywhere")
def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    MemoryFile(tmp_path / "a").close()
    (tmp_path / "a").chmod(0o400)
    with pytest.raises(MemoryFileError, match=r"cannot be (opened|written)"):
        MemoryFile(tmp_path / "a")


def test_one_that_is_locked_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phonegame.characters.keeping.file.BUSY_SECONDS", 0.01)
    locked = pytest.raises(MemoryFileError, match="is locked by another program")
    with closing(MemoryFile(tmp_path / "a")) as file, file.writing(), locked:
        MemoryFile(tmp_path / "a")


def test_one_that_shall_be_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(MemoryFileError, match="cannot be opened: No such file or directory"):
        MemoryFile(tmp_path / "a", create=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("name", "words"), [("", "is a folder"), ("none/a", "in a folder that does not exist")])
def test_where_no_file_can_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str) -> None:
    monkeypatch.setenv("PHONEGAME_MEMORY", str(tmp_path / name))
    with pytest.raises(SettingsError) as raised:
        Settings.load(_env_file=None, DEEPGRAM_URL="ws://127.0.0.1:1/")
    (fault,) = raised.value.faults
    assert words in fault


def test_damage_further_on_is_found(tmp_path: Path) -> None:
    with closing(MemoryFile(tmp_path / "a")) as file:
        with file.writing() as connection:
            rows = [("day", f"{number}" * 50, 1.0) for number in range(1000)]
            connection.executemany("INSERT INTO spent VALUES (?, ?, ?)", rows)
        file.wipe()
        assert file.fault() is None
    content = bytearray((tmp_path / "a").read_bytes())
    content[-8192:] = b"\xff" * 8192
    (tmp_path / "a").write_bytes(content)
    with closing(MemoryFile(tmp_path / "a")) as file:
        assert "is damaged" in str(file.fault())


def test_opening_it_again_takes_no_locks_away(tmp_path: Path) -> None:
    """Or the last process that closes it takes itself for the last one, and deletes what the others write into."""
    with closing(MemoryFile(tmp_path / "a")) as file:
        MemoryFile(tmp_path / "a").close()
        script = "import sys; from pathlib import Path; from phonegame.characters.keeping.file import MemoryFile\n"
        subprocess.run([sys.executable, "-c", f"{script}MemoryFile(Path(sys.argv[1])).close()", file.path], check=True)
        assert (tmp_path / "a-wal").exists()
