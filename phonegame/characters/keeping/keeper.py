"""The one task that works on a memory file, so that no call waits for a disk: jobs are handed over, and done in order.

Trouble with the file costs memories, never a call. What could not be saved is tried again while the server runs; of
each conversation only the newest waits.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import msgspec
import structlog
import trio

from phonegame.characters.conversation import Conversation
from phonegame.characters.day import DayPurse
from phonegame.characters.entries import CallBegan, Entry
from phonegame.characters.keeping.file import MemoryFile
from phonegame.characters.keeping.records import Kept, Part, Whose, add_spent, forget, load, save

RECALL_SECONDS = 1.0
"""A caller is not kept waiting any longer: the conversation begins without what was remembered, and is kept."""
LOOK_SECONDS = 5.0
"""How often what other processes have spent is looked at, and what could not be saved is tried again."""
TIDY_SECONDS = 3600.0
CLOSE_SECONDS = 5.0
"""For what is not saved yet when the server goes down."""
MOST_WAITING = 1000
"""Conversations that could not be saved. The oldest are given up."""
MAX_STATE = 256 * 1024
"""Bytes of a brain's state."""

T = TypeVar("T")

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Recollection:
    """What is remembered of a caller, for one conversation: first `recall`, then `keep_nowait` as often as you like."""

    def __init__(self, keeper: Keeper, whose: Whose) -> None:
        self._keeper = keeper
        self.whose = whose
        self._call = secrets.token_hex(8)
        self._loaded = trio.Event()
        self._recalled: tuple[Entry, ...] = ()
        self.kept: Kept | None = None
        """None: not loaded yet, or it cannot be, or the caller has been forgotten. Then nothing is kept."""
        self.unsaved: Part | None = None

    async def recall(self, conversation: Conversation) -> None:
        """Before it begins."""
        self._keeper.load_nowait(self)
        with trio.move_on_after(RECALL_SECONDS) as patience:
            await self._loaded.wait()
        if patience.cancelled_caught:
            log.warning("the memory is too slow; the conversation begins without it")
        elif self.kept is not None:
            self._recalled = self.kept.entries
            conversation.recall(self.kept.entries, self.kept.state)

    @property
    def is_loaded(self) -> bool:
        return self._loaded.is_set()

    def loaded_nowait(self, kept: Kept | None) -> None:
        self.kept = kept
        self._loaded.set()

    def keep_nowait(self, conversation: Conversation) -> None:
        """As far as it has come: it is saved soon."""
        try:
            self.unsaved = self._part(conversation.memory.entries, conversation.state)
        except (TypeError, ValueError) as error:
            log.warning("a conversation cannot be kept", why=type(error).__name__)
            return
        self._keeper.save_nowait(self)

    def _part(self, entries: tuple[Entry, ...], state: Any) -> Part:
        # that of this call, since the oldest are the first to be cut
        began = max((at for at, entry in enumerate(entries) if isinstance(entry, CallBegan)), default=0)
        older, own = entries[:began], entries[began:]
        whole = msgspec.json.encode(entries) if older != self._recalled else None
        return Part(self._call, msgspec.json.encode(own), whole, _encoded(state))


def _encoded(state: Any) -> bytes | None:
    if state is None:
        return None
    encoded = msgspec.json.encode(state)
    if len(encoded) > MAX_STATE:
        log.warning("a character's state is too large to be kept", bytes=len(encoded), at_most=MAX_STATE)
        return None
    return encoded


class Keeper:
    """One task calls `run`, which closes the file in the end. `days`: how long memories are kept; 0: for ever."""

    def __init__(self, file: MemoryFile, day: DayPurse, *, days: float, clock: Callable[[], float] = time.time) -> None:
        self._file = file
        self._day = day
        self._days = days
        self._clock = clock
        self._loads: list[Recollection] = []
        self._saves: dict[Recollection, None] = {}
        self._wanted = trio.Event()
        self._thread = trio.CapacityLimiter(1)
        """Held until the work is done, also where nobody waits for it any more."""
        self._is_well = True
        self._is_closed = False

    def recollection(self, known_as: str | None, game: str, character: str) -> Recollection | None:
        """None for callers who withhold their number."""
        return Recollection(self, Whose(known_as, game, character)) if known_as is not None else None

    def load_nowait(self, recollection: Recollection) -> None:
        if self._is_closed:
            recollection.loaded_nowait(None)
            return
        self._loads.append(recollection)
        self._wanted.set()

    def save_nowait(self, recollection: Recollection) -> None:
        self._saves[recollection] = None
        if len(self._saves) > MOST_WAITING:
            del self._saves[next(iter(self._saves))]
            log.error("a conversation is not kept: too many wait to be saved", at_most=MOST_WAITING)
        self._wanted.set()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        try:
            await self._share_day()
            task_status.started()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._tidy)
                await self._work()
        finally:
            self._is_closed = True
            with trio.move_on_after(CLOSE_SECONDS, shield=True) as patience:
                await self._save_all()
                # of conversations that did not wait for it
                await self._load_all()
                await self._save_all()
                await self._share_day()
                await self._in_thread(self._file.close)
            if patience.cancelled_caught or self._saves:
                log.error("the memory could not be saved before the end", conversations=len(self._saves))

    async def _work(self) -> None:
        while True:
            self._wanted = trio.Event()
            # what an ended call has left belongs to what the next one recalls
            await self._save_all()
            await self._load_all()
            await self._share_day()
            with trio.move_on_after(LOOK_SECONDS):
                await self._wanted.wait()

    async def _load_all(self) -> None:
        while self._loads:
            recollection = self._loads[0]
            kept = await self._try(partial(load, self._file, recollection.whose, self._clock(), self._oldest))
            del self._loads[0]
            recollection.loaded_nowait(kept)
            if recollection in self._saves:
                self._wanted.set()

    async def _save_all(self) -> None:
        """Those that wait at present; one that cannot be saved goes on waiting, and those behind it."""
        for recollection in [each for each in self._saves if each.is_loaded]:
            kept, part = recollection.kept, recollection.unsaved
            if kept is not None and part is not None:
                saved = await self._try(partial(save, self._file, kept, part, self._clock()))
                if saved is None:
                    break
                if not saved:
                    log.info("a caller has been forgotten; the conversation is not kept")
                    recollection.kept = None
            if recollection.unsaved is part:
                self._saves.pop(recollection, None)

    async def _share_day(self) -> None:
        day, amounts = self._day.take_unsaved()
        sums = await self._try(partial(add_spent, self._file, day, amounts))
        if sums is None:
            self._day.give_back(day, amounts)
        else:
            self._day.learn(day, sums)

    async def _tidy(self) -> None:
        while True:
            if self._days:
                await self._try(partial(forget, self._file, before=self._oldest))
            await trio.sleep(TIDY_SECONDS)

    @property
    def _oldest(self) -> float:
        return self._clock() - self._days * 86400 if self._days else 0.0

    async def _try(self, work: Callable[[], T]) -> T | None:
        """None: it could not be done."""
        try:
            done = await self._in_thread(work)
        except sqlite3.Error as error:
            if self._is_well:
                log.error("the memory cannot be used; calls go on without", why=str(error))
            self._is_well = False
            return None
        if not self._is_well:
            log.info("the memory can be used again")
        self._is_well = True
        return done

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await trio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._thread)
