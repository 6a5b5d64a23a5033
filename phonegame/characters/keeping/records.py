"""Conversations in a memory file, and what has been spent. All of these work at once, may wait for the disk and for
other processes, and raise `sqlite3.Error`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import structlog

from phonegame.characters.entries import Entry
from phonegame.characters.keeping.file import MemoryFile

_FIND = "SELECT id, state FROM conversation WHERE player = ? AND game = ? AND character = ?"
_DELETE_OLD = "DELETE FROM conversation WHERE player = ? AND game = ? AND character = ? AND updated < ?"
_MAKE = "INSERT INTO conversation (player, game, character, updated) VALUES (?, ?, ?, ?)"
# a call that has just begun has a row, and no part of it
_FIND_ALL = """
SELECT id, id IN (SELECT conversation FROM part) FROM conversation WHERE (:player IS NULL OR player = :player)
AND (:character IS NULL OR character = :character) AND (:before IS NULL OR updated < :before)
"""
_WRITE_PART = """
INSERT INTO part (conversation, call, whole, entries) VALUES (?, ?, ?, ?) ON CONFLICT (conversation, call)
DO UPDATE SET whole = excluded.whole, entries = excluded.entries, revision = revision + 1
"""
_entries = msgspec.json.Decoder(tuple[Entry, ...])

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Whose:
    """A conversation is kept for: see the top of this folder."""

    player: str
    """A hash of the number: `Caller.known_as`."""
    game: str
    character: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A conversation, as it was when it was loaded."""

    row: int
    entries: tuple[Entry, ...] = ()
    state: Any = None
    seen: Mapping[str, int] = field(default_factory=dict)
    """The parts that it was made of, and the revision of each."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one call adds to a conversation, so far."""

    call: str
    own: bytes
    """Its entries, as JSON."""
    whole: bytes | None
    """With all that was loaded before them, where that has been cut or summed up since."""
    state: bytes | None


def load(file: MemoryFile, whose: Whose, now: float, oldest: float) -> Kept:
    """Makes a row where there is none. What is older than `oldest` is deleted."""
    key = (file.hashed(whose.player), file.hashed(whose.game), whose.character)
    with file.writing() as connection:
        connection.execute(_DELETE_OLD, (*key, oldest))
        row = connection.execute(_FIND, key).fetchone()
        if row is None:
            made = connection.execute(_MAKE, (*key, now))
            assert made.lastrowid is not None
            return Kept(made.lastrowid)
        parts = connection.execute(
            "SELECT call, revision, entries FROM part WHERE conversation = ? ORDER BY id", row[:1]
        ).fetchall()
    entries = tuple(entry for _, _, text in parts for entry in _decoded(_entries, text, ()))
    return Kept(row[0], entries, _decoded(msgspec.json, row[1], None), {call: revision for call, revision, _ in parts})


def _decoded(decoder: Any, text: bytes | None, otherwise: Any) -> Any:
    try:
        return decoder.decode(text) if text is not None else otherwise
    except msgspec.MsgspecError as error:
        log.warning("something in the memory cannot be read; it is left out", why=type(error).__name__)
        return otherwise


def save(file: MemoryFile, kept: Kept, part: Part, now: float) -> bool:
    """False: it has been forgotten meanwhile, and stays so."""
    with file.writing() as connection:
        found = connection.execute(
            "UPDATE conversation SET updated = ?, state = ? WHERE id = ?", (now, part.state, kept.row)
        )
        if not found.rowcount:
            return False
        whole = part.whole is not None and _may_replace(connection, kept, part)
        if whole:
            absorbed = [(kept.row, call) for call in kept.seen]
            connection.executemany("DELETE FROM part WHERE conversation = ? AND call = ?", absorbed)
        connection.execute(_WRITE_PART, (kept.row, part.call, whole, part.whole if whole else part.own))
    return True


def _may_replace(connection: sqlite3.Connection, kept: Kept, part: Part) -> bool:
    """Whether nobody has gone on with what this call began with; once it has replaced that, it goes on doing so."""
    query = "SELECT call, revision, whole FROM part WHERE conversation = ?"
    there = {call: (revision, whole) for call, revision, whole in connection.execute(query, (kept.row,))}
    has_replaced = part.call in there and there[part.call][1]
    return bool(has_replaced) or all(there.get(call, (-1,))[0] == revision for call, revision in kept.seen.items())


def forget(
    file: MemoryFile, player: str | None = None, character: str | None = None, before: float | None = None
) -> int:
    """Deletes the conversations that all of this holds for, and gives their number."""
    wanted = {
        "player": file.hashed(player) if player is not None else None,
        "character": character,
        "before": before,
    }
    with file.writing() as connection:
        rows = connection.execute(_FIND_ALL, wanted).fetchall()
        connection.executemany("DELETE FROM conversation WHERE id = ?", [row[:1] for row in rows])
    file.wipe()
    return sum(has_parts for _, has_parts in rows)


def count(file: MemoryFile) -> int:
    with file.writing() as connection:
        (number,) = connection.execute("SELECT count(DISTINCT conversation) FROM part").fetchone()
    return int(number)


def add_spent(file: MemoryFile, day: str, amounts: Mapping[str, float]) -> dict[str, float]:
    """Gives the sums of that day, of all processes. Those of days before are deleted."""
    with file.writing() as connection:
        connection.execute("DELETE FROM spent WHERE day < ?", (day,))
        connection.executemany(
            "INSERT INTO spent VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET amount = amount + excluded.amount",
            [(day, what, amount) for what, amount in amounts.items()],
        )
        return dict(connection.execute("SELECT what, amount FROM spent WHERE day = ?", (day,)).fetchall())
