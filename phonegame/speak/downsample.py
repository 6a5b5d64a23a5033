"""From a voice's or a file's sample rate down to the telephone's, with nothing above 4 kHz folded into it.

`audioop.ratecv` interpolates between neighbours and filters nothing: an "s" at 6 kHz would come out at 2 kHz.
So a windowed-sinc low-pass runs first. Each of its taps is one pass of `audioop` over the chunk, which needs
no numpy: some 5 ms of CPU for a second of speech at 22050 Hz.
"""

from __future__ import annotations

import audioop
import math
from collections.abc import Iterator

from phonegame.audio import SAMPLE_RATE, Resampler, encode_mulaw

CUTOFF_HZ = 3600
"""Half the amplitude is left here. Telephone networks pass 300 to 3400 Hz (ITU-T G.712)."""
TRANSITION_HZ = 1000
"""From passing to stopping, around the cutoff: what would fold back into the voice is at least 50 dB down."""
HEADROOM = 0.25
"""Partial sums of the filter may exceed full scale; they are kept at a quarter, in 32 bits."""


def low_pass_taps(rate: int) -> list[float]:
    """The right half of a symmetric filter, centre first, at `rate` samples a second; the whole sums up to 1."""
    # 3.3: the transition width of a Hamming window, in 1 / length
    half = math.ceil(3.3 * rate / TRANSITION_HZ / 2)
    step = 2 * CUTOFF_HZ / rate
    taps = [step]
    for n in range(1, half + 1):
        hamming = 0.54 + 0.46 * math.cos(math.pi * n / half)
        taps.append(hamming * math.sin(math.pi * step * n) / (math.pi * n))
    total = taps[0] + 2 * sum(taps[1:])
    return [tap / total for tap in taps]


class Downsampler:
    """16-bit mono at `from_rate`, in chunks of any number of samples -> 16-bit mono at 8000.

    Chunks join without a click, and the output is not delayed against the input: `finish()` returns what the
    filter still holds. A rate that is no higher than the telephone's is only converted, since there is
    nothing above to keep out.
    """

    def __init__(self, from_rate: int) -> None:
        self._resampler = Resampler(from_rate, SAMPLE_RATE)
        self._taps = low_pass_taps(from_rate) if from_rate > SAMPLE_RATE else [1.0]
        self._delay = len(self._taps) - 1
        self._history = bytes(4 * self._delay)

    def convert(self, pcm: bytes) -> bytes:
        if not self._delay:
            return self._resampler.convert(pcm)
        wide = audioop.mul(audioop.lin2lin(pcm, 2, 4), 4, HEADROOM)
        return self._filter(self._history + wide)

    def finish(self) -> bytes:
        """The end of the sound; call it once, after the last chunk."""
        return self._filter(self._history + bytes(4 * self._delay)) if self._delay else b""

    def _filter(self, samples: bytes) -> bytes:
        width = len(samples) - 4 * 2 * self._delay
        if width <= 0:
            self._history = samples
            return b""
        self._history = samples[width:]

        def shifted(by: int) -> bytes:
            start = 4 * (self._delay + by)
            return samples[start : start + width]

        total = audioop.mul(shifted(0), 4, self._taps[0])
        for n, tap in enumerate(self._taps[1:], 1):
            pair = audioop.add(shifted(-n), shifted(n), 4)
            total = audioop.add(total, audioop.mul(pair, 4, tap), 4)
        return self._resampler.convert(audioop.lin2lin(audioop.mul(total, 4, 1 / HEADROOM), 4, 2))


def telephone_pieces(pcm: bytes, rate: int) -> Iterator[bytes]:
    """A whole sound, 16-bit mono at `rate` -> mu-law at 8000, in pieces of about a tenth of a second.

    Each takes about a hundredth of its length to make, so that none keeps other threads waiting for long.
    """
    downsampler = Downsampler(rate)
    step = 2 * (rate // 10)
    for at in range(0, len(pcm), step):
        yield encode_mulaw(downsampler.convert(pcm[at : at + step]))
    yield encode_mulaw(downsampler.finish())


def to_telephone(pcm: bytes, rate: int) -> bytes:
    """As `telephone_pieces`, in one. Blocks for about a hundredth of the sound's length."""
    return b"".join(telephone_pieces(pcm, rate))
