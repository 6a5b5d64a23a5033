"""Telephone audio: mu-law, 8000 samples a second, one channel, one byte a sample (ITU-T G.711).

The standard library's `audioop` below Python 3.13, `audioop-lts` from there on; no I/O in here.
"""

from __future__ import annotations

import audioop
from typing import Any

SAMPLE_RATE = 8000
BYTES_PER_SECOND = SAMPLE_RATE
BYTES_PER_MS = SAMPLE_RATE // 1000
FRAME_MS = 20
FRAME_BYTES = FRAME_MS * BYTES_PER_MS
SILENCE = b"\xff"
"""The mu-law byte for zero. `SILENCE * n` is n / 8000 seconds of it."""


def encode_mulaw(pcm: bytes) -> bytes:
    """16-bit little-endian samples -> mu-law, one byte a sample. Full scale (-32768) does not wrap."""
    return audioop.lin2ulaw(pcm, 2)


def decode_mulaw(mulaw: bytes) -> bytes:
    """mu-law -> 16-bit little-endian samples."""
    return audioop.ulaw2lin(mulaw, 2)


class Resampler:
    """Converts 16-bit mono audio between sample rates; keeps its filter state, so that chunks join without a click."""

    def __init__(self, from_rate: int, to_rate: int) -> None:
        self._from_rate = from_rate
        self._to_rate = to_rate
        self._state: Any = None  # audioop's own, opaque

    def convert(self, pcm: bytes) -> bytes:
        if self._from_rate == self._to_rate:
            return pcm
        converted, self._state = audioop.ratecv(pcm, 2, 1, self._from_rate, self._to_rate, self._state)
        return bytes(converted)
