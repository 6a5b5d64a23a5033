"""From what a recogniser heard to Flux's turns. No I/O; time is audio.

    silence --words--> turn --`eager_eot_threshold`--> may be over --a voice, other words--> turn
      ^                 |                                  |
      +-----------------+----- `eot_threshold`, `eot_timeout_ms`, ForceEndTurn ------------+

How sure one can be that a turn is over depends here on nothing but how long the caller has been silent: 0.7, which is
Flux's own threshold, takes 260 ms, and 1.0 is never reached. A scripted recogniser decides itself: its finals end a
turn where they are `speech_final`, and may end it (EagerEndOfTurn) where they are not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from phonegame.local.speech.flux.query import Thresholds
from phonegame.local.speech.heard import Final, Heard, Interim, SpeechBegan
from phonegame.local.speech.messages import Word

UPDATE_SECONDS = 0.25
HALF_SURE_SECONDS = 0.11
"""After so much silence it is as likely as not that a turn is over."""
SPEAKING_CONFIDENCE = 0.05


@dataclass(frozen=True, slots=True)
class Turn:
    """One TurnInfo, when `at` seconds of audio had come in."""

    event: str
    at: float
    index: int
    start: float
    words: tuple[Word, ...]
    confidence: float
    trigger: str | None = None


class Turns:
    """`scripted`: whether finals say themselves when a turn is over."""

    def __init__(self, thresholds: Thresholds, *, scripted: bool = False, tell_silence: bool = True) -> None:
        self.thresholds = thresholds
        self._scripted = scripted
        self._tell_silence = tell_silence
        self._index = 0
        self._start = 0.0
        self._now = self._told_at = 0.0
        self._settled: tuple[Word, ...] = ()
        self._interim: tuple[Word, ...] = ()
        self._quiet_since: float | None = None
        self._awaits_end = False
        self.is_open = False

    def advance(self, heard: Sequence[Heard], until: float) -> list[Turn]:
        """`heard` is in the order of its `at`."""
        out: list[Turn] = []
        for event in heard:
            out += self._wait(event.at, including=False)
            self._now = max(self._now, event.at)
            out += self._take(event)
        return out + self._wait(until, including=True)

    def force_end(self, until: float) -> list[Turn]:
        """None where there is no turn."""
        self._now = max(self._now, until)
        return [self._end("manual")] if self.is_open else []

    def last(self, until: float) -> list[Turn]:
        """What is known of the turn that the end of the connection leaves open."""
        self._now = max(self._now, until)
        return [self._tell("Update")] if self.is_open else []

    def _take(self, event: Heard) -> list[Turn]:
        match event:
            case SpeechBegan():
                self._quiet_since = None
                return self._resume()
            case Interim(words=words):
                return self._hear(self._settled, words)
            case Final(words=words, speech_final=speech_final):
                told = self._hear((*self._settled, *self._later(words)), ())
                if not self._scripted:
                    self._quiet_since = words[-1].end if words else event.at
                elif self.is_open:
                    told.append(self._end("model") if speech_final else self._may_end())
                return told

    def _hear(self, settled: tuple[Word, ...], interim: Sequence[Word]) -> list[Turn]:
        before = self._words
        self._settled, self._interim = settled, self._later(interim)
        if self._words == before:
            return []
        told = self._resume()
        if not self.is_open:
            self.is_open = True
            told.append(self._tell("StartOfTurn"))
        elif self._scripted:
            told.append(self._tell("Update"))
        return told

    def _later(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """Without those that an earlier turn has had."""
        return tuple(word for word in words if word.end > self._start)

    def _resume(self) -> list[Turn]:
        was, self._awaits_end = self._awaits_end, False
        return [self._tell("TurnResumed")] if was else []

    def _wait(self, until: float, *, including: bool) -> list[Turn]:
        """Everything that comes due by itself before `until`, or at it, in order."""
        out: list[Turn] = []
        while True:
            due, what = min(self._coming(), key=lambda each: each[0])
            if due > until or (due == until and not including):
                return out
            self._now = max(self._now, due)
            told = what()
            out += [told] if told.words or self._tell_silence else []

    def _coming(self) -> list[tuple[float, Callable[[], Turn]]]:
        coming: list[tuple[float, Callable[[], Turn]]] = [
            (self._told_at + UPDATE_SECONDS, lambda: self._tell("Update"))
        ]
        if self.is_open and self._quiet_since is not None:
            rules, quiet = self.thresholds, self._quiet_since
            sure_at, timeout_at = quiet + _silence_for(rules.eot), quiet + rules.timeout_ms / 1000
            coming.append((sure_at, lambda: self._end("model")))
            coming.append((timeout_at, lambda: self._end("timeout")))
            if rules.eager is not None and not self._awaits_end:
                coming.insert(0, (quiet + _silence_for(rules.eager), self._may_end))
        return coming

    def _may_end(self) -> Turn:
        self._awaits_end = True
        return self._tell("EagerEndOfTurn")

    def _end(self, trigger: str) -> Turn:
        told = self._tell("EndOfTurn", trigger)
        self._index, self._start = self._index + 1, self._now
        self._settled = self._interim = ()
        self._quiet_since, self._awaits_end, self.is_open = None, False, False
        return told

    @property
    def _words(self) -> tuple[Word, ...]:
        return (*self._settled, *self._interim)

    def _tell(self, event: str, trigger: str | None = None) -> Turn:
        self._told_at = self._now
        return Turn(event, self._now, self._index, self._start, self._words, self._confidence, trigger)

    @property
    def _confidence(self) -> float:
        if self._quiet_since is None:
            return SPEAKING_CONFIDENCE
        silence = max(self._now - self._quiet_since, 0.0)
        return silence / (silence + HALF_SURE_SECONDS)


def _silence_for(confidence: float) -> float:
    """Seconds."""
    return math.inf if confidence >= 1 else HALF_SURE_SECONDS * confidence / (1 - confidence)
