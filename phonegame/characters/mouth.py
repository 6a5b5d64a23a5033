"""What a character says, on its way to the caller, and what the caller has heard of it, by the speaker's receipts.

Its sayings have the priority `next`: they go before what the game has waiting, so that no reply is torn apart by it. A
`say` of the game's with priority `now` or `next` goes between, and `now` cuts the character off as it does anything.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Collection
from typing import Protocol

import trio

from phonegame.characters.memory import Spoken
from phonegame.characters.timing import TurnTimes
from phonegame.speak.saying import Dropped, Priority, Receipt, Saying
from phonegame.speak.speaker import Receipts

LOOK_AHEAD = 3
"""Phrases that the speaker has at a time: one plays, one is being synthesised, one is there when that is very short."""


class Stage(Protocol):
    """The call's speaker."""

    def perform(self, saying: Saying, receipts: Receipts) -> None:
        """Says it, and reports to `receipts`; one that cannot be said before this returns."""

    def take_back(self, say_ids: Collection[str]) -> None:
        """Those that are being said, or wait: their receipts come before this returns."""

    @property
    def is_speaking(self) -> bool:
        """Whether anything is said by anybody, or is to be."""

    @property
    def speaking_since(self) -> float | None: ...

    @property
    def voice_asked_at(self) -> float | None:
        """When the voice was asked for the saying whose `say_started` is being reported."""

    @property
    def first_audio_at(self) -> float | None:
        """When its first audio came."""


class Mouth:
    """Called at once: `cut` for a saying that was not heard to its end, with whether the caller has interrupted it;
    `over` with something said that is over.

    What a voice cannot say that the character was to have is said by the server's own.
    """

    def __init__(
        self,
        stage: Stage,
        voice: str | None,
        spend: Callable[[int], None],
        cut: Callable[[bool], None],
        over: Callable[[Spoken], None],
        voice_failed: Callable[[str], None],
    ) -> None:
        self._stage = stage
        self.voice = voice
        self._spend = spend
        self._cut = cut
        self._over = over
        self._on_voice_failed = voice_failed
        # a game's own ids must not be among them
        self._key = secrets.token_hex(8)
        self._numbers = itertools.count(1)
        self._sayings: dict[str, Spoken | None] = {}
        """Which have no receipt yet; None: part of nothing that is remembered."""
        self._open: set[Spoken] = set()
        """More may come."""
        self._times: dict[str, TurnTimes] = {}
        self._changed = trio.Event()

    def open(self, spoken: Spoken) -> None:
        self._open.add(spoken)

    def say(
        self, text: str, spoken: Spoken | None = None, *, times: TurnTimes | None = None, interruptible: bool = True
    ) -> None:
        if spoken is not None:
            spoken.phrases.append(text)
        self._spend(len(text))
        self._perform(text, spoken, times, interruptible)

    def _perform(self, text: str, spoken: Spoken | None, times: TurnTimes | None, interruptible: bool) -> None:
        say_id = f"{self._key}-{next(self._numbers)}"
        self._sayings[say_id] = spoken
        if times is not None:
            self._times[say_id] = times
            times.had_to_wait = self._stage.is_speaking
        saying = Saying(say_id=say_id, text=text, voice=self.voice, priority=Priority.NEXT, interruptible=interruptible)
        self._stage.perform(saying, self)

    def close(self, spoken: Spoken, *, cut_off: bool = False) -> None:
        """Nothing is added to it. `cut_off`: though there would have been more."""
        if spoken.is_over:
            return
        spoken.cut_off |= cut_off
        self._open.discard(spoken)
        self._look_if_over(spoken)

    def take_back(self) -> None:
        """Everything that has been handed over and not been heard."""
        if self._sayings:
            self._stage.take_back(list(self._sayings))

    async def wait_room(self) -> None:
        while len(self._sayings) >= LOOK_AHEAD:
            await self._changed.wait()
        await trio.lowlevel.checkpoint_if_cancelled()

    async def wait_silent(self) -> None:
        """Until the caller has heard all of it, or will not."""
        while self._sayings:
            await self._changed.wait()
        await trio.lowlevel.checkpoint_if_cancelled()

    @property
    def is_silent(self) -> bool:
        return not self._sayings

    # receipts

    def say_started(self, saying: Saying) -> None:
        times = self._times.pop(saying.say_id, None)
        if times is not None:
            times.voice_asked = self._stage.voice_asked_at
            times.first_audio = self._stage.first_audio_at
            times.first_frame = trio.current_time()

    def say_finished(self, saying: Saying, receipt: Receipt) -> None:
        spoken = self._sayings.pop(saying.say_id)
        times = self._times.pop(saying.say_id, None)
        if receipt.dropped is Dropped.VOICE_FAILED:
            self._voice_failed(receipt.error or "the voice failed")
            if saying.voice is not None and not receipt.heard and not self._sayings:
                self._perform(saying.text, spoken, times, saying.interruptible)
                return
        is_cut = receipt.interrupted or receipt.dropped is not None
        if spoken is not None:
            spoken.heard.append(receipt.heard)
            spoken.cut_off |= is_cut
        self._changed.set()
        self._changed = trio.Event()
        if is_cut:
            self._cut(receipt.interrupted)
        if spoken is not None:
            self._look_if_over(spoken)

    def _voice_failed(self, why: str) -> None:
        """The server's own is better than none."""
        self.voice = None
        self._on_voice_failed(why)

    def _look_if_over(self, spoken: Spoken) -> None:
        if spoken.is_over or spoken in self._open or spoken in self._sayings.values():
            return
        spoken.is_over = True
        if spoken.entry is not None:
            self._over(spoken)
