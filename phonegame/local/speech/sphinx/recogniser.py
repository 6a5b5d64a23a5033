"""A telephone line -> what is said on it: finds the utterances, and has an `Ear` understand them."""

from __future__ import annotations

import audioop
from collections.abc import Sequence

from phonegame.audio import BYTES_PER_MS, BYTES_PER_SECOND, FRAME_BYTES, decode_mulaw
from phonegame.local.speech.heard import Final, Heard, Interim, SpeechBegan
from phonegame.local.speech.messages import Word
from phonegame.local.speech.sphinx.ear import Ear, SpokenWord, Voices, shared_ear
from phonegame.local.speech.sphinx.voice import VoiceDetector
from phonegame.local.voice_sign import is_signed

LEAST_ENDPOINTING_MS = 250
"""A stop within a word ("eigh-t") is silent for up to 150 ms; Deepgram's default of 10 ms would cut words in two."""
UNENDED_MS = 1000  # of silence make words final, though not `speech_final`, when `endpointing=false`
PRE_ROLL_MS = 240  # of audio from before a voice was noticed belongs to the utterance
INTERIM_SECONDS = 0.5  # at first; later after half as much speech again, since each guess begins from the start
LONGEST_SECONDS = 8.0  # then what has been said becomes final, and the rest is another utterance


class SphinxRecogniser:
    """Making the first one reads the models (a fifth of a second); those that expect the same share them."""

    blocking = True
    verbatim = False

    def __init__(
        self,
        endpointing_ms: int | None,
        *,
        codes: Sequence[str] = (),
        keyterms: Sequence[str] = (),
        voices: Voices = "human",
        dictation: bool = False,
    ) -> None:
        self._codes = tuple(codes)
        self._voices: Voices = voices
        self._dictation = dictation
        self.expect(keyterms)
        self._ended = endpointing_ms is not None
        silence_ms = UNENDED_MS if endpointing_ms is None else max(endpointing_ms, LEAST_ENDPOINTING_MS)
        self._silence_bytes = silence_ms * BYTES_PER_MS
        self._detector = VoiceDetector()
        self._position = 0  # bytes that have been looked at, whole frames
        self._frame = bytearray()
        self._recent = bytearray()  # the pre-roll, then the utterance
        self._recent_start = 0
        self._speaking = False
        self._last_voice = 0
        self._next_guess = 0

    def feed(self, mulaw: bytes) -> Sequence[Heard]:
        heard: list[Heard] = []
        self._frame += mulaw
        while len(self._frame) >= FRAME_BYTES:
            frame = bytes(self._frame[:FRAME_BYTES])
            del self._frame[:FRAME_BYTES]
            heard += self._listen(frame)
        return heard

    def finish(self) -> Sequence[Heard]:
        return [self._final(speech_final=False)] if self._speaking else []

    def expect(self, keyterms: Sequence[str]) -> None:
        self._phrases = (*self._codes, *keyterms)
        self._ear = shared_ear(self._phrases, self._voices, self._dictation)

    def close(self) -> None:
        pass

    def _listen(self, frame: bytes) -> list[Heard]:
        self._position += FRAME_BYTES
        self._recent += frame
        voiced = self._detector.is_voice(audioop.rms(decode_mulaw(frame), 2))
        if voiced:
            self._last_voice = self._position
        if not self._speaking:
            return self._begin() if voiced else self._forget()
        if self._position - self._last_voice >= self._silence_bytes:
            return [self._final(speech_final=self._ended)]
        if self._position - self._recent_start >= LONGEST_SECONDS * BYTES_PER_SECOND:
            return [self._final(speech_final=False)]
        return self._guess() if self._position >= self._next_guess else []

    def _begin(self) -> list[Heard]:
        self._speaking = True
        self._next_guess = self._position + int(INTERIM_SECONDS * BYTES_PER_SECOND)
        start = self._position - self._detector.onset_frames * FRAME_BYTES
        return [SpeechBegan(self._position / BYTES_PER_SECOND, max(0, start) / BYTES_PER_SECOND)]

    def _forget(self) -> list[Heard]:
        surplus = len(self._recent) - PRE_ROLL_MS * BYTES_PER_MS
        if surplus > 0:
            del self._recent[:surplus]
            self._recent_start += surplus
        return []

    def _guess(self) -> list[Heard]:
        so_far = self._position - self._recent_start
        self._next_guess = self._position + max(int(INTERIM_SECONDS * BYTES_PER_SECOND), so_far // 2)
        words = self._words(self._ear_for_this().guess(decode_mulaw(bytes(self._recent))))
        return [Interim(self._position / BYTES_PER_SECOND, words)] if words else []

    def _final(self, *, speech_final: bool) -> Final:
        """Most of the silence behind the last word is cut off: the models expect a little, not a second."""
        tail = min(self._position, self._last_voice + PRE_ROLL_MS * BYTES_PER_MS) - self._recent_start
        words = self._words(self._ear_for_this().hear(decode_mulaw(bytes(self._recent[:tail]))))
        at = self._position / BYTES_PER_SECOND
        self._recent.clear()
        self._recent_start = self._position
        self._speaking = False
        return Final(at, words, at, speech_final=speech_final)

    def _ear_for_this(self) -> Ear:
        """Of the utterance."""
        return shared_ear(self._phrases, "espeak", self._dictation) if is_signed(self._recent) else self._ear

    def _words(self, spoken: Sequence[SpokenWord]) -> tuple[Word, ...]:
        start = self._recent_start / BYTES_PER_SECOND
        return tuple(Word(word.text, start + word.start, start + word.end, word.confidence) for word in spoken)
