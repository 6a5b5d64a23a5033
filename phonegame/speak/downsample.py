"""From a voice's or a file's sample rate down to the telephone's, with nothing above 4 kHz folded into it.

`audioop.ratecv` interpolates between neighbours and filters nothing: an "s" at 6 kHz would come out at 2 kHz.
So windowed-sinc filters run first, each of their taps a few passes of `audioop` over the chunk, which needs no numpy.
The sharp one has the most taps: high rates are halved before it, and doubled again for `ratecv`, which interpolates
well between samples that are close. A second of speech at 22050 Hz takes 2 to 3 ms of CPU.
"""

from __future__ import annotations

import audioop
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from functools import cache

from phonegame.audio import SAMPLE_RATE, Resampler

CUTOFF_HZ = 3600
"""Half the amplitude is left here. Telephone networks pass 300 to 3400 Hz (ITU-T G.712)."""
TRANSITION_HZ = 1000
"""From passing to stopping, around the cutoff: what would fold back into the voice is at least 50 dB down."""
HALVING_FROM = 20000
DOUBLING_FROM = 10000
"""Below these, no short filter can keep apart what is in the band, and what is mirrored into it."""
HEADROOM = 0.25
"""Partial sums of a filter may exceed full scale; they are kept at a quarter, in 32 bits."""
_WIDTH = 4
_HAMMING = 3.3
"""Transition width of a Hamming window, in sample rates / length."""


@cache
def low_pass_taps(rate: float) -> tuple[float, ...]:
    """The right half of a symmetric filter, centre first, at `rate` samples a second; the whole sums up to 1."""
    half = math.ceil(_HAMMING * rate / TRANSITION_HZ / 2)
    step = 2 * CUTOFF_HZ / rate
    right = [_hamming(n / half) * math.sin(math.pi * step * n) / (math.pi * n) for n in range(1, half + 1)]
    total = step + 2 * sum(right)
    return tuple(tap / total for tap in (step, *right))


@cache
def halfway_taps(rate: float) -> tuple[float, ...]:
    """The right half of the filter that gives what lies midway between two samples, at `rate`; the whole sums up to 1.

    It is right up to where the sharp filter stops.
    """
    edge = CUTOFF_HZ + TRANSITION_HZ / 2
    count = math.ceil((_HAMMING * 2 * rate / (rate - 2 * edge) + 1) / 4)
    places = [n + 0.5 for n in range(count)]
    taps = [_hamming(at / count) * math.sin(math.pi * at) / (math.pi * at) for at in places]
    return tuple(tap / (2 * sum(taps)) for tap in taps)


def _hamming(at: float) -> float:
    """The window from its centre (0) to its end (1)."""
    return 0.54 + 0.46 * math.cos(math.pi * at)


class _Filter(ABC):
    """32-bit samples in chunks of any size -> the same with this filter, not delayed against them.

    A step takes `unit` samples, and needs to see some steps before and after itself.
    """

    def __init__(self, unit: int, before: int, after: int) -> None:
        self._step_bytes = _WIDTH * unit
        self._context = before + after
        self._after = after
        self._samples = bytes(self._step_bytes * before)

    def convert(self, samples: bytes) -> bytes:
        samples = self._samples + samples
        count = len(samples) // self._step_bytes - self._context
        if count <= 0:
            self._samples = samples
            return b""
        self._samples = samples[self._step_bytes * count :]
        return self._apply(samples[: self._step_bytes * (count + self._context)], count)

    def finish(self) -> bytes:
        begun = bytes(-len(self._samples) % self._step_bytes)
        return self.convert(begun + bytes(self._step_bytes * self._after))

    @abstractmethod
    def _apply(self, samples: bytes, count: int) -> bytes:
        """`count` steps, with their surroundings."""


class _LowPass(_Filter):
    def __init__(self, rate: float) -> None:
        self._centre, *self._taps = low_pass_taps(rate)
        self._half = len(self._taps)
        super().__init__(1, self._half, self._half)

    def _apply(self, samples: bytes, count: int) -> bytes:
        centre = audioop.mul(_cut(samples, self._half, count), _WIDTH, self._centre)
        around = _pairs(samples, count, self._half - 1, self._half + 1, self._taps)
        return audioop.add(centre, around, _WIDTH)


class _Halve(_Filter):
    """Every other sample, without what would fold into the band."""

    def __init__(self, rate: float) -> None:
        self._taps = [tap / 2 for tap in halfway_taps(rate / 2)]
        super().__init__(2, len(self._taps), len(self._taps) - 1)

    def _apply(self, samples: bytes, count: int) -> bytes:
        even, odd = audioop.tomono(samples, _WIDTH, 0.5, 0), audioop.tomono(samples, _WIDTH, 0, 1)
        before = len(self._taps)
        return audioop.add(_cut(even, before, count), _pairs(odd, count, before - 1, before, self._taps), _WIDTH)


class _Double(_Filter):
    """One more sample in the middle between each two."""

    def __init__(self, rate: float) -> None:
        self._taps = halfway_taps(rate)
        super().__init__(1, len(self._taps) - 1, len(self._taps))

    def _apply(self, samples: bytes, count: int) -> bytes:
        before = len(self._taps) - 1
        given = audioop.tostereo(_cut(samples, before, count), _WIDTH, 1, 0)
        between = audioop.tostereo(_pairs(samples, count, before, before + 1, self._taps), _WIDTH, 0, 1)
        return audioop.add(given, between, _WIDTH)


def _cut(samples: bytes, begin: int, count: int) -> bytes:
    return samples[_WIDTH * begin : _WIDTH * (begin + count)]


def _pairs(samples: bytes, count: int, left: int, right: int, taps: Sequence[float]) -> bytes:
    """A symmetric filter but for its centre. `left` and `right`: the samples next to it, for the first of `count`."""
    total = bytes(_WIDTH * count)
    for n, tap in enumerate(taps):
        pair = audioop.add(_cut(samples, left - n, count), _cut(samples, right + n, count), _WIDTH)
        total = audioop.add(total, audioop.mul(pair, _WIDTH, tap), _WIDTH)
    return total


class Downsampler:
    """16-bit mono at `from_rate`, in chunks of any number of samples -> 16-bit mono at 8000.

    Chunks join without a click, and the output is not delayed against the input: `finish()` returns what the
    filters still hold. A rate that is no higher than the telephone's is only converted, since there is
    nothing above to keep out.
    """

    def __init__(self, from_rate: int) -> None:
        self._filters, rate = _filters(from_rate)
        # audioop takes whole numbers only, and cares for nothing but their ratio
        self._resampler = Resampler(rate.numerator, SAMPLE_RATE * rate.denominator)

    def convert(self, pcm: bytes) -> bytes:
        if not self._filters:
            return self._resampler.convert(pcm)
        samples = audioop.mul(audioop.lin2lin(pcm, 2, _WIDTH), _WIDTH, HEADROOM)
        for each in self._filters:
            samples = each.convert(samples)
        return self._to_telephone(samples)

    def finish(self) -> bytes:
        """The end of the sound; call it once, after the last chunk."""
        samples = b""
        for each in self._filters:
            samples = each.convert(samples) + each.finish()
        return self._to_telephone(samples)

    def _to_telephone(self, samples: bytes) -> bytes:
        return self._resampler.convert(audioop.lin2lin(audioop.mul(samples, _WIDTH, 1 / HEADROOM), _WIDTH, 2))


def _filters(from_rate: int) -> tuple[list[_Filter], Fraction]:
    """And the rate behind them."""
    filters: list[_Filter] = []
    rate = Fraction(from_rate)
    if rate <= SAMPLE_RATE:
        return filters, rate
    while rate >= HALVING_FROM:
        filters.append(_Halve(float(rate)))
        rate /= 2
    filters.append(_LowPass(float(rate)))
    if rate % SAMPLE_RATE and rate >= DOUBLING_FROM:
        filters.append(_Double(float(rate)))
        rate *= 2
    return filters, rate
