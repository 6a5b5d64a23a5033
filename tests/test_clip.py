from __future__ import annotations

import base64
import io
import struct
import wave
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.clip import MAX_SECONDS, PIECE, ClipError, decode_clip


def wav(pcm: bytes, rate: int = 8000) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(pcm)
    return file.getvalue()


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def test_raw_mulaw_comes_out_as_it_is() -> None:
    assert decode_clip(encoded(bytes(range(256))), "mulaw") == bytes(range(256))


def test_a_wav_becomes_mulaw() -> None:
    assert decode_clip(encoded(wav(struct.pack("<3h", 0, 32767, -32768))), "wav") == b"\xff\x80\x00"


@given(st.integers(0, 4))
def test_base64_of_several_pieces_is_joined(more: int) -> None:
    content = bytes(PIECE // 4 * 3) + bytes(range(more + 1))
    assert decode_clip(encoded(content), "mulaw") == content


@pytest.mark.parametrize(
    ("audio", "what"),
    [
        ("", "holds no sound"),
        ("AAA", "cut off, or lacks the ="),
        ("A", "cut off, or lacks the ="),
        ("AAAA\nAAAA", r"'\\n' at character 5 is no base64 .*no line breaks"),
        ("AA-_", "'-' at character 3 is no base64"),
        ("AA==AAAA", "'=' at character 3 is no base64"),
        ("A" * (PIECE - 1) + "=" + "AAAA", "'=' at character"),
        ("AAA===", "cut off, or lacks the ="),
        ("Zoë=", "'ë' at character 3 is no base64"),
        ("\ud83c", "is no base64"),
        ("data:audio/wav;base64,UklGRg==", "send only what is behind the comma"),
    ],
)
def test_what_is_no_base64_says_why(audio: str, what: str) -> None:
    with pytest.raises(ClipError, match=what):
        decode_clip(audio, "mulaw")


def test_a_wav_that_cannot_be_played_says_why() -> None:
    with pytest.raises(ClipError, match="no WAV file"):
        decode_clip(encoded(bytes(100)), "wav")


def test_a_wav_as_raw_mulaw_would_crackle_and_is_refused() -> None:
    with pytest.raises(ClipError, match="it is a WAV file"):
        decode_clip(encoded(wav(bytes(100))), "mulaw")


def test_a_wav_without_sound_is_refused() -> None:
    with pytest.raises(ClipError, match="holds no sound"):
        decode_clip(encoded(wav(b"")), "wav")


def test_a_minute_is_the_most() -> None:
    minute = bytes(8000 * MAX_SECONDS)
    assert decode_clip(encoded(minute), "mulaw") == minute
    with pytest.raises(ClipError, match=r"60\.1 seconds long, and at most 60"):
        decode_clip(encoded(minute + bytes(800)), "mulaw")
    with pytest.raises(ClipError, match=r"61\.0 seconds long"):
        decode_clip(encoded(wav(bytes(2 * 4000 * 61), rate=4000)), "wav")


@given(st.text(st.characters(), max_size=50) | st.text("AB+/=", max_size=12), st.sampled_from(["wav", "mulaw"]))
def test_any_text_has_an_outcome(audio: str, form: str) -> None:
    with suppress(ClipError):
        assert decode_clip(audio, "wav" if form == "wav" else "mulaw")
