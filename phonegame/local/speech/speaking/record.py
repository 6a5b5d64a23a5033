"""What the service remembers of a connection to `/v1/speak`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import trio

from phonegame.local.speech.record import KEPT_MESSAGES, Record
from phonegame.local.speech.speaking.query import SpeakOptions


class Outcome(Enum):
    SAID = "said"
    CLEARED = "cleared"
    FAILED = "failed"
    """The voice could not speak."""


@dataclass(slots=True)
class Utterance:
    """One Flush and what came of it. Times are on the service's clock; `bytes` of audio were handed over to be sent."""

    text: str
    flushed_at: float
    bytes: int = 0
    first_byte_at: float | None = None
    ended_at: float | None = None
    outcome: Outcome | None = None
    """None: it is being said, or waits to be, or the connection ended first."""

    def end(self, outcome: Outcome) -> None:
        """The first word counts."""
        if self.outcome is None:
            self.outcome = outcome
            self.ended_at = trio.current_time()


class SpeakRecord(Record):
    """A connection to `/v1/speak`: `audio` is what went out, `sent` the other messages."""

    def __init__(
        self, number: int, request_id: str, query: str, headers: Mapping[str, str], *, keep_audio: bool = True
    ) -> None:
        super().__init__(number, request_id, query, headers)
        self.options: SpeakOptions | None = None
        self.texts: list[str] = []
        """Of every Speak that was taken, in order."""
        self.clears: list[float] = []
        """When each Clear came."""
        self.utterances: list[Utterance] = []
        """One for each Flush that was taken."""
        self._keep_audio = keep_audio

    @property
    def seconds(self) -> float:
        """Of audio sent."""
        return self.audio_bytes / self.options.bytes_per_second if self.options else 0.0

    def add_sent(self, data: str | bytes) -> None:
        if isinstance(data, bytes):
            self.add_audio(data, keep=self._keep_audio)
        else:
            super().add_sent(data)

    def add_text(self, text: str) -> None:
        if len(self.texts) < KEPT_MESSAGES:
            self.texts.append(text)
        self.notify()

    def add_clear(self) -> None:
        if len(self.clears) < KEPT_MESSAGES:
            self.clears.append(trio.current_time())
        self.notify()

    def add_utterance(self, text: str) -> Utterance:
        utterance = Utterance(text, trio.current_time())
        if len(self.utterances) < KEPT_MESSAGES:
            self.utterances.append(utterance)
        self.notify()
        return utterance
