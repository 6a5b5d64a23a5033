"""The encodings that the service takes, turned into what recognisers hear: 8 kHz mu-law, one channel."""

from __future__ import annotations

import audioop

from phonegame.audio import SAMPLE_RATE, Resampler, encode_mulaw
from phonegame.local.speech.flux.query import FluxOptions
from phonegame.local.speech.query import ListenOptions


class ToTelephone:
    """Keeps an odd byte for the next chunk, so that chunks may be cut anywhere. mu-law at 8 kHz passes untouched."""

    def __init__(self, options: ListenOptions | FluxOptions) -> None:
        self._encoding = options.encoding
        self._channels = options.channels
        self._rate = options.sample_rate
        self._resampler = Resampler(options.sample_rate, SAMPLE_RATE)
        self._rest = b""

    @property
    def bytes_per_second(self) -> int | None:
        """Of what the client sends; None when it is not decoded."""
        if self._encoding is None:
            return None
        return self._rate * self._channels * (2 if self._encoding == "linear16" else 1)

    def convert(self, audio: bytes) -> bytes:
        if self._encoding is None:
            return b""
        if (self._encoding, self._rate, self._channels) == ("mulaw", SAMPLE_RATE, 1):
            return audio
        block = self._channels * (2 if self._encoding == "linear16" else 1)
        audio = self._rest + audio
        whole = len(audio) - len(audio) % block
        self._rest = audio[whole:]
        pcm = self._to_pcm(audio[:whole])
        if self._channels == 2:
            pcm = audioop.tomono(pcm, 2, 0.5, 0.5)
        return encode_mulaw(self._resampler.convert(pcm))

    def _to_pcm(self, audio: bytes) -> bytes:
        match self._encoding:
            case "mulaw":
                return audioop.ulaw2lin(audio, 2)
            case "alaw":
                return audioop.alaw2lin(audio, 2)
            case _:
                return audio
