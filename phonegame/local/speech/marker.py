"""Words written into the bytes of the audio, and the recogniser that reads them: what is heard is what arrived.

`encode_word("pepperoni", 400)` is 400 ms of mu-law that carries the word; `encode_speech` joins several. Anything
else is silence. A word is heard once its last byte has come, and only if every byte of it came: cut in two by a
reconnect, or with a frame missing, it is not heard at all. So a test can prove that no word is lost and none
comes twice. Exact, and independent of how the audio is cut into chunks.

    0x01 text(UTF-8) 0x02 length-in-bytes(decimal) 0x03 ... 0x03 0x04
"""

from __future__ import annotations

from collections.abc import Sequence

from phonegame.audio import BYTES_PER_MS, BYTES_PER_SECOND, SILENCE
from phonegame.local.speech.heard import Final, Heard, Interim, SpeechBegan
from phonegame.local.speech.messages import Word

_START, _LENGTH, _FILL, _END = 0x01, 0x02, 0x03, 0x04
WORD_MS, GAP_MS = 300, 20
LEAST_ENDPOINTING_MS = 10
UNENDED_MS = 3000
"""With `endpointing=false` only this much silence makes words final, and not `speech_final`."""


def encode_word(text: str, ms: int = WORD_MS) -> bytes:
    """`ms * 8` bytes of mu-law. ValueError if the text does not fit, or holds a control character."""
    if any(ord(character) < 0x20 for character in text) or not text:
        raise ValueError("a word has at least one character, and no control character")
    size = ms * BYTES_PER_MS
    head = bytes([_START]) + text.encode() + bytes([_LENGTH]) + str(size).encode()
    if len(head) + 2 > size:
        raise ValueError(f"{ms} ms are too short for {text!r}")
    return head + bytes([_FILL]) * (size - len(head) - 1) + bytes([_END])


def enough_ms(text: str) -> int:
    """A time that `encode_word` can write the word in."""
    return -(-(len(text.encode()) + 12) // BYTES_PER_MS)


def encode_silence(ms: int) -> bytes:
    return SILENCE * (ms * BYTES_PER_MS)


def encode_speech(sentence: str, *, word_ms: int = WORD_MS, gap_ms: int = 20, pause_ms: int = 0) -> bytes:
    """The sentence's words with `gap_ms` of silence between them, and `pause_ms` after the last."""
    words = [encode_word(word, word_ms) for word in sentence.split()]
    return encode_silence(gap_ms).join(words) + encode_silence(pause_ms)


class MarkerRecogniser:
    """Interims word by word; a final after `endpointing_ms` of anything that is no word."""

    blocking = False
    verbatim = True

    def __init__(self, endpointing_ms: int | None) -> None:
        self._ended = endpointing_ms is not None
        silence_ms = UNENDED_MS if endpointing_ms is None else max(endpointing_ms, LEAST_ENDPOINTING_MS)
        self._silence_bytes = silence_ms * BYTES_PER_MS
        self._position = 0
        self._framed = bytearray()
        self._frame_start = 0
        self._words: tuple[Word, ...] = ()
        self._speaking = False
        self._quiet_since = 0

    def feed(self, mulaw: bytes) -> Sequence[Heard]:
        if not self._speaking and _START not in mulaw:  # most of a call is silence
            self._position += len(mulaw)
            return ()
        heard: list[Heard] = []
        for byte in mulaw:
            self._position += 1
            if byte == _START:
                heard += self._begin()
            elif self._framed:
                heard += self._go_on(byte)
            elif self._speaking and self._position - self._quiet_since >= self._silence_bytes:
                heard.append(self._final(speech_final=self._ended))
        return heard

    def finish(self) -> Sequence[Heard]:
        self._framed.clear()
        return [self._final(speech_final=False)] if self._speaking else []

    def expect(self, keyterms: Sequence[str]) -> None:
        """Every word is understood as it is."""

    def close(self) -> None:
        pass

    def _begin(self) -> list[Heard]:
        self._frame_start = self._position - 1
        self._framed[:] = bytes([_START])
        if self._speaking:
            return []
        self._speaking = True
        return [SpeechBegan(self._at(self._position), self._at(self._frame_start))]

    def _go_on(self, byte: int) -> list[Heard]:
        self._framed.append(byte)
        if byte == _END:
            return self._complete()
        if byte < 0x20 and byte not in (_LENGTH, _FILL):
            return self._broken()
        return self._broken() if byte in SILENCE else []

    def _complete(self) -> list[Heard]:
        text = _decode(bytes(self._framed))
        if text is None:
            return self._broken()
        self._quiet_since = self._position
        self._framed.clear()
        word = Word(text, self._at(self._frame_start), self._at(self._position))
        self._words += (word,)
        return [Interim(self._at(self._position), self._words)]

    def _broken(self) -> list[Heard]:
        self._quiet_since = self._position
        self._framed.clear()
        return []

    def _final(self, *, speech_final: bool) -> Final:
        words, self._words, self._speaking = self._words, (), False
        at = self._at(self._position)
        return Final(at, words, at, speech_final=speech_final)

    def _at(self, position: int) -> float:
        return position / BYTES_PER_SECOND


def _decode(frame: bytes) -> str | None:
    text, _, tail = frame[1:].partition(bytes([_LENGTH]))
    size, _, fill = tail.partition(bytes([_FILL]))
    if not size.isdigit() or int(size) != len(frame) or fill.strip(bytes([_FILL])) != bytes([_END]):
        return None
    return text.decode(errors="replace")
