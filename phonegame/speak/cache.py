"""Sentences that have been made once are spoken at once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

import trio

from phonegame.speak.sound import Sound, WordTime
from phonegame.speak.voice import Voice

MAX_BYTES = 16 * 1024 * 1024
"""Half an hour of speech."""
_OVERHEAD = 500
_WORD_BYTES = 100


@dataclass(frozen=True, slots=True)
class Recording:
    """A sentence as one voice speaks it."""

    text: str
    audio: bytes
    words: tuple[WordTime, ...]

    @property
    def size(self) -> int:
        return _OVERHEAD + len(self.audio) + 4 * len(self.text) + _WORD_BYTES * len(self.words)


class RecordingCache:
    """The recordings used last, as many as fit into `max_bytes`. Those to keep come on top, and are never dropped."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._recordings: OrderedDict[tuple[str, str], Recording] = OrderedDict()
        self._kept: dict[tuple[str, str], Recording | None] = {}
        self.size = 0
        """Bytes, without what is kept."""

    def keep(self, voice: str, texts: Iterable[str]) -> None:
        """What this voice says in these words stays, once it has been made."""
        for text in texts:
            self._kept.setdefault((voice, text))

    def find(self, voice: str, text: str) -> Recording | None:
        key = (voice, text)
        recording = self._kept.get(key) or self._recordings.get(key)
        if key in self._recordings:
            self._recordings.move_to_end(key)
        return recording

    def add(self, voice: str, recording: Recording) -> None:
        key = (voice, recording.text)
        if key in self._kept:
            self._kept[key] = recording
        elif recording.size <= self._max_bytes:
            self._drop(key)
            self._recordings[key] = recording
            self.size += recording.size
            while self.size > self._max_bytes:
                self._drop(next(iter(self._recordings)))

    def _drop(self, key: tuple[str, str]) -> None:
        if (recording := self._recordings.pop(key, None)) is not None:
            self.size -= recording.size


class CachedVoice:
    """A voice behind the cache.

    Two callers who are told the same at the same time have it made twice: if the second waited for the first, it would
    also wait for the first one's rate limit, and fail when the first is interrupted.
    """

    def __init__(self, voice: Voice, cache: RecordingCache) -> None:
        self._voice = voice
        self._cache = cache
        self.name = voice.name

    async def speak(self, sound: Sound) -> None:
        recording = self._cache.find(self.name, sound.text)
        if recording is None:
            await self._voice.speak(sound)
            if sound.audio:
                self._cache.add(self.name, Recording(sound.text, bytes(sound.audio), tuple(sound.words)))
        else:
            await trio.lowlevel.checkpoint()
            sound.words += recording.words
            sound.add(recording.audio)
