"""How much of a sentence has been heard, to the word: from the voice's word times, or else estimated. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from phonegame.audio import SAMPLE_RATE
from phonegame.speak.sound import Sound

SAMPLES_PER_LETTER = 0.065 * SAMPLE_RATE
"""English read aloud at 160 to 190 words a minute has about 15 letters a second."""
_DIGIT_LETTERS = 4
""""seven" has more than one letter."""
_SHORT_PAUSE_LETTERS = 3
_LONG_PAUSE_LETTERS = 6

# scripts without blanks between words: each sign is as good as a word
_UNSPACED = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\s{_UNSPACED}]+")


def heard(sound: Sound, samples: int) -> str:
    """The beginning of `sound.text`, up to the last word that is over when so many samples have been played.

    All of it once all the audio that there will be has been played, and nothing before the first word is over.
    """
    if samples <= 0:
        return ""
    if sound.ended and samples >= len(sound.audio):
        return sound.text
    ends = _told(sound) if sound.words else _estimated(sound)
    return sound.text[: max((word.end for word in ends if word.over_at <= samples), default=0)]


@dataclass(frozen=True, slots=True)
class _WordEnd:
    """`text[:end]` has been said when sample `over_at` is reached."""

    end: int
    over_at: float


def _told(sound: Sound) -> Iterator[_WordEnd]:
    """A word is over where the next one begins; the last one only with the audio."""
    for word, following in zip(sound.words, sound.words[1:], strict=False):
        yield _WordEnd(_said_before(sound.text, word.end, following.begin), following.at)


def _said_before(text: str, end: int, begin: int) -> int:
    """Between two words that are told, `text[end:begin]`, stands punctuation, or a part of the first ("It's")."""
    between = text[end:begin]
    blank = next((at for at in range(len(between) - 1, -1, -1) if between[at].isspace()), 0)
    return end + len(between[:blank].rstrip())


def _estimated(sound: Sound) -> Iterator[_WordEnd]:
    """The audio shared out by letters and pauses. While it is being made, it is taken to be as long as usual."""
    words = list(_WORD.finditer(sound.text))
    pauses = [_pause(word[0]) for word in words]
    lengths = [_letters(word[0]) for word in words]
    # the pause at the end is not always part of the audio
    total = sum(lengths) + sum(pauses[:-1])
    usual = total * SAMPLES_PER_LETTER
    per_letter = (len(sound.audio) if sound.ended else max(usual, len(sound.audio))) / max(total, 1)
    at = 0.0
    # the last word is over when the audio is
    for word, letters, pause in list(zip(words, lengths, pauses, strict=True))[:-1]:
        yield _WordEnd(word.end(), (at + letters) * per_letter)
        at += letters + pause


def _letters(word: str) -> int:
    """How long it takes to say, in letters; a lone dash takes no time but its pause."""
    return sum(_DIGIT_LETTERS if sign.isdigit() else 1 for sign in word if sign.isalnum())


def _pause(word: str) -> int:
    if not word[-1].isalnum() and any(sign in ".!?\u2026:;\u3002" for sign in word):
        return _LONG_PAUSE_LETTERS
    return _SHORT_PAUSE_LETTERS if word[-1] in ",)-\u2013\u2014\u3001" else 0
