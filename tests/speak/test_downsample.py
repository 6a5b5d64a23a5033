from __future__ import annotations

import audioop
import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phonegame.speak.downsample import Downsampler


def sine(frequency: int, rate: int, seconds: float = 0.2, amplitude: int = 16000) -> bytes:
    count = int(rate * seconds)
    values = (int(amplitude * math.sin(2 * math.pi * frequency * n / rate)) for n in range(count))
    return struct.pack(f"<{count}h", *values)


def convert(pcm: bytes, rate: int, sizes: list[int] | None = None) -> bytes:
    downsampler = Downsampler(rate)
    at, out = 0, b""
    for size in sizes or []:
        out += downsampler.convert(pcm[at : at + 2 * size])
        at += 2 * size
    return out + downsampler.convert(pcm[at:]) + downsampler.finish()


def decibels(frequency: int, rate: int) -> float:
    pcm = sine(frequency, rate)
    steady = convert(pcm, rate)[400:-400]
    return 20 * math.log10(max(audioop.rms(steady, 2), 1) / audioop.rms(pcm, 2))


@pytest.mark.parametrize("rate", [16000, 22050, 24000, 44100, 48000])
@pytest.mark.parametrize("frequency", [300, 1000, 2000, 3000])
def test_speech_band_passes(frequency: int, rate: int) -> None:
    assert decibels(frequency, rate) == pytest.approx(0, abs=0.6)


@pytest.mark.parametrize("rate", [16000, 22050, 24000, 44100, 48000])
@pytest.mark.parametrize("frequency", [4100, 5000, 6000, 7000, 7900])
def test_nothing_from_above_folds_into_the_band(frequency: int, rate: int) -> None:
    assert decibels(frequency, rate) < -50


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 48000])
def test_sound_keeps_its_length_and_place(rate: int) -> None:
    click = bytes(2 * (rate // 2)) + struct.pack("<h", 30000) * (rate // 1000) + bytes(2 * (rate // 2))
    out = struct.unpack(f"<{len(convert(click, rate)) // 2}h", convert(click, rate))
    assert len(out) == pytest.approx(8008, abs=2)
    assert out.index(max(out)) == pytest.approx(4004, abs=5)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 700), max_size=12))
def test_chunks_join_without_a_trace(sizes: list[int]) -> None:
    pcm = sine(700, 22050)
    assert convert(pcm, 22050, sizes) == convert(pcm, 22050)


@pytest.mark.parametrize("sign", [32767, -32768])
def test_full_scale_does_not_wrap(sign: int) -> None:
    out = convert(struct.pack("<h", sign) * 4000, 22050)
    steady = struct.unpack(f"<{len(out) // 2}h", out)[100:-100]
    assert all(value * sign > 0 for value in steady)
    assert min(abs(value) for value in steady) > 32000


def test_no_sound_stays_none() -> None:
    assert convert(b"", 22050).strip(b"\0") == b""


@pytest.mark.parametrize("rate", [11025, 16000, 22050, 24000, 44100, 48000])
@pytest.mark.parametrize("frequency", [500, 1500, 3000])
def test_a_tone_stays_alone(frequency: int, rate: int) -> None:
    """What a conversion adds by itself is at least 30 dB down."""
    steady = struct.unpack("<1200h", convert(sine(frequency, rate), rate)[800:3200])
    angles = [2 * math.pi * frequency * n / 8000 for n in range(1200)]
    in_phase, across = (
        sum(sample * wave(angle) for sample, angle in zip(steady, angles, strict=True)) / 600
        for wave in (math.sin, math.cos)
    )
    rest = [s - in_phase * math.sin(a) - across * math.cos(a) for s, a in zip(steady, angles, strict=True)]
    assert math.hypot(*rest) < 10 ** (-30 / 20) * math.hypot(*steady)
