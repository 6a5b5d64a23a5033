"""Which of a game's callers has which slot, and who finds his own again. No I/O in here."""

from __future__ import annotations

from dataclasses import dataclass

from phonegame.switchboard import SLOT_SECONDS


@dataclass(frozen=True, slots=True)
class _Kept:
    known_as: str
    until: float


class Slots:
    """Numbers from 1. All times are on one clock of the caller's, in seconds."""

    def __init__(self) -> None:
        self._taken: set[int] = set()
        self._kept: dict[int, _Kept] = {}
        """In the order in which their callers have gone."""

    def take(self, accept: int, known_as: str | None, now: float) -> int | None:
        """None: `accept` callers are there.

        Who is known gets the slot that is kept for him; anybody else the lowest one that is kept for nobody, and where
        there is none, the one whose caller has been gone for longest.
        """
        if len(self._taken) >= accept:
            return None
        self._forget(now)
        free = [slot for slot in range(1, accept + 1) if slot not in self._taken]
        own = [slot for slot in free if slot in self._kept and self._kept[slot].known_as == known_as]
        for_nobody = [slot for slot in free if slot not in self._kept]
        slot = (own or for_nobody or [slot for slot in self._kept if slot in free])[0]
        self._kept.pop(slot, None)
        self._taken.add(slot)
        return slot

    def give_back(self, slot: int, known_as: str | None, now: float) -> None:
        """The caller has gone; who is known may come back."""
        self._taken.remove(slot)
        if known_as is not None:
            self._kept[slot] = _Kept(known_as, now + SLOT_SECONDS)

    def _forget(self, now: float) -> None:
        self._kept = {slot: kept for slot, kept in self._kept.items() if now < kept.until}
