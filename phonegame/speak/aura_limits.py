"""What Deepgram allows on its speaking websocket, and how long a caller waits.

Source: Deepgram's documentation, "Text to speech, websocket" (limits) and "API rate limits".
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AuraLimits:
    sockets: int = 40
    """A project may have 45 open: a few are left for others."""
    characters: int = 2400
    """A minute and socket, including what is cleared. One more closes it."""
    flushes: int = 20
    """A minute and socket. One more is ignored, with a warning."""
    minute_seconds: float = 61
    """A second more than a minute: what counts is when it arrives."""
    life_seconds: float = 58 * 60
    """After an hour Deepgram closes it, in the middle of a word."""
    idle_seconds: float = 30
    first_sound_seconds: float = 5
    silence_seconds: float = 3
    """Longer without a message in the middle of a sentence, and it is given up."""
    clear_seconds: float = 2
    audio_seconds: float = 180
    """More than any text of the greatest length takes: no sentence grows for ever."""
    backoff_seconds: float = 0.25
    """Before the second try to connect; doubles up to `backoff_most_seconds`."""
    backoff_most_seconds: float = 4


class Allowance:
    """How much one socket has been sent within the last minute."""

    def __init__(self, limits: AuraLimits) -> None:
        self._limits = limits
        self._spent: deque[tuple[float, int]] = deque()

    def allows(self, characters: int, now: float) -> bool:
        while self._spent and self._spent[0][0] <= now - self._limits.minute_seconds:
            self._spent.popleft()
        spent = sum(count for _, count in self._spent)
        return spent + characters <= self._limits.characters and len(self._spent) < self._limits.flushes

    def spend(self, characters: int, now: float) -> None:
        """One Speak and one Flush."""
        self._spent.append((now, characters))
