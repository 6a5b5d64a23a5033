"""A saying on its way to the caller: its sentences, how far each has got, and what to report of it."""

from __future__ import annotations

import math

import trio

from phonegame.audio import BYTES_PER_SECOND, FRAME_BYTES
from phonegame.speak.saying import Dropped, Priority, Receipt, Saying
from phonegame.speak.sentences import sentences
from phonegame.speak.sound import Sound
from phonegame.speak.voice import Voice
from phonegame.speak.word_times import heard

START_GRACE_SECONDS = 0.02
"""One frame. Without it nothing could start within 0 s: sending itself takes a moment."""


class Part:
    """One sentence, or a whole clip: what is synthesised, sent and marked as one."""

    def __init__(self, text: str, voice: Voice | None, audio: bytes = b"") -> None:
        self.text = text
        self.voice = voice
        """None: a clip."""
        self.audio = audio
        self.sound: Sound | None = None
        """There while it is wanted: from when it is synthesised until it has been played."""
        self.synthesis: trio.CancelScope | None = None
        self.failure: str | None = None
        self.asked_at: float | None = None
        """When its voice was asked: trio's time, as the next."""
        self.first_audio_at: float | None = None
        self.begin = 0
        """Place of its first sample among all that the speaker has sent."""
        self.sent = 0
        self.is_played = False

    @property
    def is_made(self) -> bool:
        """Whether there is all the audio that there will be."""
        return self.failure is not None or (self.sound is not None and self.sound.ended)

    @property
    def is_complete(self) -> bool:
        """Whether all the audio that there is, and will be, has been sent."""
        return self.sound is not None and self.is_made and self.sent == len(self.sound.audio)

    def ready(self, most: int) -> int:
        """How many bytes may be sent: whole frames, and at the end what is left."""
        if self.sound is None:
            return 0
        left = min(len(self.sound.audio) - self.sent, most)
        at_the_end = self.is_made and self.sent + left == len(self.sound.audio)
        return left if at_the_end else left - left % FRAME_BYTES

    def take(self, size: int) -> bytes:
        assert self.sound is not None
        self.sent += size
        return bytes(self.sound.audio[self.sent - size : self.sent])

    def played(self, position: int) -> int:
        """How many of its samples are played when as many as `position` are played of everything."""
        return min(max(position - self.begin, 0), self.sent)

    def heard(self, position: int) -> str:
        played = self.played(position)
        if self.sound is not None:
            return heard(self.sound, played)
        return self.text if played else ""

    def end_nowait(self) -> None:
        """Its mark is back, or is given up."""
        self.is_played = True
        # of one that has failed there is more text than sound
        if self.failure is None:
            self.drop()

    def drop(self) -> None:
        """Its sound is not wanted any more, or not yet; the synthesis stops."""
        if self.synthesis is not None:
            self.synthesis.cancel()
        self.sound = self.synthesis = None


class Performance:
    """Its parts go out one after the other. `part` is the one whose turn it is, None when all have been sent."""

    def __init__(self, saying: Saying, voice: Voice | None, now: float) -> None:
        self.saying = saying
        self.parts = (
            [Part("", None, saying.audio)]
            if voice is None
            else [Part(sentence, voice) for sentence in sentences(saying.text)]
        )
        self.came_at = now
        within = math.inf if saying.start_within is None else saying.start_within
        self.expires_at = now + within + START_GRACE_SECONDS
        self.failure: str | None = None
        self.is_announced = False
        """Whether the game has been told that it starts."""
        self.is_on_wire = False
        """Whether some of its audio has been sent, and not been cleared since."""
        self._at = 0

    @property
    def part(self) -> Part | None:
        return self.parts[self._at] if self._at < len(self.parts) else None

    @property
    def following(self) -> Part | None:
        return self.parts[self._at + 1] if self._at + 1 < len(self.parts) else None

    @property
    def is_finished(self) -> bool:
        """Whether its last mark is back, or it was without any sound."""
        return self.part is None and all(part.is_played or not part.sent for part in self.parts)

    def advance(self) -> None:
        """The current part has been sent. What comes behind one that has failed is left out."""
        part = self.parts[self._at]
        self._at += 1
        if part.failure is not None:
            self.failure = part.failure
            del self.parts[self._at :]

    def rewind(self) -> None:
        """What has been sent was cleared before the caller heard any of it."""
        self._at = 0
        self.is_on_wire = False
        for part in self.parts:
            part.sent = 0

    def drop(self) -> None:
        for part in self.parts:
            part.drop()

    def is_over(self, position: int) -> bool:
        """Whether the caller has heard all that there will be, as far as it can be computed."""
        return self.part is None and all(part.played(position) == part.sent for part in self.parts)

    def receipt(self, position: int, *, interrupted: bool = False, dropped: Dropped | None = None) -> Receipt:
        """The reasons count only where something is left to hear. `position`: samples played of everything."""
        seconds = sum(part.played(position) for part in self.parts) / BYTES_PER_SECOND
        if not self.is_over(position):
            text = self._heard(position)
            return Receipt(heard=text, seconds=seconds, interrupted=interrupted, dropped=dropped)
        if self.failure is not None:
            text = self._heard(position)
            return Receipt(heard=text, seconds=seconds, dropped=Dropped.VOICE_FAILED, error=self.failure)
        return Receipt(heard="" if self.saying.audio else self.saying.text, seconds=seconds)

    def _heard(self, position: int) -> str:
        return " ".join(text for part in self.parts if (text := part.heard(position)))


def rank(performance: Performance) -> int:
    """Its place among those that wait: lower ones first."""
    return _RANKS[performance.saying.priority]


_RANKS = {Priority.NOW: 0, Priority.NEXT: 1, Priority.QUEUE: 2}
