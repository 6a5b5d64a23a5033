"""Who speaks: eSpeak NG, or the marker, whose words a test can read in the audio."""

from __future__ import annotations

import audioop
from collections.abc import Sequence
from typing import Protocol

import trio

from phonegame.audio import SAMPLE_RATE, Resampler, decode_mulaw
from phonegame.local.speech.config import SpeechConfig
from phonegame.local.speech.marker import GAP_MS, WORD_MS, encode_silence, encode_word, enough_ms
from phonegame.local.speech.speaking.aura import espeak_voice
from phonegame.local.speech.speaking.query import SpeakOptions
from phonegame.speak.espeak import ESpeakVoice, plain
from phonegame.speak.sentences import sentences

WORDS_PER_MINUTE = 150


class SpeakingVoice(Protocol):
    def pieces(self, text: str) -> Sequence[str]:
        """What is synthesised one after the other, so that the first sound comes early."""
        ...

    async def synthesise(self, piece: str) -> bytes:
        """8 kHz mu-law. Raises SpeakError."""
        ...


class ESpeak:
    """Raises ESpeakMissing."""

    def __init__(self, options: SpeakOptions) -> None:
        self._voice = ESpeakVoice(espeak_voice(options.model), round(WORDS_PER_MINUTE * options.speed))

    def pieces(self, text: str) -> Sequence[str]:
        return sentences(text)

    async def synthesise(self, piece: str) -> bytes:
        return await self._voice.synthesise(piece)


class Marker:
    """Says what `encode_speech` writes. A word that does not fit into `word_ms` lasts as long as it needs."""

    def __init__(self, word_ms: int = WORD_MS) -> None:
        self._word_ms = word_ms

    def pieces(self, text: str) -> Sequence[str]:
        return [text]

    async def synthesise(self, piece: str) -> bytes:
        await trio.lowlevel.checkpoint()
        words = [encode_word(word, max(self._word_ms, enough_ms(word))) for word in plain(piece).split()]
        return encode_silence(GAP_MS).join(words)


def find_voice(config: SpeechConfig, options: SpeakOptions) -> SpeakingVoice:
    """Raises ESpeakMissing."""
    match config.voice:
        case "espeak":
            return ESpeak(options)
        case "marker":
            return Marker(config.marker_word_ms)


class FromTelephone:
    """8 kHz mu-law -> what the client asked for; mu-law at 8 kHz passes untouched. Chunks join without a click."""

    def __init__(self, options: SpeakOptions) -> None:
        self._options = options
        self._resampler = Resampler(SAMPLE_RATE, options.sample_rate)

    def convert(self, mulaw: bytes) -> bytes:
        if (self._options.encoding, self._options.sample_rate) == ("mulaw", SAMPLE_RATE):
            return mulaw
        pcm = self._resampler.convert(decode_mulaw(mulaw))
        match self._options.encoding:
            case "mulaw":
                return audioop.lin2ulaw(pcm, 2)
            case "alaw":
                return audioop.lin2alaw(pcm, 2)
            case "linear16":
                return pcm
