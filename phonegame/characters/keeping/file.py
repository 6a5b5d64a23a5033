"""The file that memories are kept in.

No number is in it, only hashes: BLAKE2b with a key, then scrypt. There are no more than some 10^10 phone numbers, and
whoever has the file and its key can try them all: scrypt makes that take years of one core, not minutes, which is a
hurdle and no more; one area code takes a day. The key is in the file itself, unless PHONEGAME_NUMBER_KEY is set: then
half of it is, and the file alone tells nobody who has called. What was said is in it as it was said.
"""

from __future__ import annotations

import errno
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from hashlib import blake2b, scrypt
from hmac import compare_digest
from pathlib import Path

APPLICATION_ID = 0x70686731
"""Tells our files from those of others: "phg1"."""
VERSION = 1
BUSY_SECONDS = 5.0
"""How long to wait for another process that is writing; it takes milliseconds."""
_SCRYPT_COST = 2**12
"""4 MiB and about 10 ms, once a conversation."""

_SCHEMA = """
CREATE TABLE secret (name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE conversation (
    -- never used again: a call that is going on must not take another's row for its own
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    player BLOB NOT NULL,
    game BLOB NOT NULL,
    character TEXT NOT NULL,
    updated REAL NOT NULL,
    state BLOB,
    UNIQUE (player, game, character)
);
CREATE INDEX conversation_updated ON conversation (updated);
CREATE TABLE part (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation INTEGER NOT NULL REFERENCES conversation ON DELETE CASCADE,
    call TEXT NOT NULL,
    -- whether it has, in short, what was said before that call as well
    whole INTEGER NOT NULL,
    revision INTEGER NOT NULL DEFAULT 0,
    entries BLOB NOT NULL,
    UNIQUE (conversation, call)
);
CREATE TABLE spent (day TEXT NOT NULL, what TEXT NOT NULL, amount REAL NOT NULL, PRIMARY KEY (day, what));
"""


class MemoryFileError(Exception):
    """The file cannot be used. The text says what is wrong with it and what to do."""


class MemoryFile:
    """Open until it is closed; used by one thread at a time."""

    def __init__(self, path: Path, number_key: str = "", *, create: bool = True) -> None:
        """`create`: where there is none. Raises `MemoryFileError`."""
        self.path = path
        try:
            _make_room(path, create=create)
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise MemoryFileError(f"{str(path)!r} cannot be opened: {_reason(error)}") from None
        try:
            self._set_up()
            self.number_key = self._number_key(number_key)
        except sqlite3.Error as error:
            self.close()
            raise MemoryFileError(_advice(path, error)) from None
        except MemoryFileError:
            self.close()
            raise
        self._slow_hash = lru_cache(1000)(self._hash_slowly)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All of it or nothing; no other process writes meanwhile."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()

    def hashed(self, known_as: str) -> bytes:
        """Of a number, or a game's key, that has been hashed before."""
        return self._slow_hash(known_as)

    def known_as(self, number: str) -> str:
        """The first hash, which is made in a microsecond."""
        return blake2b(number.encode(), key=self.number_key, digest_size=16).hexdigest()

    def fault(self) -> str | None:
        """Reads all of the file, which takes its time."""
        try:
            (found,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.Error as error:
            return _advice(self.path, error)
        return None if found == "ok" else _advice(self.path, sqlite3.DatabaseError(found))

    def wipe(self) -> None:
        """Moves all that has been written to the file itself, where what is deleted has been overwritten with zeros."""
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _hash_slowly(self, known_as: str) -> bytes:
        return scrypt(known_as.encode(), salt=self.number_key, n=_SCRYPT_COST, r=8, p=1, dklen=16)

    def _set_up(self) -> None:
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON", "secure_delete = ON"):
            self._connection.execute(f"PRAGMA {pragma}").fetchall()
        with self.writing() as connection:
            version, application, tables = (
                connection.execute(query).fetchone()[0]
                for query in ("PRAGMA user_version", "PRAGMA application_id", "SELECT count(*) FROM sqlite_master")
            )
            if not tables:
                for statement in _SCHEMA.split(";\n"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            elif application != APPLICATION_ID:
                raise MemoryFileError(
                    f"{str(self.path)!r} is a file of another program; name one that is not there yet"
                )
            elif version != VERSION:
                what = f"has version {version}, and this phonegame writes version {VERSION}"
                raise MemoryFileError(f"{str(self.path)!r} {what}; use the phonegame that has made it, or another file")
            # always, to see whether it can be written
            connection.execute(f"PRAGMA user_version = {VERSION}")

    def _number_key(self, given: str) -> bytes:
        with self.writing() as connection:
            found = dict(connection.execute("SELECT name, value FROM secret").fetchall())
            half = found.get("key") or secrets.token_bytes(32)
            key = blake2b(given.encode(), key=half, digest_size=32).digest()
            check = blake2b(b"check", key=key, digest_size=16).digest()
            if not found:
                rows = [("key", half), ("check", check)]
                connection.executemany("INSERT INTO secret VALUES (?, ?)", rows)
            elif not compare_digest(found.get("check", b""), check):
                raise MemoryFileError(
                    f"{str(self.path)!r} was made with another PHONEGAME_NUMBER_KEY: nobody in it would be found; "
                    "set that one again, or name another file"
                )
        return key


def _make_room(path: Path, *, create: bool) -> None:
    """For its owner only; SQLite gives the files beside it the same rights.

    One that is there is not opened here: closing it would take this process's locks on it away, SQLite's among them.
    """
    if create:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    elif not path.exists():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _advice(path: Path, error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    name = repr(str(path))
    match code:
        case sqlite3.SQLITE_NOTADB:
            return f"{name} is no SQLite file; name one that is not there yet"
        case sqlite3.SQLITE_CORRUPT:
            return f"{name} is damaged ({error}); move it away, or put a copy of it in its place"
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return f"{name} cannot be written ({error}); it and its folder must belong to whoever runs the server"
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return f"{name} is locked by another program; end it, and start again"
    return f"{name} cannot be used: {error}"
