"""The two files of a recording. All of this is for a thread: a disk may take its time.

NAME.wav.part and NAME.jsonl.part while it lasts, without the .part when it is finished. The WAV's header tells after
each piece how much there is, so that after a crash what is left plays as it is, under a name without .part: the next
start gives it that (left_behind.py). While they are written they are locked.
"""

from __future__ import annotations

import audioop
import errno
import os
import struct
import sys
import threading
from contextlib import suppress
from io import FileIO
from pathlib import Path

from phonegame.audio import SAMPLE_RATE, decode_mulaw

if sys.platform != "win32":
    import fcntl

WIDTH, CHANNELS = 2, 2
HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
BYTES_PER_HOUR = 3600 * SAMPLE_RATE * WIDTH * CHANNELS
MOST_BYTES = 2**32 - 1 - HEADER.size
"""A WAV counts in 32 bits: 37 hours."""
PART = ".part"


class RecordingFiles:
    """Readable by its owner alone: 0600. `lines` are bytes, each with its end. Errors are OSError."""

    def __init__(self, folder: Path, name: str) -> None:
        self._paths = [folder / f"{name}.wav", folder / f"{name}.jsonl"]
        self._files: list[FileIO] = []
        self._size = 0
        self._turn = threading.Lock()
        """A thread that was given up may still be at work."""

    def open(self) -> None:
        with self._turn:
            for path in self._paths:
                self._files.append(_create(_part(path)))
            _write_all(self._files[0], _header(0))

    def write(self, left: bytes, right: bytes, lines: bytes) -> None:
        """mu-law, both channels as long as each other."""
        with self._turn:
            sound, log = self._files
            if os.fstat(log.fileno()).st_nlink == 0:
                # the system takes what is written all the same, and throws it away
                raise FileNotFoundError(errno.ENOENT, "the file has been deleted")
            _write_all(log, lines)
            pcm = interleaved(left, right)
            if self._size + len(pcm) > MOST_BYTES:
                raise OSError(errno.EFBIG, "a WAV cannot be longer")
            _write_all(sound, pcm)
            self._size += len(pcm)
            sound.seek(0)
            _write_all(sound, _header(self._size))
            sound.seek(HEADER.size + self._size)

    def finish(self) -> None:
        with self._turn:
            self._close()
            for path in self._paths:
                _part(path).rename(path)

    def salvage(self) -> None:
        """Something has failed: what there is stays, under its name if that can be."""
        with self._turn:
            with suppress(OSError):
                self._close()
            for path in self._paths:
                with suppress(OSError):
                    _part(path).rename(path)

    def _close(self) -> None:
        while self._files:
            self._files.pop().close()


def interleaved(left: bytes, right: bytes) -> bytes:
    """Two channels of mu-law -> 16-bit samples, little-endian, left first."""
    both = audioop.tostereo(decode_mulaw(left), WIDTH, 1, 0), audioop.tostereo(decode_mulaw(right), WIDTH, 0, 1)
    return audioop.add(*both, WIDTH)


def _part(path: Path) -> Path:
    return path.with_name(path.name + PART)


def _create(path: Path) -> FileIO:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o600)
    with suppress(OSError):
        # a network's file system may know no locks; nobody else has the file yet
        lock(descriptor)
    return FileIO(descriptor, "w")


def lock(descriptor: int) -> bool:
    """Until it is closed. False: somebody else has. Raises OSError where that cannot be known.

    On Windows there is nothing to do: a file that is open is not renamed.
    """
    if sys.platform != "win32":
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _write_all(file: FileIO, content: bytes) -> None:
    """On a disk that is nearly full `write` takes a part, and fails only at the next one."""
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]


def _header(size: int) -> bytes:
    """Source: Microsoft, "Multimedia Programming Interface and Data Specifications 1.0", WAVE."""
    frame = WIDTH * CHANNELS
    return HEADER.pack(
        b"RIFF",
        HEADER.size - 8 + size,
        b"WAVE",
        b"fmt ",
        16,
        1,
        CHANNELS,
        SAMPLE_RATE,
        SAMPLE_RATE * frame,
        frame,
        8 * WIDTH,
        b"data",
        size,
    )
