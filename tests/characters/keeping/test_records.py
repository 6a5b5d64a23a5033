from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from phonegame.characters.entries import CallBegan, CallerSaid, Entry
from phonegame.characters.keeping.file import MemoryFile
from phonegame.characters.keeping.records import Kept, Part, Whose, add_spent, count, forget, load, save

NUMBER = "+12025550123"


@pytest.fixture
def file(tmp_path: Path) -> Iterator[MemoryFile]:
    file = MemoryFile(tmp_path / "memory.sqlite")
    yield file
    file.close()


def whose(character: str = "Witness", *, game: str = "game", player: str = "player") -> Whose:
    return Whose(player, game, character)


def recalled(file: MemoryFile, whose_it_is: Whose | None = None) -> Kept:
    return load(file, whose_it_is or whose(), now=1000.0, oldest=0.0)


def part(call: str, *said: str, whole: tuple[str, ...] | None = None, state: object = None) -> Part:
    encoded = msgspec.json.encode(state) if state is not None else None
    return Part(call, encode(*said), encode(*whole) if whole is not None else None, encoded)


def encode(*said: str) -> bytes:
    return msgspec.json.encode([CallBegan(), *map(CallerSaid, said)])


def said_in(kept: Kept) -> list[str]:
    return [entry.text for entry in kept.entries if isinstance(entry, CallerSaid)]


def test_what_was_said_and_the_state_come_back(file: MemoryFile) -> None:
    entries: tuple[Entry, ...] = (CallBegan(), CallerSaid("one"))
    assert save(file, recalled(file), part("a", "one", state={"coins": 3}), 1000.0)
    kept = recalled(file)
    assert (kept.entries, kept.state) == (entries, {"coins": 3})


def test_each_player_game_and_character_has_its_own(file: MemoryFile) -> None:
    others = [whose("Butler"), whose(game="other"), whose(game=""), whose(player="another")]
    save(file, recalled(file), part("a", "one"), 1000.0)
    assert [said_in(recalled(file, each)) for each in others] == [[]] * 4


def test_a_call_replaces_what_it_has_saved_before(file: MemoryFile) -> None:
    kept = recalled(file)
    save(file, kept, part("a", "one"), 1000.0)
    save(file, kept, part("a", "one", "two"), 1000.0)
    assert said_in(recalled(file)) == ["one", "two"]


def test_two_calls_at_once_are_both_kept(file: MemoryFile) -> None:
    save(file, recalled(file), part("before", "zero"), 1000.0)
    first, second = recalled(file), recalled(file)
    save(file, first, part("a", "one"), 1000.0)
    save(file, second, part("b", "two"), 1000.0)
    save(file, first, part("a", "one", "more", state="last"), 1000.0)
    kept = recalled(file)
    assert said_in(kept) == ["zero", "one", "more", "two"]
    assert kept.state == "last"


def test_what_was_cut_or_summed_up_replaces_what_was_loaded(file: MemoryFile) -> None:
    save(file, recalled(file), part("a", "one", "two"), 1000.0)
    kept = recalled(file)
    save(file, kept, part("b", "three", whole=("short", "three")), 1000.0)
    save(file, kept, part("b", "four", whole=("short", "four")), 1000.0)
    assert said_in(recalled(file)) == ["short", "four"]


def test_but_not_where_another_call_has_gone_on_with_it(file: MemoryFile) -> None:
    first = recalled(file)
    save(file, first, part("a", "one"), 1000.0)
    second = recalled(file)
    save(file, first, part("a", "one", "two"), 1000.0)
    save(file, second, part("b", "three", whole=("short", "three")), 1000.0)
    assert said_in(recalled(file)) == ["one", "two", "three"]


def test_of_two_that_have_cut_it_one_replaces_it(file: MemoryFile) -> None:
    save(file, recalled(file), part("before", "zero"), 1000.0)
    first, second = recalled(file), recalled(file)
    save(file, first, part("a", "one", whole=("short", "one")), 1000.0)
    for _ in range(2):
        save(file, second, part("b", "two", whole=("brief", "two")), 1000.0)
        save(file, first, part("a", "one", whole=("short", "one")), 1000.0)
    assert said_in(recalled(file)) == ["short", "one", "two"]


def test_who_has_not_called_for_long_is_forgotten(file: MemoryFile) -> None:
    save(file, recalled(file), part("a", "one"), now=1000.0)
    assert said_in(load(file, whose(), now=2000.0, oldest=1000.0)) == ["one"]
    assert said_in(load(file, whose(), now=2000.0, oldest=1000.1)) == []


def test_a_conversation_that_was_forgotten_is_not_saved_again(file: MemoryFile) -> None:
    kept = recalled(file)
    assert forget(file, "player") == 0
    assert not save(file, kept, part("a", "one"), 1000.0)
    again = recalled(file)
    assert not save(file, kept, part("a", "one"), 1000.0)
    assert save(file, again, part("b", "two"), 1000.0)
    assert said_in(recalled(file)) == ["two"]


@pytest.mark.parametrize(
    ("what", "number", "left"),
    [
        ({"player": "player"}, 2, 1),
        ({"character": "Witness"}, 2, 1),
        ({"player": "player", "character": "Witness"}, 1, 2),
        ({"before": 1500.0}, 2, 1),
        ({}, 3, 0),
        ({"player": "nobody"}, 0, 3),
    ],
    ids=str,
)
def test_who_is_forgotten(file: MemoryFile, what: dict[str, str | float], number: int, left: int) -> None:
    for now, each in enumerate([whose(), whose("Butler"), whose(player="another")]):
        save(file, recalled(file, each), part("a", "one"), now=1000.0 * now)
    assert forget(file, **what) == number  # type: ignore[arg-type]
    assert count(file) == left


def test_nothing_is_left_in_the_file_of_what_was_forgotten(file: MemoryFile) -> None:
    save(file, recalled(file), part("a", "a word that nobody else says"), 1000.0)
    forget(file, "player")
    written = b"".join(path.read_bytes() for path in file.path.parent.iterdir())
    assert b"nobody else" not in written


def test_neither_number_nor_game_is_in_the_file(file: MemoryFile) -> None:
    known_as = file.known_as(NUMBER)
    save(file, recalled(file, whose(game="the key's hash", player=known_as)), part("a", "one"), 1000.0)
    file.wipe()
    written = file.path.read_bytes()
    assert not any(text.encode() in written for text in (NUMBER, NUMBER[1:], known_as, "the key's hash"))
    assert bytes.fromhex(known_as) not in written


def test_what_cannot_be_read_is_left_out(file: MemoryFile) -> None:
    kept = recalled(file)
    save(file, kept, Part("a", b'[{"type":"Unheard"}]', None, b"{"), 1000.0)
    save(file, kept, part("b", "two"), 1000.0)
    assert said_in(recalled(file)) == ["two"]


def test_spending_of_a_day_adds_up(file: MemoryFile) -> None:
    assert add_spent(file, "2030-01-01", {"a": 1.0, "b": 2.0}) == {"a": 1.0, "b": 2.0}
    assert add_spent(file, "2030-01-01", {"a": 1.5}) == {"a": 2.5, "b": 2.0}
    assert add_spent(file, "2030-01-02", {"a": 1.0}) == {"a": 1.0}
    assert add_spent(file, "2030-01-02", {}) == {"a": 1.0}


WRITER = """
import sys
from pathlib import Path
from phonegame.characters.keeping.file import MemoryFile
from tests.characters.keeping.test_records import *

file = MemoryFile(Path(sys.argv[1]))
kept = recalled(file)
number = 0
while number < int(sys.argv[3]):
    number += 1
    save(file, kept, part(sys.argv[2], *(f"{sys.argv[2]}{each}" for each in range(number))), 1000.0)
    add_spent(file, "2030-01-01", {"a": 1.0})
    print(number, flush=True)
file.close()
"""


def writer(path: Path, call: str, times: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), call, str(times)], stdout=subprocess.PIPE, text=True
    )


@pytest.mark.slow
def test_a_process_that_is_killed_while_it_saves_loses_nothing_older(file: MemoryFile) -> None:
    save(file, recalled(file), part("before", "zero"), 1000.0)
    with writer(file.path, "a", 1_000_000) as process:
        assert process.stdout is not None
        told = [next(process.stdout) for _ in range(50)]
        process.send_signal(signal.SIGKILL)
    kept = said_in(recalled(file))
    assert kept[:51] == ["zero", *(f"a{number}" for number in range(50))]
    assert len(told) == 50
    assert file.fault() is None
    assert add_spent(file, "2030-01-01", {})["a"] >= 50


@pytest.mark.slow
def test_two_processes_write_into_one_file(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    with writer(path, "a", 30) as first, writer(path, "b", 30) as second:
        assert first.wait(60) == second.wait(60) == 0
    file = MemoryFile(path)
    expected = {f"{call}{number}" for call in "ab" for number in range(30)}
    assert set(said_in(recalled(file))) == expected
    assert add_spent(file, "2030-01-01", {})["a"] == 60
    file.close()


def test_a_transaction_that_fails_changes_nothing(file: MemoryFile) -> None:
    save(file, recalled(file), part("a", "one"), 1000.0)
    with suppress(sqlite3.IntegrityError), file.writing() as connection:
        connection.execute("DELETE FROM conversation")
        connection.execute("INSERT INTO spent VALUES (NULL, NULL, NULL)")
        raise AssertionError
    assert said_in(recalled(file)) == ["one"]
