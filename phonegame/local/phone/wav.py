"""WAV files: what the phone says comes from them, what it hears goes into them."""

from __future__ import annotations

import wave
from pathlib import Path

from phonegame.audio import SAMPLE_RATE, decode_mulaw
from phonegame.local.phone.errors import WavError
from phonegame.wav import ALAW, EXTENSIBLE, MULAW, PCM, WavFault, read_wav

__all__ = ["ALAW", "EXTENSIBLE", "MULAW", "PCM", "read", "to_mulaw", "write"]


def read(path: str | Path) -> bytes:
    """A file -> mu-law at 8000 Hz. Raises OSError, WavError."""
    return to_mulaw(Path(path).read_bytes(), str(path))


def write(path: str | Path, mulaw: bytes) -> None:
    """As 16-bit samples, which every program plays."""
    # opened here: where it cannot be opened, `wave` leaves a half-made object behind
    with Path(path).open("wb") as raw, wave.open(raw, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(decode_mulaw(mulaw))


def to_mulaw(content: bytes, name: str) -> bytes:
    """A WAV (`read_wav` tells which) -> mu-law at 8000 Hz. Raises WavError."""
    try:
        return read_wav(content).to_telephone()
    except WavFault as fault:
        raise WavError(name, str(fault)) from None
