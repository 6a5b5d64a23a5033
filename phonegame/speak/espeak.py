"""eSpeak NG in this process: plain text -> telephone audio, with no account, no network, no program to start.

Tasks wait for their turn in front of one worker thread, since the library is one machine.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from phonegame.audio import BYTES_PER_MS, encode_mulaw
from phonegame.speak.downsample import Downsampler
from phonegame.speak.espeak_library import ESpeakMissing, Library, WordEvent, library, locate, unknown
from phonegame.speak.in_thread import HandOver, Threads, fill_in_thread
from phonegame.speak.sound import Sound, WordTime
from phonegame.speak.voice import SpeakError, TextTooLong, UnknownVoice

__all__ = ["ESpeakMissing", "ESpeakVoice", "SpeakError", "TextTooLong", "UnknownVoice", "ipa", "plain"]

MAX_TEXT = 4000
"""Characters a call; about three minutes of speech. Longer text is cut into sentences by whoever sends it."""

# eSpeak NG also opens files by this name: no dots, no slashes
_VOICE_NAME = re.compile(r"[A-Za-z0-9-]{2,40}(\+[A-Za-z0-9_-]{1,40})?")

_one_thread = Threads(1)


def plain(text: str) -> str:
    """What is read aloud, sign for sign: control characters, which eSpeak takes for commands, become blanks."""
    return "".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in text)


def ipa(text: str, voice: str = "en-us") -> str:
    """How eSpeak NG would say the text: phonemes of the International Phonetic Alphabet with "_" between.

    Blocks, for well under a millisecond a word. Raises SpeakError.
    """
    with Library.lock:
        return library().ipa(text, voice)


@dataclass(frozen=True, slots=True)
class ESpeakVoice:
    """A voice of eSpeak NG; equal ones are interchangeable, and none holds anything open.

    `language` may have a variant: `en-us`, `en-gb`, `de`, `en-us+f3`.
    """

    language: str = "en-us"
    words_per_minute: int = 150
    pitch: int = 50

    def __post_init__(self) -> None:
        """Raises ESpeakMissing, UnknownVoice, ValueError. A voice that there is not shows when it speaks."""
        if not _VOICE_NAME.fullmatch(self.language):
            raise unknown(self.language)
        locate()
        if not 80 <= self.words_per_minute <= 450:
            raise ValueError(f"words_per_minute must be from 80 to 450, not {self.words_per_minute}")
        if not 0 <= self.pitch <= 99:
            raise ValueError(f"pitch must be from 0 to 99, not {self.pitch}")

    @property
    def name(self) -> str:
        return f"espeak:{self.language}"

    async def speak(self, sound: Sound) -> None:
        """A second of speech takes a few milliseconds. Raises SpeakError: eSpeak NG is missing, the voice unknown."""
        await fill_in_thread(sound, partial(self._perform, sound.text), _one_thread)

    async def synthesise(self, text: str) -> bytes:
        """All of it at once: mu-law at 8000 Hz; empty for a text with nothing to say. Raises SpeakError.

        Cancelling stops it within milliseconds.
        """
        sound = Sound(text)
        await self.speak(sound)
        return bytes(sound.audio)

    def synthesise_blocking(self, text: str) -> bytes:
        """As `synthesise`, in the calling thread."""
        audio = bytearray()

        def keep(mulaw: bytes, _words: Sequence[WordTime]) -> bool:
            audio.extend(mulaw)
            return True

        self._perform(text, keep)
        return bytes(audio)

    def synthesise_pcm(self, text: str) -> tuple[bytes, int]:
        """16-bit little-endian mono as eSpeak NG makes it, and its samples per second (22050). Blocks."""
        pcm = bytearray()

        def keep(piece: bytes, _words: list[WordEvent]) -> bool:
            pcm.extend(piece)
            return True

        with Library.lock:
            self._synthesise(text, keep)
            return bytes(pcm), library().sample_rate

    def _perform(self, text: str, hand_over: HandOver) -> None:
        with Library.lock:
            downsampler, words, going = Downsampler(library().sample_rate), _Words(text), True

            def convert(pcm: bytes, events: list[WordEvent]) -> bool:
                nonlocal going
                going = hand_over(encode_mulaw(downsampler.convert(pcm)), words.told(events))
                return going

            self._synthesise(text, convert)
            if going:
                hand_over(encode_mulaw(downsampler.finish()), ())

    def _synthesise(self, text: str, take: Callable[[bytes, list[WordEvent]], bool]) -> None:
        if len(text) > MAX_TEXT:
            raise TextTooLong(len(text), MAX_TEXT)
        spoken = plain(text)
        if spoken.strip():
            library().synthesise(spoken, self.language, self.words_per_minute, self.pitch, take)


class _Words:
    """Word times from word events. "42" is spoken in two parts, whose places in the text overlap: one word."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._reach = 0

    def told(self, events: list[WordEvent]) -> list[WordTime]:
        words = []
        for event in events:
            end = min(event.begin + event.length, len(self._text))
            if self._reach <= event.begin < end:
                words.append(WordTime(event.begin, self._word_end(event.begin, end), event.ms * BYTES_PER_MS))
            self._reach = max(self._reach, end)
        return words

    def _word_end(self, begin: int, end: int) -> int:
        return begin + len(self._text[begin:end].rstrip())
