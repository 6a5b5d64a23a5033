"""Lines typed at the terminal, read so that neither Ctrl-C nor the program's end waits for the Enter key."""

from __future__ import annotations

import codecs
import io
import sys
from typing import Protocol

import trio


class RawInput(Protocol):
    def read(self, size: int, /) -> bytes | None: ...


def standard_input() -> RawInput | None:
    """The bytes of standard input; None for a program that was started without one.

    Raw, not buffered: a thread that waits in a buffered read holds a lock that the interpreter wants when it
    ends. The console of Windows is read as well, and gives UTF-8.
    """
    buffer = getattr(sys.stdin, "buffer", None)
    return buffer.raw if isinstance(buffer, io.BufferedReader) else buffer


class TypedLines:
    """The lines of an input, one by one. A cancelled `receive` leaves its thread behind, with what it reads."""

    def __init__(self, raw: RawInput) -> None:
        self._raw = raw
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._text = ""
        self._at_end = False

    async def receive(self) -> str | None:
        """The next line without its end and without blanks around it; None at the end of the input."""
        while True:
            line, newline, rest = self._text.partition("\n")
            if newline or (self._at_end and line):
                self._text = rest
                await trio.lowlevel.checkpoint()
                return line.strip()
            if self._at_end:
                await trio.lowlevel.checkpoint()
                return None
            await self._read()

    async def _read(self) -> None:
        read = await trio.to_thread.run_sync(self._raw.read, 4096, abandon_on_cancel=True)
        self._at_end = not read
        self._text += self._decoder.decode(read or b"", final=self._at_end)
