"""What one worker sends another: all of it, once, in order, over whatever loses, repeats or delays. No I/O in here.

Each letter has a number, and is kept until the other worker has acknowledged it. What is sent again and was there
already is known by its number; where a number is missing, the other worker asks for it. A way whose letters nobody
takes is given up: it begins anew with the next epoch, and both ends let go of all that hung on the one before.
"""

from __future__ import annotations

from collections import deque

import msgspec

PIECE = 128 * 1024
"""Bytes. A longer letter (a clip to be played) travels in several, between which others have their turn in Redis."""
BATCH = 256 * 1024
"""Bytes that are sent in one go."""
MAX_WAITING = 16 * 1024 * 1024
"""Bytes that the other worker has not acknowledged; with more, it does not read."""


class Piece(msgspec.Struct, array_like=True, frozen=True):
    content: bytes
    is_last: bool = True
    """Of its letter."""


class Envelope(msgspec.Struct, array_like=True, frozen=True):
    """What is put into another worker's inbox."""

    sender: str
    epoch: int
    first: int
    """The number of the first piece, from 1."""
    pieces: tuple[Piece, ...] = ()
    acknowledged_epoch: int = 0
    acknowledged: int = 0
    """The number up to which all is here, of what the receiver of this has sent."""
    again: bool = False
    """What comes behind it is missing."""


class Outgoing:
    def __init__(self) -> None:
        self.epoch = 1
        self._kept: deque[Piece] = deque()
        """Not acknowledged."""
        self._first = 1
        """The number of the first that is kept."""
        self._sent = 0
        """The number up to which all has been sent."""
        self.waiting = 0
        """Bytes."""

    @property
    def is_idle(self) -> bool:
        return not self._kept

    @property
    def last(self) -> int:
        """The number of the last one that was posted."""
        return self._first + len(self._kept) - 1

    @property
    def has_unsent(self) -> bool:
        return self._sent < self.last

    def post(self, letter: bytes) -> bool:
        """False: too much waits already, and the way must be given up."""
        for at in range(0, len(letter), PIECE):
            self._kept.append(Piece(letter[at : at + PIECE], at + PIECE >= len(letter)))
        self.waiting += len(letter)
        return self.waiting <= MAX_WAITING

    def next_batch(self) -> tuple[int, tuple[Piece, ...]]:
        """The number of the first, and what is to be sent next; it counts as sent."""
        first = self._sent + 1
        batch: list[Piece] = []
        size = 0
        for index in range(first - self._first, len(self._kept)):
            size += len(self._kept[index].content)
            if batch and size > BATCH:
                break
            batch.append(self._kept[index])
        self._sent += len(batch)
        return first, tuple(batch)

    def acknowledge(self, epoch: int, number: int, *, again: bool) -> bool:
        """Whether there was something new in it."""
        if epoch != self.epoch or number > self._sent:
            return False
        is_news = number >= self._first
        while self._first <= number:
            self.waiting -= len(self._kept.popleft().content)
            self._first += 1
        if again:
            self.rewind()
        return is_news

    def rewind(self) -> None:
        """Nobody knows what of it has arrived: all that is not acknowledged is sent again."""
        self._sent = self._first - 1

    def give_up(self) -> None:
        self._kept.clear()
        self.epoch += 1
        self._first, self._sent, self.waiting = 1, 0, 0


class Incoming:
    def __init__(self) -> None:
        self.epoch = 0
        self.number = 0
        """All up to here has been taken."""
        self.misses_some = False
        self._pieces: list[bytes] = []

    def begins_anew(self, envelope: Envelope) -> bool:
        """Whether the sender has given up the way on which it has sent before. What hung on that is over."""
        if envelope.epoch <= self.epoch or not envelope.pieces:
            return False
        self.epoch, self.number = envelope.epoch, 0
        self._pieces.clear()
        return self.epoch > 1

    def take(self, envelope: Envelope) -> list[bytes]:
        """The letters that are complete with it, each for the first time."""
        letters: list[bytes] = []
        if envelope.epoch != self.epoch or not envelope.pieces:
            return letters
        self.misses_some = envelope.first > self.number + 1
        if self.misses_some:
            return letters
        for piece in envelope.pieces[self.number + 1 - envelope.first :]:
            self.number += 1
            self._pieces.append(piece.content)
            if piece.is_last:
                letters.append(b"".join(self._pieces))
                self._pieces.clear()
        return letters
