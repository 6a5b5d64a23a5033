"""Whether the caller means to interrupt what is being played, or only coughs, agrees, or ends an earlier sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from phonegame.deepgram.messages import Results, SpeechStarted, Word
from phonegame.listen.transcript import Heard

Mode = Literal["words", "speech", "never"]

NOISE_BELOW = 0.3
"""Confidence. What people say scores above 0.5, even over a bad line; what a cough is taken for mostly does not."""

# only what nobody answers a question with: "yeah" may be an answer, and "oh" a zero
_FILLER = re.compile(r"u+h+|u+h*m+|e+r+m*|e+h+|a+h+m*|h+m+|mm+|h+u+h+|m+hm+|u+hhu+h+|e+u+h+|ä+h*m*|ö+h*m*")
_NO_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Interruption:
    """The rule, for all calls. `words` is how many words it takes, fillers not counted.

    "words": these words, and none that began before the playback did. "speech": also whatever Deepgram's voice
    detection takes for speech, which is quicker and less sure. "never": nothing interrupts.
    """

    mode: Mode
    words: int = 1

    def is_meant(self, heard: Heard, playing_from: float) -> bool:
        """`playing_from`: seconds of the call's audio at which the caller began to hear what is being played."""
        if self.mode == "never":
            return False
        match heard.message:
            case SpeechStarted(timestamp=time):
                return self.mode == "speech" and time >= playing_from
            case Results():
                return _count_words(heard.message, playing_from) >= self.words
        return False


def _count_words(results: Results, playing_from: float) -> int:
    best = results.best
    if not best.words:
        # no word tells when it began, but none before the result did
        is_said_over_it = results.start >= playing_from and not is_noise(best.confidence)
        return sum(map(says_something, best.transcript.split())) if is_said_over_it else 0
    return sum(word.start >= playing_from and _counts(word, best.confidence) for word in best.words)


def _counts(word: Word, confidence: float) -> bool:
    return says_something(word.word) and not is_noise(confidence if word.confidence is None else word.confidence)


def says_something(word: str) -> bool:
    """Whether it is a word, and not a cough, agreement or hesitation that is written as one."""
    letters = _NO_LETTERS.sub("", word.casefold())
    return bool(letters) and _FILLER.fullmatch(letters) is None


def is_noise(confidence: float) -> bool:
    """Whether Deepgram hardly believes that somebody spoke. 0 says nothing: it stands where a session gives none."""
    return 0 < confidence < NOISE_BELOW
