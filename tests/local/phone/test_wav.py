from __future__ import annotations

import array
import audioop
import itertools
import math
import struct
import wave
from pathlib import Path

import pytest

from phonegame.audio import decode_mulaw, encode_mulaw
from phonegame.local.phone import WavError, wav

HZ = 440


def sine(rate: int, seconds: float = 0.25) -> list[float]:
    return [0.5 * math.sin(2 * math.pi * HZ * n / rate) for n in range(int(rate * seconds))]


def samples(rate: int, width: int, channels: int) -> bytes:
    body = bytearray()
    for value in sine(rate):
        unsigned = width == 1
        whole = int(value * (2 ** (8 * width - 1) - 1)) + (128 if unsigned else 0)
        body += whole.to_bytes(width, "little", signed=not unsigned) * channels
    return bytes(body)


def riff(encoding: int, channels: int, rate: int, bits: int, body: bytes, *, before: bytes = b"") -> bytes:
    width = bits // 8
    head = struct.pack("<HHIIHH", encoding, channels, rate, rate * channels * width, channels * width, bits)
    if encoding == wav.EXTENSIBLE:
        head += struct.pack("<HHI", 22, bits, 0) + struct.pack("<H", wav.PCM) + bytes(14)
    chunks = before + b"fmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def pitch_and_loudness(mulaw: bytes) -> tuple[float, float]:
    """Zero crossings a second, halved, and the RMS as a part of full scale; without the edges."""
    pcm = array.array("h", decode_mulaw(mulaw))[200:-200]
    crossings = sum((a < 0) != (b < 0) for a, b in itertools.pairwise(pcm))
    return crossings / 2 / (len(pcm) / 8000), audioop.rms(pcm.tobytes(), 2) / 32768


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000])
def test_any_rate_width_and_channels_sound_the_same(rate: int, width: int, channels: int) -> None:
    mulaw = wav.to_mulaw(riff(wav.PCM, channels, rate, 8 * width, samples(rate, width, channels)), "x.wav")
    pitch, loudness = pitch_and_loudness(mulaw)
    assert len(mulaw) == pytest.approx(2000, abs=2)
    assert pitch == pytest.approx(HZ, rel=0.03)
    assert loudness == pytest.approx(0.5 / math.sqrt(2), rel=0.05)


def test_extensible_header_is_read() -> None:
    content = riff(wav.EXTENSIBLE, 1, 8000, 16, samples(8000, 2, 1))
    assert wav.to_mulaw(content, "x.wav") == encode_mulaw(samples(8000, 2, 1))


def test_mulaw_file_is_played_bit_for_bit() -> None:
    mulaw = bytes(range(256))
    assert wav.to_mulaw(riff(wav.MULAW, 1, 8000, 8, mulaw), "x.wav") == mulaw


def test_alaw_file_is_played() -> None:
    alaw = audioop.lin2alaw(samples(8000, 2, 1), 2)
    pitch, _ = pitch_and_loudness(wav.to_mulaw(riff(wav.ALAW, 1, 8000, 8, alaw), "x.wav"))
    assert pitch == pytest.approx(HZ, rel=0.03)


def test_chunks_of_odd_size_before_the_sound_are_skipped() -> None:
    content = riff(wav.MULAW, 1, 8000, 8, b"\x10\x20", before=b"LIST" + struct.pack("<I", 3) + b"abc\0")
    assert wav.to_mulaw(content, "x.wav") == b"\x10\x20"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"ID3" + bytes(100), id="an MP3"),
        pytest.param(b"RIFF\x04\0\0\0WAVE", id="no chunks"),
        pytest.param(riff(wav.PCM, 1, 8000, 16, b"")[:24], id="header cut off"),
        pytest.param(riff(2, 1, 8000, 8, bytes(8)), id="ADPCM"),
        pytest.param(riff(wav.PCM, 6, 8000, 16, bytes(24)), id="six channels"),
        pytest.param(riff(wav.PCM, 1, 0, 16, bytes(8)), id="no rate"),
        pytest.param(riff(wav.PCM, 1, 8000, 12, bytes(8)), id="12 bits"),
    ],
)
def test_what_cannot_be_played_is_named(content: bytes) -> None:
    with pytest.raises(WavError, match=r"x\.wav"):
        wav.to_mulaw(content, "x.wav")


def test_recording_is_16_bit_mono_at_8000(tmp_path: Path) -> None:
    wav.write(tmp_path / "heard.wav", b"\xff\x10\x90")
    with wave.open(str(tmp_path / "heard.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        assert file.readframes(10) == decode_mulaw(b"\xff\x10\x90")
    assert wav.read(tmp_path / "heard.wav") == b"\xff\x10\x90"
