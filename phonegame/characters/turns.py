"""Whose turn it is: when the caller has begun to speak, is probably done, and is done. No I/O, no clock.

    silent --words--> Speaking --speech_final--> at the end of a sentence ------------------------------> Over(text)
                         ^                       in the midst of one: ProbablyOver --`patience` passes--> Over(text)
                         |                                                 |        --UtteranceEnd------> Over(text)
                         +--------------words, TurnResumed-----------------+

- Flux decides itself: its EagerEndOfTurn is a ProbablyOver, its EndOfTurn comes as `speech_final` and UtteranceEnd.
- SpeechStarted in the midst of that patience is as good as a promise of words, which are waited for.
- Words of an interim result that come to nothing (noise, mostly) leave all as it was before: Over("") where that is
  silence.
- Where a sound has stopped the character (`promise`), words are waited for `NOTHING_SECONDS`: then it was nothing, too.
- "mhm" over what the character says is no turn, and neither is what Deepgram hardly believes to be words. Said into
  silence it may be an answer, and is one.
- A final result that neither speech_final nor UtteranceEnd follows ends the turn after `LOST_SECONDS`.

Every word of a final result is in one Over, and in no other.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from phonegame.deepgram.messages import Results, SpeechStarted, UtteranceEnd
from phonegame.deepgram.turn_events import EagerEndOfTurn, TurnResumed
from phonegame.interruption import is_noise, says_something
from phonegame.listen.transcript import Heard

WORDS_SECONDS = 1.0
"""Deepgram's interim results come about once a second: words that belong to a SpeechStarted are there by then."""
NOTHING_SECONDS = 1.5
"""The same where somebody listens to a silent line meanwhile: recognisers are late at times."""
LOST_SECONDS = 3.0
"""An endpoint and an UtteranceEnd that are to come at all have come by then, with the usual settings."""
TOLERANCE_SECONDS = 0.1
"""UtteranceEnd and Results do not agree to the millisecond on when a word has ended."""

_SENTENCE_END = re.compile(r"""(?:(?<![.])[.]|[!?。！？])["'”’)\]]*$""")


@dataclass(frozen=True, slots=True)
class Speaking:
    """The caller begins a turn, or goes on with one that was probably over."""


@dataclass(frozen=True, slots=True)
class ProbablyOver:
    """An answer can be prepared. It must not be heard before `Over`, and is void with the next `Speaking`."""

    text: str


@dataclass(frozen=True, slots=True)
class Over:
    """The turn, whole. An empty text: what was taken for words was nothing."""

    text: str


Turn = Speaking | ProbablyOver | Over


@dataclass(frozen=True, slots=True)
class Span:
    """When the caller last heard something, in seconds of the call's audio."""

    begin: float = math.inf
    end: float = -math.inf


SILENCE = Span()


class Turns:
    """One for each call. `deadline` tells when to call `settle`, on the clock of `now`."""

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self.last_word_end = 0.0
        """Of the last turn's final results: seconds of the call's audio."""
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._finals: list[str] = []
        self._interim = ""
        self._is_speaking = False
        self._probably: str | None = None
        """What was told to be the whole turn, probably."""
        self._utterance_end = -math.inf
        self.deadline = math.inf

    @property
    def is_silent(self) -> bool:
        """Whether the caller is in no turn."""
        return not (self._finals or self._interim)

    def hear(self, heard: Heard, now: float, playing: Span = SILENCE) -> list[Turn]:
        match heard.message:
            case Results(is_final=True) as results:
                return self._hear_final(results, now, playing)
            case Results() as results:
                return self._hear_interim(results)
            case UtteranceEnd(last_word_end=at):
                return self._hear_utterance_end(at)
            case SpeechStarted() if self.deadline < math.inf:
                self.deadline = max(self.deadline, now + WORDS_SECONDS)
            case EagerEndOfTurn(transcript=text) if text:
                return self._be_probably_over(" ".join([*self._finals, text]), self._lost_at(now))
            case TurnResumed() if self._probably is not None:
                self.deadline = self._lost_at(now)
                return self._speak()
            case _:
                pass
        return []

    def promise(self, now: float) -> None:
        """The caller has been taken to speak, and no words of a turn are there yet: they come, or Over("")."""
        if self.is_silent and not self._is_speaking:
            self.deadline = min(self.deadline, now + NOTHING_SECONDS)

    def settle(self, now: float) -> list[Turn]:
        """`deadline` has passed."""
        return self._end() if now >= self.deadline else []

    def _hear_interim(self, results: Results) -> list[Turn]:
        text = results.best.transcript
        begins = self.is_silent and not self._is_speaking
        if not text or text == self._interim or (begins and not _counts(results)):
            return []
        self._interim = text
        self.deadline = math.inf
        if _last_word_end(results) > self._utterance_end + TOLERANCE_SECONDS:
            self._utterance_end = -math.inf
        return self._speak()

    def _hear_final(self, results: Results, now: float, playing: Span) -> list[Turn]:
        text = results.best.transcript
        was_interim, self._interim = self._interim, ""
        if not text or (not self._finals and _is_backchannel(results, playing)):
            return self._hear_nothing(results, now, withdrawn=bool(was_interim))
        self._finals.append(text)
        self.last_word_end = _last_word_end(results)
        begun = [] if " ".join(self._finals) == self._probably else self._speak()
        if self.last_word_end <= self._utterance_end + TOLERANCE_SECONDS:
            return [*begun, *self._end()]
        if results.speech_final:
            return [*begun, *self._stop_speaking(now)]
        self.deadline = now + LOST_SECONDS
        return begun

    def _hear_nothing(self, results: Results, now: float, *, withdrawn: bool) -> list[Turn]:
        if not self._finals:
            return self._end() if self._is_speaking or withdrawn or self._probably is not None else []
        if results.speech_final and (withdrawn or self._is_speaking):
            return self._stop_speaking(now)
        return self._be_probably_over(" ".join(self._finals), now + self.patience) if withdrawn else []

    def _hear_utterance_end(self, at: float) -> list[Turn]:
        if self._interim:
            # its final is yet to come
            self._utterance_end = at
        elif self._finals and (at < 0 or at >= self.last_word_end - TOLERANCE_SECONDS):
            return self._end()
        return []

    def _lost_at(self, now: float) -> float:
        """An interim result is followed by a final one in any case."""
        return math.inf if self._interim else now + LOST_SECONDS

    def _speak(self) -> list[Turn]:
        self._probably = None
        was_speaking, self._is_speaking = self._is_speaking, True
        return [] if was_speaking else [Speaking()]

    def _stop_speaking(self, now: float) -> list[Turn]:
        text = " ".join(self._finals)
        return self._end() if ends_sentence(text) else self._be_probably_over(text, now + self.patience)

    def _be_probably_over(self, text: str, deadline: float) -> list[Turn]:
        self.deadline = deadline
        self._is_speaking = False
        if text == self._probably:
            return []
        self._probably = text
        return [ProbablyOver(text)]

    def _end(self) -> list[Turn]:
        text = " ".join(self._finals)
        self._begin_anew()
        return [Over(text)]


def ends_sentence(text: str) -> bool:
    """Whether whoever says this is done: no "and then...", and no "I would like, um."."""
    words = text.split()
    return bool(words) and says_something(words[-1]) and _SENTENCE_END.search(text) is not None


def _counts(results: Results) -> bool:
    return any(map(says_something, results.best.transcript.split())) and not is_noise(results.best.confidence)


def _is_backchannel(results: Results, playing: Span) -> bool:
    begin = results.best.words[0].start if results.best.words else results.start
    return playing.begin <= begin <= playing.end and not _counts(results)


def _last_word_end(results: Results) -> float:
    return results.best.words[-1].end if results.best.words else results.end
