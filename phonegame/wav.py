"""WAV files as the telephone needs them, read as leniently as players read them. No I/O in here.

The standard library's `wave` reads neither mu-law (the telephone's own) nor float, nor, before Python 3.12, the
extensible header that most programs write. Source: Microsoft, "Multiple Channel Audio Data and WAVE Files"; RFC 2361.
"""

from __future__ import annotations

import audioop
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from phonegame.audio import SAMPLE_RATE, decode_mulaw, encode_mulaw
from phonegame.speak.downsample import Downsampler

PCM, FLOAT, ALAW, MULAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
WIDTHS = {PCM: (1, 2, 3, 4), FLOAT: (4, 8), ALAW: (1,), MULAW: (1,)}
"""Bytes a sample."""
MIN_RATE, MAX_RATE = 4000, 192_000
UNKNOWN_SIZE = 0xFFFFFFFF


class WavFault(ValueError):
    """Why it cannot be played, as the end of a sentence that begins with its name."""


@dataclass(frozen=True, slots=True)
class Wav:
    encoding: int
    channels: int
    rate: int
    width: int
    body: bytes

    @property
    def seconds(self) -> float:
        return len(self.body) / (self.width * self.channels * self.rate)

    def telephone_pieces(self) -> Iterator[bytes]:
        """mu-law at 8000, in pieces of about a fiftieth of a second: half a millisecond of work at 44100.

        What is mu-law at 8000 already comes out bit for bit.
        """
        if (self.encoding, self.channels, self.rate) == (MULAW, 1, SAMPLE_RATE):
            yield self.body
            return
        downsampler = Downsampler(self.rate)
        step = self.rate // 50 * self.width * self.channels
        for at in range(0, len(self.body), step):
            yield encode_mulaw(downsampler.convert(self._mono(self.body[at : at + step])))
        yield encode_mulaw(downsampler.finish())

    def to_telephone(self) -> bytes:
        """As `telephone_pieces`, in one."""
        return b"".join(self.telephone_pieces())

    def _mono(self, samples: bytes) -> bytes:
        """16-bit samples, one channel."""
        pcm = self._to_16_bit(samples)
        # halved before they are added, so that two at full scale do not wrap
        return audioop.tomono(pcm, 2, 0.5, 0.5) if self.channels == 2 else pcm

    def _to_16_bit(self, samples: bytes) -> bytes:
        match self.encoding:
            case 7:
                return decode_mulaw(samples)
            case 6:
                return audioop.alaw2lin(samples, 2)
            case 3:
                return _from_float(samples, "f" if self.width == 4 else "d")
            case _ if self.width == 1:
                return audioop.lin2lin(audioop.bias(samples, 1, -128), 1, 2)  # 8-bit WAVs are unsigned
            case _:
                return audioop.lin2lin(samples, self.width, 2)


def read_wav(content: bytes) -> Wav:
    """PCM of 8 to 32 bits, float, mu-law, A-law; mono or stereo. Raises WavFault."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise WavFault("it is no WAV file" + _what_it_is_instead(content))
    layout: tuple[int, int, int, int] | None = None
    for kind, body in _chunks(content):
        if kind == b"fmt ":
            layout = _read_format(body)
        elif kind == b"data" and layout is not None:
            encoding, channels, rate, width = layout
            return Wav(encoding, channels, rate, width, body[: len(body) - len(body) % (width * channels)])
    raise WavFault("it holds no sound, or does not say in which format")


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Takes what there is of a chunk that is cut off, or whose writer did not know its size when it began."""
    at = 12
    while at + 8 <= len(content):
        kind, size = struct.unpack_from("<4sI", content, at)
        at += 8
        if kind == b"data" and size == 0 and _was_streamed(content):
            size = UNKNOWN_SIZE
        yield kind, content[at : at + size]
        at += size
        if size % 2 and content[at : at + 1] == b"\0":  # some writers forget to pad
            at += 1


def _was_streamed(content: bytes) -> bool:
    """Whether the header was written before it was known how long the file would be."""
    (size,) = struct.unpack_from("<I", content, 4)
    return bool(size + 8 < len(content) - 1 or size == UNKNOWN_SIZE)


def _read_format(body: bytes) -> tuple[int, int, int, int]:
    """Encoding, channels, rate, width."""
    if len(body) < 16:
        raise WavFault("its header is cut off")
    encoding, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if encoding == EXTENSIBLE and len(body) >= 26:
        (encoding,) = struct.unpack_from("<H", body, 24)
    if bits % 8 or bits // 8 not in WIDTHS.get(encoding, ()):
        raise WavFault(f"format {encoding} with {bits} bits; convert it to 16-bit PCM")
    if channels not in (1, 2):
        raise WavFault(f"{channels} channels; one or two can be played")
    if not MIN_RATE <= rate <= MAX_RATE:
        raise WavFault(f"{rate} samples a second; {MIN_RATE} to {MAX_RATE} can be played")
    return encoding, channels, rate, bits // 8


def _from_float(samples: bytes, code: str) -> bytes:
    """Full scale is 1.0. What is louder is clipped; what is no number is silent."""
    values = struct.unpack(f"<{len(samples) // struct.calcsize('<' + code)}{code}", samples)
    return struct.pack(f"<{len(values)}h", *map(_sample, values))


def _sample(value: float) -> int:
    if value >= 1.0:
        return 32767
    if value <= -1.0:
        return -32768
    return round(value * 32767) if value == value else 0  # not so for NaN


_OTHERS = {b"ID3": "an MP3", b"\xff\xfb": "an MP3", b"\xff\xf3": "an MP3", b"OggS": "Ogg", b"fLaC": "FLAC"}


def _what_it_is_instead(content: bytes) -> str:
    names = (name for magic, name in _OTHERS.items() if content.startswith(magic))
    name = next(names, None)
    return f" but {name}; convert it to WAV" if name else ""
