"""One piece of text as sound: filled by a voice, and read by a speaker while it is being made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import trio


@dataclass(frozen=True, slots=True)
class WordTime:
    """`text[begin:end]` of a sound is a word that begins at sample `at`."""

    begin: int
    end: int
    at: int


class Sound:
    """mu-law at 8000 samples a second, one byte a sample, no header. One task fills it, one reads it.

    `on_change` is called, if given, when audio has been added, and at the end.
    """

    def __init__(
        self, text: str = "", audio: bytes = b"", *, ended: bool = False, on_change: Callable[[], None] | None = None
    ) -> None:
        self.text = text
        self.audio = bytearray(audio)
        self.words: list[WordTime] = []
        """In order, as far as the voice tells them; empty from a voice that does not."""
        self.ended = ended
        """Whether `audio` is all that there will be."""
        self._on_change = on_change
        self._changed = trio.Event()

    def add(self, mulaw: bytes) -> None:
        self.audio += mulaw
        self._wake()

    def add_word(self, begin: int, end: int, at: int) -> None:
        self.words.append(WordTime(begin, end, at))

    def end_nowait(self) -> None:
        self.ended = True
        self._wake()

    async def wait_beyond(self, length: int) -> bool:
        """Waits for more than `length` bytes of audio. False: there will be no more."""
        while len(self.audio) <= length and not self.ended:
            await self._changed.wait()
        await trio.lowlevel.checkpoint_if_cancelled()
        return len(self.audio) > length

    def _wake(self) -> None:
        self._changed.set()
        self._changed = trio.Event()
        if self._on_change is not None:
            self._on_change()
