"""WAV files: what the phone says comes from them, what it hears goes into them.

The standard library's `wave` reads neither mu-law files (the telephone's own) nor, before Python 3.12, the
extensible header that most programs write; so the reader is here.
"""

from __future__ import annotations

import audioop
import struct
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from phonegame.audio import SAMPLE_RATE, decode_mulaw
from phonegame.local.phone.errors import WavError
from phonegame.speak.downsample import to_telephone

PCM, ALAW, MULAW, EXTENSIBLE = 1, 6, 7, 0xFFFE
MAX_RATE = 192_000


@dataclass(frozen=True, slots=True)
class _Format:
    encoding: int
    channels: int
    rate: int
    width: int


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
    """A WAV (8 to 32 bits, mu-law, A-law; any rate; mono or stereo) -> mu-law at 8000 Hz. Raises WavError."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise WavError(name, "it is no WAV file")
    layout: _Format | None = None
    for kind, body in _chunks(content):
        if kind == b"fmt ":
            layout = _read_format(body, name)
        elif kind == b"data" and layout is not None:
            if layout.encoding == MULAW and layout.channels == 1 and layout.rate == SAMPLE_RATE:
                return body  # what the telephone carries, bit for bit
            return to_telephone(_to_mono(body, layout), layout.rate)
    raise WavError(name, "it holds no sound, or does not say in which format")


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(content):
        kind, size = struct.unpack_from("<4sI", content, at)
        yield kind, content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _read_format(body: bytes, name: str) -> _Format:
    if len(body) < 16:
        raise WavError(name, "its header is cut off")
    encoding, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if encoding == EXTENSIBLE and len(body) >= 26:
        (encoding,) = struct.unpack_from("<H", body, 24)
    width = bits // 8
    if encoding not in (PCM, ALAW, MULAW) or bits % 8 or not 1 <= width <= 4 or (encoding != PCM and width != 1):
        raise WavError(name, f"format {encoding} with {bits} bits; convert it to 16-bit PCM")
    if channels not in (1, 2):
        raise WavError(name, f"{channels} channels; one or two can be played")
    if not 1000 <= rate <= MAX_RATE:
        raise WavError(name, f"{rate} samples a second; 1000 to {MAX_RATE} can be played")
    return _Format(encoding, channels, rate, width)


def _to_mono(body: bytes, layout: _Format) -> bytes:
    """16-bit samples, one channel."""
    body = body[: len(body) - len(body) % (layout.width * layout.channels)]
    match layout.encoding:
        case 7:
            pcm = decode_mulaw(body)
        case 6:
            pcm = audioop.alaw2lin(body, 2)
        case _ if layout.width == 1:
            pcm = audioop.lin2lin(audioop.bias(body, 1, -128), 1, 2)  # 8-bit WAVs are unsigned
        case _:
            pcm = audioop.lin2lin(body, layout.width, 2)
    return audioop.tomono(pcm, 2, 0.5, 0.5) if layout.channels == 2 else pcm
