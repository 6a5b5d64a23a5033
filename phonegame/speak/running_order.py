"""Which sayings a caller is still to hear to their end, in the order in which they play."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

from phonegame.audio import BYTES_PER_SECOND
from phonegame.speak.performance import Part, Performance, rank
from phonegame.speak.saying import Priority, Saying

MAX_SAYINGS = 64
MAX_CHARACTERS = 64_000
"""More than an hour of speech: a game that has so much waiting does not look at its receipts."""
MAX_CLIP_SECONDS = 120
"""1 MB for each call."""


class RunningOrder:
    """First those whose audio is on its way to the caller, then those that wait: `now`, `next`, `queue`."""

    def __init__(self) -> None:
        self._performances: list[Performance] = []

    def __iter__(self) -> Iterator[Performance]:
        return iter(self._performances)

    def __len__(self) -> int:
        return len(self._performances)

    @property
    def sending(self) -> Performance | None:
        """The one whose audio goes out now, or has to be waited for."""
        return next((each for each in self._performances if each.part is not None), None)

    def parts_ahead(self) -> list[Part]:
        """The part whose turn it is, and once that is being sent, the one behind it: those are to be synthesised."""
        waiting = (each for each in self._performances if each.part is not None)
        sending = next(waiting, None)
        if sending is None or sending.part is None:
            return []
        if not sending.part.sent:
            return [sending.part]
        after = next(waiting, None)
        behind = sending.following or (after.part if after is not None else None)
        return [sending.part] if behind is None else [sending.part, behind]

    def playing(self, position: int) -> Performance | None:
        """What the caller hears, where `position` samples have been played of all. None: nothing yet, or no more."""
        current = next((each for each in self._performances if not each.is_over(position)), None)
        return current if current is not None and current.is_on_wire else None

    def why_full(self, saying: Saying) -> str | None:
        """In words, where there is no room for one more."""
        waiting = [each.saying for each in self._performances]
        if len(waiting) >= MAX_SAYINGS:
            return f"{MAX_SAYINGS} sayings wait for this caller already; {_ADVICE}"
        if sum(len(each.text) for each in waiting) + len(saying.text) > MAX_CHARACTERS:
            return f"more than {MAX_CHARACTERS} characters would wait for this caller; {_ADVICE}"
        if sum(len(each.audio) for each in waiting) + len(saying.audio) > MAX_CLIP_SECONDS * BYTES_PER_SECOND:
            return f"more than {MAX_CLIP_SECONDS} seconds of clips would wait for this caller; {_ADVICE}"
        return None

    def insert(self, performance: Performance) -> None:
        """Behind all that is on the wire, and among those that wait behind the ones of its priority, or of a higher."""
        places = enumerate(self._performances)
        waiting_from = max((at + 1 for at, other in places if other.is_on_wire), default=0)
        waiting = enumerate(self._performances[waiting_from:], waiting_from)
        lower = (at for at, other in waiting if rank(other) > rank(performance))
        self._performances.insert(next(lower, len(self)), performance)

    def remove(self, performance: Performance) -> None:
        self._performances.remove(performance)

    @property
    def next_expiry(self) -> float:
        return min((each.expires_at for each in self._performances if not each.is_announced), default=math.inf)

    def expired(self, now: float) -> list[Performance]:
        return [each for each in self._performances if each.expires_at <= now and not each.is_announced]

    def finished(self) -> list[Performance]:
        """Those in front whose end has been confirmed, or given up."""
        return list(itertools.takewhile(lambda each: each.is_finished, self._performances))

    def stopped_by_voice(self, position: int) -> list[Performance]:
        """What stops when the caller speaks."""
        playing = self.playing(position)
        if playing is not None and not playing.saying.interruptible:
            return []
        return [each for each in self._performances if each.saying.interruptible and not each.is_over(position)]

    @property
    def has_waiting_now(self) -> bool:
        return any(each.saying.priority is Priority.NOW and not each.is_on_wire for each in self._performances)

    def replaced_by_now(self, position: int) -> list[Performance]:
        """Whose place a saying with priority `now` takes: what plays, and a `now` that has not begun to."""
        playing = self.playing(position)
        return [
            each
            for each in self._performances
            if each.saying.interruptible
            and (each is playing or (each.saying.priority is Priority.NOW and not each.is_on_wire))
        ]


_ADVICE = "wait for their receipts, or clear them"
