"""Both sides of the call: what the caller says, line by line, and what the game receives of it, and when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

import trio

from phonegame.local.demo.script import words_of


class Piece(NamedTuple):
    """One message of the game's, as it came."""

    at: float
    text: str


@dataclass
class Line:
    """One thing that the caller says. Times are seconds since the call began."""

    said: str
    began: float
    ended: float | None = None
    received: list[Piece] = field(default_factory=list)
    """What came to the game while it waited for this line; not always what was said."""
    arrived: float | None = None
    """When the game had all of it."""

    @property
    def delay(self) -> float | None:
        """From the end of the speech to the game; a recogniser may be ahead of a trailing silence."""
        if self.arrived is None or self.ended is None:
            return None
        return max(0.0, self.arrived - self.ended)


class Conversation:
    """The caller's tries at the code, then the sentences. `on_change` is called after each step."""

    def __init__(self, clock: Callable[[], float], on_change: Callable[[Conversation], None]) -> None:
        self.tries: list[Line] = []
        self.sentences: list[Line] = []
        self._clock = clock
        self._on_change = on_change
        self._words: list[str] = []
        self._changed = trio.Event()

    @property
    def lines(self) -> Sequence[Line]:
        return [*self.tries, *self.sentences]

    @property
    def joined(self) -> bool:
        return any(line.arrived is not None for line in self.tries)

    @property
    def join_seconds(self) -> float | None:
        """From the end of the first try at the code to the game's `connected`."""
        arrived = next((line.arrived for line in self.tries if line.arrived is not None), None)
        if arrived is None or self.tries[0].ended is None:
            return None
        return max(0.0, arrived - self.tries[0].ended)

    @property
    def missed(self) -> list[str]:
        return [line.said for line in self.sentences if line.arrived is None]

    @property
    def delays(self) -> list[float]:
        return [line.delay for line in self.sentences if line.delay is not None]

    @property
    def median_delay(self) -> float:
        return median(self.delays)

    def begin_code(self, text: str) -> Line:
        return self._begin(self.tries, text)

    def begin_sentence(self, text: str) -> Line:
        return self._begin(self.sentences, text)

    def end(self, line: Line) -> None:
        line.ended = self._clock()
        self._tell()

    def connected(self) -> None:
        line = self.tries[-1]
        line.arrived = self._clock()
        line.received.append(Piece(line.arrived, "connected"))
        self._tell()

    def received(self, text: str) -> None:
        """The sentences may come in several pieces, or several in one; they are found in order, word by word."""
        now = self._clock()
        self._words += words_of(text)
        found = [line for line in self.sentences if line.arrived is None and self._take(words_of(line.said))]
        for line in found:
            line.arrived = now
        waiting = [line for line in self.lines if line.arrived is None]
        # what belongs to no line is shown beside the one that is waited for
        for line in (found or waiting or self.lines)[:1]:
            line.received.append(Piece(now, text))
        self._tell()

    async def wait_until(self, reached: Callable[[], bool]) -> None:
        """Until it holds; it is looked at after each change."""
        while not reached():
            await self._changed.wait()
        await trio.lowlevel.checkpoint()

    def _tell(self) -> None:
        self._on_change(self)
        self._changed.set()
        self._changed = trio.Event()

    def _begin(self, lines: list[Line], text: str) -> Line:
        line = Line(text, began=self._clock())
        lines.append(line)
        self._tell()
        return line

    def _take(self, wanted: list[str]) -> bool:
        """Removes everything up to the end of the wanted words, if they are there."""
        for at in range(len(self._words) - len(wanted) + 1):
            if self._words[at : at + len(wanted)] == wanted:
                del self._words[: at + len(wanted)]
                return True
        return False
