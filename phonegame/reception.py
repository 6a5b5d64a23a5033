"""Finds out which code a caller means from what Deepgram hears. No I/O in here; the clock is the caller's.

Only final results count. An interim one would decide half a second sooner, and wrongly where it changes yet ("fifteen"
becomes "fifty", "forty one" becomes "forty one no forty two"), and to land in a stranger's game is worse than to wait.

An utterance is the finals since the last one ended. It is settled when Deepgram says so (`speech_final`, UtteranceEnd)
or when nothing has followed a final for `SETTLE_SECONDS`. The settled beginning of a code ("four", while 42 is shown)
waits `CARRY_SECONDS` for the rest of it: people who read a code out pause between its digits.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from phonegame.deepgram.messages import Results, UtteranceEnd
from phonegame.listen.transcript import Heard, without_words_before
from phonegame.spoken import Ambiguous, CodeBook, Growing, Matched, Outcome, Wrong

SETTLE_SECONDS = 1.5
CARRY_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class CodeTail:
    """Lets through what was said after the code, which ends at `until` (seconds of the call)."""

    until: float

    def strip(self, heard: Heard) -> Heard | None:
        """What the game gets of a message; None for nothing."""
        results = heard.results
        if results is not None and results.start < self.until:
            return without_words_before(heard, self.until) if results.best.words else None
        if isinstance(heard.message, UtteranceEnd) and 0 <= heard.message.last_word_end <= self.until:
            return None
        return heard


@dataclass(frozen=True, slots=True)
class Named:
    """The caller means the game that shows `code`."""

    code: str
    tail: CodeTail
    earlier: tuple[Heard, ...] = ()
    """What came before in the same utterance: the game's too, as far as `tail` lets it through."""


@dataclass(frozen=True, slots=True)
class NamedWrong:
    """The caller has named a code that no game shows. `said`: digits or a word, fit to be said back."""

    said: str


class Reception:
    """`hear` takes every message until a code is named; `deadline` tells when to call `settle`."""

    def __init__(self, book: CodeBook) -> None:
        self._book = book
        self._utterance: list[Heard] = []
        self._carried: list[str] = []
        self._carried_code = ""
        self.deadline = math.inf

    def hear(self, heard: Heard, active: Collection[str], now: float) -> Named | NamedWrong | None:
        results = heard.results
        if results is None:
            return self.settle(active, now) if isinstance(heard.message, UtteranceEnd) and self._spoken else None
        if not results.is_final:
            return None
        words = _words(heard)
        spoken = [*self._spoken, *words]
        if not spoken or not (words or results.speech_final):
            return None
        outcome, skipped = self._ask(spoken, active, settled=results.speech_final)
        self._utterance.append(heard)
        if isinstance(outcome, Matched):
            return self._named(outcome.code, outcome.end - skipped, newest=heard)
        self.deadline = now + SETTLE_SECONDS
        return self._close_utterance(outcome, now) if results.speech_final else None

    def settle(self, active: Collection[str], now: float) -> Named | NamedWrong | None:
        """The utterance is over, or the beginning of a code has waited long enough for the rest of it."""
        spoken = self._spoken
        if not spoken:
            self._carried, waited_in_vain = [], bool(self._carried)
            self.deadline = math.inf
            return NamedWrong(self._carried_code) if waited_in_vain else None
        outcome, skipped = self._ask(spoken, active, settled=True)
        if isinstance(outcome, Matched):
            return self._named(outcome.code, outcome.end - skipped)
        return self._close_utterance(outcome, now)

    def _close_utterance(self, outcome: Outcome, now: float) -> NamedWrong | None:
        grows = isinstance(outcome, Growing)
        self._carried = [*self._carried, *self._spoken] if grows else []
        self._carried_code = outcome.said if isinstance(outcome, Growing) else ""
        self.deadline = now + CARRY_SECONDS if self._carried else math.inf
        self._utterance = []
        return NamedWrong(outcome.said) if isinstance(outcome, Wrong) else None

    @property
    def _spoken(self) -> list[str]:
        return [word for heard in self._utterance for word in _words(heard)]

    def _ask(self, spoken: list[str], active: Collection[str], *, settled: bool) -> tuple[Outcome, int]:
        """The outcome, and how many words of the utterance before this one it counts in."""
        alone = self._book.hear(spoken, active, settled=settled)
        if not self._carried:
            return alone, 0
        joined = self._book.hear([*self._carried, *spoken], active, settled=settled)
        if isinstance(alone, Matched) and not (isinstance(joined, Matched) and joined.code == alone.code):
            # "four ... two" while 2 is shown: 42 may be meant, whether a game shows it or not
            return Ambiguous((alone.code, *self._carried)), 0
        return joined, len(self._carried)

    def _named(self, code: str, end: int, newest: Heard | None = None) -> Named:
        """`end`: words of the utterance up to the end of the code. `newest` goes to the game by itself."""
        until = 0.0
        for heard in self._utterance:
            assert heard.results is not None
            until = _end_of(heard.results, end)
            end -= len(_words(heard))
            if end <= 0:
                break
        earlier = tuple(heard for heard in self._utterance if heard is not newest)
        # should the game be gone by now, the same words must not name it again
        self._utterance, self._carried, self.deadline = [], [], math.inf
        return Named(code, CodeTail(until), earlier)


def _words(heard: Heard) -> list[str]:
    return heard.results.best.transcript.split() if heard.results else []


def _end_of(results: Results, count: int) -> float:
    """When the first `count` words of the results have been said; their beginning where that cannot be told."""
    words = results.best.words
    if len(words) != len(results.best.transcript.split()):
        # rather the code once more than the beginning of what follows cut off
        return results.start
    return words[count - 1].end if 0 < count <= len(words) else results.start
