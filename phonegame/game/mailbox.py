"""The numbered messages of one game, kept until it can have read them. No I/O in here."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from phonegame.wire.v1 import Error, Numbered, SayFinished, SayStarted, encode

KEPT = 4
"""Times the queue: how much is kept for a game that comes back, and how much it may miss while it is away."""
ROOM = 64
"""Messages that a short queue must have room for: what one `say` to all callers brings about at once."""


class _Letter(NamedTuple):
    text: str
    news: int
    """How many of the messages up to this one tell what callers do: nothing that the game does holds them back."""


class Mailbox:
    """Written to by the game, read by the one websocket that it has at a time; `sent` is how far that has got."""

    def __init__(self, queue: int) -> None:
        self._queue = queue
        self._capacity = KEPT * queue + ROOM
        self._letters: deque[_Letter] = deque()
        self._news = 0
        self._tolerated = 0
        self.last = 0
        self.sent = 0

    def post(self, message: Numbered) -> None:
        self.last += 1
        self._news += not isinstance(message, SayStarted | SayFinished | Error)
        self._letters.append(_Letter(encode(message, self.last), self._news))
        while len(self._letters) > self._capacity and self._first <= self.sent:
            self._letters.popleft()

    @property
    def waiting(self) -> int:
        """Messages that are still to be sent."""
        return self.last - self.sent

    def next_nowait(self) -> str | None:
        """The next message to be sent, which counts as sent."""
        if self.sent == self.last:
            return None
        self.sent += 1
        return self._letter(self.sent).text

    def overflows(self, *, away: bool) -> bool:
        """Whether more wait for the game than it may leave unread. What waited when it came back does not count.

        News are what counts, while it is there. Of answers to what the game says there can only be so many, since no
        more of it is read while half of the queue waits.
        """
        unread_from = max(self.sent, self._tolerated)
        if self.last - unread_from > self._capacity:
            return True
        return not away and self._news_since(unread_from) > self._queue

    def rewind(self, last_seq: int) -> str | None:
        """Sends everything after `last_seq` again. Gives the reason, in words, where that is not possible."""
        if last_seq > self.last:
            return f"{last_seq} was never sent; the last message has {self.last}"
        # not all that is kept: who comes back again and again, and reads nothing, would have it grow for ever
        oldest = max(self._first, self.last - self._capacity + 1)
        if last_seq < oldest - 1:
            return f"messages are kept from {oldest} on, and {last_seq + 1} is gone"
        self.sent, self._tolerated = last_seq, self.last
        return None

    @property
    def _first(self) -> int:
        return self.last - len(self._letters) + 1

    def _letter(self, seq: int) -> _Letter:
        return self._letters[seq - self._first]

    def _news_since(self, seq: int) -> int:
        if seq == self.last:
            return 0
        following = self._letter(seq + 1)
        return self._news - following.news + 1
