"""What a recogniser says about the audio that it is fed. All times are seconds of that audio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from phonegame.local.speech.messages import Word


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """A voice was noticed: `start` is where it begins, `at` is how much audio it took to be sure."""

    at: float
    start: float


@dataclass(frozen=True, slots=True)
class Interim:
    """The words of the running utterance as they look after `at` seconds; they replace those of the interim before."""

    at: float
    words: tuple[Word, ...]
    start: float | None = None


@dataclass(frozen=True, slots=True)
class Final:
    """The words up to `end` will not change; none: it was no speech. `start` None: where the last final ended."""

    at: float
    words: tuple[Word, ...]
    end: float
    speech_final: bool
    start: float | None = None


Heard = SpeechBegan | Interim | Final


class Recogniser(Protocol):
    """Hears one connection's audio. Nothing in here may depend on how the audio was cut into chunks."""

    blocking: bool
    """`feed` and `finish` compute: they are called in a worker thread."""
    verbatim: bool
    """The words are what the client shall read: no numerals and no punctuation are made of them."""

    def feed(self, mulaw: bytes) -> Sequence[Heard]:
        """8 kHz mu-law; any length."""
        ...

    def finish(self) -> Sequence[Heard]:
        """Finalize, or the end of the audio: what is under way becomes final. May be fed again afterwards."""
        ...

    def expect(self, keyterms: Sequence[str]) -> None:
        """Phrases that may be said, besides the codes; replaces those given before."""
        ...

    def close(self) -> None:
        """Gives back what it holds. Called once, last."""
        ...


class DeafRecogniser:
    """Hears nothing, ever."""

    blocking = False
    verbatim = True

    def feed(self, mulaw: bytes) -> Sequence[Heard]:
        return ()

    def finish(self) -> Sequence[Heard]:
        return ()

    def expect(self, keyterms: Sequence[str]) -> None:
        pass

    def close(self) -> None:
        pass
