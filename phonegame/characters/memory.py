"""The conversation so far, as long as a model can be shown it: the oldest exchanges are cut, or summed up.

An exchange begins where the caller speaks, or is silent, and has all that the character says and does then: so no
action is ever separated from its result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from phonegame.characters.entries import (
    ActionAsked,
    ActionDone,
    CallBegan,
    CallerSaid,
    CallerSilent,
    CharacterSaid,
    Entry,
    Summary,
)
from phonegame.characters.phrases import joined
from phonegame.characters.tokens import tokens_of_entries

MOST_TOKENS = 6000
"""Half an hour of conversation, which a model reads anew at each turn."""
SUM_UP_SHARE = 0.75
"""Of them: from there on the older half is summed up, where somebody can, before it has to be cut."""


@dataclass(eq=False)
class Spoken:
    """What a character says in one go, while it says it. Until it is over, all of it counts as heard."""

    phrases: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    cut_off: bool = False
    is_over: bool = False

    @property
    def entry(self) -> CharacterSaid | None:
        text = joined(self.heard if self.is_over else self.phrases)
        return CharacterSaid(text, self.cut_off) if text else None


Item = Entry | Spoken


class Memory:
    """`remembered`: of earlier calls."""

    def __init__(self, remembered: Sequence[Entry] = (), most_tokens: int = MOST_TOKENS) -> None:
        self._items: list[Item] = list(remembered)
        self.most_tokens = most_tokens

    @property
    def entries(self) -> tuple[Entry, ...]:
        return entries_of(self._items)

    @property
    def is_answered(self) -> bool:
        """Whether the character has had the last word."""
        return not self.entries or isinstance(self.entries[-1], CharacterSaid)

    def recall(self, entries: Sequence[Entry]) -> None:
        """Puts what was remembered before all else."""
        self._items[:0] = entries

    def add(self, item: Item) -> None:
        self._items.append(item)

    def settle(self, done: ActionDone) -> None:
        """Puts a result where it belongs: behind its action, and those that were asked for together with it."""
        asked = (at for at in range(len(self._items) - 1, -1, -1) if _is_asked(self._items[at], done.action_id))
        at = next(asked, None)
        if at is None:
            return
        while at < len(self._items) and isinstance(self._items[at], ActionAsked | ActionDone):
            at += 1
        self._items.insert(at, done)

    def shorten(self) -> None:
        """Cuts the oldest exchanges where there are too many tokens; the one that is going on is never cut."""
        while tokens_of_entries(self.entries) > self.most_tokens and len(exchanges := self._exchanges()) > 1:
            # a summary goes last of all that is old
            oldest = 1 if _is_summary(exchanges[0]) and len(exchanges) > 2 else 0
            del exchanges[oldest]
            self._items = [item for exchange in exchanges for item in exchange]

    @property
    def to_sum_up(self) -> Sequence[Item]:
        """The older half, for `sum_up`; empty while there is room enough."""
        if tokens_of_entries(self.entries) < self.most_tokens * SUM_UP_SHARE:
            return ()
        old: list[Item] = []
        for exchange in self._exchanges()[:-1]:
            old += exchange
            if tokens_of_entries(entries_of(old)) >= self.most_tokens / 2:
                break
        return old

    def sum_up(self, old: Sequence[Item], summary: Summary) -> None:
        """Puts it in the place of what `to_sum_up` has given, unless that has been cut meanwhile."""
        if all(kept is item for kept, item in zip(self._items, old, strict=False)) and len(self._items) > len(old):
            self._items[: len(old)] = [summary]

    def _exchanges(self) -> list[list[Item]]:
        exchanges: list[list[Item]] = []
        for item in self._items:
            if not exchanges or isinstance(item, CallBegan | CallerSaid | CallerSilent) or _is_summary(exchanges[-1]):
                exchanges.append([])
            exchanges[-1].append(item)
        return exchanges


def entries_of(items: Sequence[Item]) -> tuple[Entry, ...]:
    """As a brain is shown them: of what is being said, what has a text."""
    shown = (item.entry if isinstance(item, Spoken) else item for item in items)
    return tuple(entry for entry in shown if entry is not None)


def _is_asked(item: Item, action_id: str) -> bool:
    return isinstance(item, ActionAsked) and item.action_id == action_id


def _is_summary(exchange: Sequence[Item]) -> bool:
    return isinstance(exchange[0], Summary)
