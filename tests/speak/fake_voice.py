"""A voice whose audio is known beforehand, and whose faults and delays are chosen by the test."""

from __future__ import annotations

import math
import random
import re
from dataclasses import dataclass, field

import trio

from phonegame.audio import BYTES_PER_SECOND
from phonegame.speak.sound import Sound
from phonegame.speak.voice import SpeakError, Voice

SAMPLES_A_CHARACTER = 400
"""20 characters a second: every character of a text, blanks too, is as long as any other."""


def audio_of(text: str) -> bytes:
    """Noise, so that any piece of it is told from any other."""
    return random.Random(text).randbytes(len(text) * SAMPLES_A_CHARACTER)


def clip(seconds: float) -> bytes:
    """Noise as well, other than that of any text."""
    return random.Random(seconds).randbytes(round(seconds * BYTES_PER_SECOND))


def words_of(text: str) -> list[tuple[int, int, int]]:
    """Begin and end of each word in the text, and its first sample."""
    return [(match.start(), match.end(), match.start() * SAMPLES_A_CHARACTER) for match in re.finditer(r"\S+", text)]


@dataclass
class FakeVoice:
    """Makes `audio_of(text)`; `speed` is how many times faster than it plays."""

    name: str = "fake"
    first_after: float = 0.0
    speed: float = math.inf
    chunk_bytes: int = 1000
    fails_at: int | None = None
    """After so many bytes of a sentence."""
    error: Exception | None = field(default_factory=lambda: SpeakError("out of order"))
    """None: it stalls, and delivers nothing any more."""
    silent: bool = False
    asked: list[str] = field(default_factory=list)
    at_work: list[str] = field(default_factory=list)

    async def speak(self, sound: Sound) -> None:
        self.asked.append(sound.text)
        self.at_work.append(sound.text)
        try:
            await trio.sleep(self.first_after)
            await self._fill(sound)
        finally:
            self.at_work.remove(sound.text)

    async def _fill(self, sound: Sound) -> None:
        for word in words_of(sound.text):
            sound.add_word(*word)
        audio = b"" if self.silent else audio_of(sound.text)
        for begin in range(0, len(audio), self.chunk_bytes):
            if self.fails_at is not None and begin + self.chunk_bytes > self.fails_at:
                sound.add(audio[begin : self.fails_at])
                await self._fail()
            chunk = audio[begin : begin + self.chunk_bytes]
            if math.isfinite(self.speed):
                await trio.sleep(len(chunk) / BYTES_PER_SECOND / self.speed)
            sound.add(chunk)

    async def _fail(self) -> None:
        if self.error is None:
            await trio.sleep_forever()
        else:
            raise self.error


@dataclass
class FakeVoices:
    """Finds the one called None where no name is given."""

    voices: dict[str | None, FakeVoice] = field(default_factory=lambda: {None: FakeVoice()})

    def find(self, name: str | None) -> Voice:
        if name not in self.voices:
            raise SpeakError("there is no voice; set PHONEGAME_VOICE")
        return self.voices[name]
