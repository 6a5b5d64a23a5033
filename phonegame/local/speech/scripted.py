"""A recogniser that says what a script tells it to, when so much audio has come in."""

from __future__ import annotations

from collections.abc import Sequence

from phonegame.audio import BYTES_PER_SECOND
from phonegame.local.speech.heard import Final, Heard, Interim
from phonegame.local.speech.messages import Word
from phonegame.local.speech.script import Say


class ScriptedRecogniser:
    """Finals whose moment has not come when the stream is finished are lost, as at Deepgram."""

    blocking = False
    verbatim = True

    def __init__(self, script: Sequence[Say]) -> None:
        self._coming = sorted(script, key=lambda say: say.at)
        self._bytes = 0
        self._last_end = 0.0

    def feed(self, mulaw: bytes) -> Sequence[Heard]:
        self._bytes += len(mulaw)
        heard: list[Heard] = []
        while self._coming and self._coming[0].at <= self._bytes / BYTES_PER_SECOND:
            heard.append(self._say(self._coming.pop(0)))
        return heard

    def finish(self) -> Sequence[Heard]:
        return ()

    def expect(self, keyterms: Sequence[str]) -> None:
        """The script alone decides."""

    def close(self) -> None:
        pass

    def _say(self, say: Say) -> Heard:
        start = self._last_end if say.start is None else say.start
        end = say.at if say.end is None else say.end
        words = spread(say.text, start, end, say.confidence)
        if not say.final:
            return Interim(say.at, words, start=say.start)
        self._last_end = end
        return Final(say.at, words, end, speech_final=say.speech_final, start=say.start)


def spread(text: str, start: float, end: float, confidence: float) -> tuple[Word, ...]:
    """The words of `text`, each with an equal share of [start, end]."""
    texts = text.split()
    share = (end - start) / len(texts) if texts else 0.0
    return tuple(
        Word(text, start + share * index, start + share * (index + 1), confidence) for index, text in enumerate(texts)
    )
