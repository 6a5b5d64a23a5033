"""A clip that a game sends to be played: base64 of a WAV, or of raw mu-law -> what the telephone carries. No I/O."""

from __future__ import annotations

import binascii
import re
import time
from collections.abc import Iterator
from typing import Literal

from phonegame.audio import BYTES_PER_SECOND
from phonegame.wav import WavFault, read_wav

MAX_SECONDS = 60
"""The server's memory for one caller's queue is bounded, and a caller's patience too."""
PIECE = 256 * 1024
"""Characters that are decoded in one go: a multiple of 4, and about a millisecond without a thread switch."""
WORK_SECONDS, PAUSE_SECONDS = 0.0005, 0.0003
"""In the pause a thread that waits for Python's lock takes it, and gets through some system calls. Otherwise each of
these would cost it up to 5 ms (`sys.getswitchinterval`), and a server with a hundred calls makes thousands a second."""


class ClipError(ValueError):
    """Why it cannot be played, in words for whoever wrote the game."""


def decode_clip(audio: str, form: Literal["wav", "mulaw"]) -> bytes:
    """mu-law at 8000 samples a second. Raises ClipError.

    Blocks for about 15 ms per MiB of telephone audio, 150 to 300 ms at 22 to 48 kHz, a second or more at 192 kHz: for a
    large clip call it in a thread.
    """
    content = _from_base64(audio)
    return _from_wav(content) if form == "wav" else _from_mulaw(content)


def _from_wav(content: bytes) -> bytes:
    try:
        wav = read_wav(content)
    except WavFault as fault:
        raise ClipError(str(fault)) from None
    _check_length(wav.seconds)
    return b"".join(_politely(wav.telephone_pieces()))


def _politely(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Lets other threads run in between."""
    paused = time.monotonic()
    for piece in pieces:
        yield piece
        if time.monotonic() - paused > WORK_SECONDS:
            time.sleep(PAUSE_SECONDS)
            paused = time.monotonic()


def _from_mulaw(content: bytes) -> bytes:
    if content.startswith(b"RIFF"):
        raise ClipError("it is a WAV file; leave out the format, or set it to wav")
    _check_length(len(content) / BYTES_PER_SECOND)
    return content


def _check_length(seconds: float) -> None:
    if not seconds:
        raise ClipError("it holds no sound")
    if seconds > MAX_SECONDS:
        raise ClipError(f"it is {seconds:.1f} seconds long, and at most {MAX_SECONDS} are allowed")


def _from_base64(audio: str) -> bytes:
    if audio.startswith("data:"):
        raise ClipError("it begins with 'data:'; send only what is behind the comma")
    try:
        # padding belongs to the end alone, and to the last piece
        if "=" in audio[:-2]:
            raise ValueError
        return b"".join(
            binascii.a2b_base64(audio[at : at + PIECE], strict_mode=True) for at in range(0, len(audio), PIECE)
        )
    except ValueError:
        raise ClipError(_what_is_wrong_with_base64(audio)) from None


def _what_is_wrong_with_base64(audio: str) -> str:
    wrong = re.search(r"[^A-Za-z0-9+/]", audio.rstrip("="))
    if wrong is None:
        return "it is base64 that has been cut off, or lacks the = at its end"
    return (
        f"{wrong[0]!r} at character {wrong.start() + 1} is no base64 (A to Z, a to z, 0 to 9, + and /; no line breaks)"
    )
