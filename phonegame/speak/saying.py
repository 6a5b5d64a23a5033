"""What a game wants one caller to hear, and what has become of it."""

from __future__ import annotations

from enum import Enum

import msgspec


class Priority(Enum):
    """Where a saying goes among those that wait for the same caller."""

    QUEUE = "queue"
    """Behind all others."""
    NEXT = "next"
    """When what is being said has been said: before all that wait with `queue`, behind others with `next`."""
    NOW = "now"
    """At once: what is being said is cut off (`Dropped.REPLACED`), and so is another `now` that has not started; the
    others wait on. Behind something that is not interruptible it comes next."""


class Saying(msgspec.Struct, frozen=True, kw_only=True):
    """A text to speak, or audio to play, to one caller. Exactly one receipt tells what has become of it."""

    say_id: str
    text: str = ""
    audio: bytes = b""
    """mu-law at 8000 samples a second, in place of a text."""
    voice: str | None = None
    """Name of a voice; None: the server's."""
    priority: Priority = Priority.QUEUE
    interruptible: bool = True
    """Whether it stops when the caller begins to speak."""
    start_within: float | None = None
    """Seconds: dropped where its first sound cannot be sent by then."""


class Dropped(Enum):
    """Why the caller has not heard a saying to its end, where it was not the caller who spoke over it."""

    EXPIRED = "expired"
    """It could not start in time."""
    CLEARED = "cleared"
    """The game has cleared it away."""
    REPLACED = "replaced"
    """Another one with priority `now` took its place."""
    QUEUE_FULL = "queue_full"
    """Too many were waiting."""
    VOICE_FAILED = "voice_failed"
    CALL_ENDED = "call_ended"
    NO_CALL = "no_call"
    """Nobody to say it to."""
    NO_MACHINE = "no_machine"
    """It was for an answering machine, and none records."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What has become of a saying. Neither interrupted nor dropped: it was heard to its end."""

    heard: str
    """The text that the caller has heard, to the word; empty for audio."""
    seconds: float
    """How much of it has been played."""
    interrupted: bool = False
    """The caller spoke over it, or over one in front of it."""
    dropped: Dropped | None = None
    error: str | None = None
    """In words, where something is wrong and can be mended: the voice failed, the queue is full."""
