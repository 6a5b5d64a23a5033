"""The hold tone: two soft beeps every three seconds, so that a caller who waits knows that the line is alive."""

from __future__ import annotations

import math
import struct
from functools import cache

from phonegame.audio import SAMPLE_RATE, SILENCE, encode_mulaw

BEEP_HZ = 440
BEEP_SECONDS = 0.25
GAP_SECONDS = 0.15
PERIOD_SECONDS = 3.0
AMPLITUDE = 1600
"""Of 32767, -26 dB: under a voice."""


@cache
def hold_tone() -> bytes:
    """One period, mu-law; it may be repeated without a gap."""
    tone = _beep() + SILENCE * round(GAP_SECONDS * SAMPLE_RATE) + _beep()
    return tone + SILENCE * (round(PERIOD_SECONDS * SAMPLE_RATE) - len(tone))


def _beep() -> bytes:
    count = round(BEEP_SECONDS * SAMPLE_RATE)
    # swells and fades over its whole length: no click at its edges
    samples = (
        round(AMPLITUDE * math.sin(math.pi * n / count) * math.sin(2 * math.pi * BEEP_HZ * n / SAMPLE_RATE))
        for n in range(count)
    )
    return encode_mulaw(b"".join(struct.pack("<h", sample) for sample in samples))
