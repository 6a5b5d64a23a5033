"""Where in what a caller says a pattern fits, and what is said in its slots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from phonegame.characters.brains.script.pattern import (
    Choice,
    Gap,
    Item,
    Lists,
    Literal,
    Maybe,
    Node,
    Number,
    Pattern,
    Sequence,
    Slot,
)
from phonegame.characters.brains.script.spoken_numbers import numbers_at
from phonegame.characters.brains.script.words import LEAST_FUZZY, SKIPPED, Word, are_alike, is_plural, words_of
from phonegame.utterance import may_be_homophones, pieces_of

MOST_SKIPPED = 3
MOST_IN_GAP = 15
MOST_IN_TEXT = 40
MOST_STEPS = 5000
"""Some milliseconds. A pattern that needs more, of nested optional parts, does not fit."""
MOST_STEPS_IN_ALL = 50_000
"""On one utterance. Behind them nothing fits any more."""
_NEGATORS = frozenset(("not", "no", "without"))

Value = str | int
Slots = Mapping[str, Value]
_Bound = tuple[tuple[str, Value], ...]
_Found = Iterator[tuple[int, _Bound]]


@dataclass(slots=True)
class Heard:
    """What a caller has said, once, made ready for all patterns."""

    text: str
    words: tuple[Word, ...]
    is_number: bool
    """Nothing but a number: what sounds like a digit is one, then."""
    steps_left: int = MOST_STEPS_IN_ALL

    def may_have_slips(self, known: frozenset[str]) -> bool:
        """Whether any of its words may be meant for another one."""
        return any(len(word.key) >= LEAST_FUZZY and word.key not in known for word in self.words)

    @classmethod
    def of(cls, text: str) -> Heard:
        return cls(text, tuple(words_of(text)), may_be_homophones(pieces_of(text.split())))


def find(
    pattern: Pattern, heard: Heard, lists: Lists, known: frozenset[str] = frozenset(), *, slips: bool = False
) -> Slots | None:
    """The first place where it fits; None if there is none. Never raises.

    `known`: all words that the script listens for; any other may be a plural, and with `slips`, a long one fits one
    that is nearly like it.
    """
    if not heard.words:
        return None
    attempt = _Attempt(heard, lists, known, slips)
    try:
        return attempt.whole(pattern) if pattern.whole else attempt.anywhere(pattern)
    except _TooLongError:
        return None
    finally:
        heard.steps_left -= attempt.steps


class _TooLongError(Exception):
    pass


def _begins_with_number(node: Node) -> bool:
    match node:
        case Sequence(items=(first, *_)):
            return _begins_with_number(first)
        case Choice(options):
            return any(map(_begins_with_number, options))
        case _:
            return isinstance(node, Number)


@dataclass(slots=True)
class _Attempt:
    heard: Heard
    lists: Lists
    known: frozenset[str]
    slips: bool
    start: int = 0
    steps: int = 0
    negated_up_to: int = 0
    """"not four cheese" is not cheese, either."""
    words: tuple[Word, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.words = self.heard.words

    def anywhere(self, pattern: Pattern) -> Slots | None:
        for start in range(len(self.words)):
            self.start = start
            if start < self.negated_up_to or not self._may_begin(pattern, start):
                continue
            for end, bound in self._match(pattern.root, start):
                if end > start:
                    return dict(bound)
        return None

    def whole(self, pattern: Pattern) -> Slots | None:
        for start in range(len(self.words)):
            self.start = start
            for end, bound in self._match(pattern.root, start):
                if end > start and all(word.text in SKIPPED for word in self.words[end:]):
                    return dict(bound)
            if self.words[start].text not in SKIPPED:
                return None
        return None

    def _may_begin(self, pattern: Pattern, at: int) -> bool:
        """A quick look, which spares nearly all patterns the long one."""
        if pattern.first is None:
            return True
        heard = self.words[at].key
        if heard in pattern.first or f"{heard}s" in pattern.first or heard.removesuffix("s") in pattern.first:
            return True
        return self.slips and any(self._fits(heard, first) for first in pattern.first)

    def _match(self, node: Node, at: int) -> _Found:
        self.steps += 1
        if self.steps > min(MOST_STEPS, self.heard.steps_left):
            raise _TooLongError
        match node:
            case Sequence(items):
                yield from self._sequence(items, at)
            case Choice(options):
                for option in options:
                    yield from self._match(option, at)
            case Maybe(item):
                yield from self._match(item, at)
                yield at, ()
            case Gap():
                for end in range(at, min(len(self.words), at + MOST_IN_GAP) + 1):
                    yield end, ()
            case Literal() | Number() | Slot():
                for begin in self._beginnings(at):
                    yield from self._leaf(node, begin)
            case _:
                assert_never(node)

    def _sequence(self, items: tuple[Node, ...], at: int) -> _Found:
        if not items:
            yield at, ()
            return
        for middle, bound in self._match(items[0], at):
            for end, more in self._sequence(items[1:], middle):
                yield end, bound + more

    def _beginnings(self, at: int) -> Iterator[int]:
        """Here, and behind words that do not count."""
        most = MOST_SKIPPED if at > self.start else 0
        for begin in range(at, min(at + most + 1, len(self.words))):
            yield begin
            if self.words[begin].text not in SKIPPED:
                return

    def _leaf(self, node: Literal | Number | Slot, at: int) -> _Found:
        match node:
            case Literal(key=key):
                if self._fits(self.words[at].key, key):
                    yield at + 1, ()
            case Number(digits=expected):
                for end, digits in numbers_at(self.words, at, pronouns=True):
                    if digits == expected:
                        yield end, ()
            case Slot(name=name):
                negated = self._is_negated(at)
                for end, value in self._values(node.kind, at):
                    if negated:
                        self.negated_up_to = max(end, self.negated_up_to)
                    else:
                        yield end, ((name, value),)

    def _fits(self, heard: str, expected: str) -> bool:
        if heard == expected:
            return True
        if heard in self.known:
            return False
        return is_plural(heard, expected) or (self.slips and are_alike(heard, expected))

    def _numbers(self, at: int, *, oh: bool = False) -> Iterator[tuple[int, str]]:
        """Last come those that tear something of a list apart: two four cheese."""
        found = list(numbers_at(self.words, at, homophones=self.heard.is_number, oh=oh))
        if len(found) > 1:
            found.sort(key=lambda each: self._tears(at, each[0]))
        return iter(found)

    def _tears(self, start: int, end: int) -> bool:
        """Whether one of a list's items begins within a number, and goes on behind it."""
        patterns = [pattern for items in self.lists.values() for item in items for pattern in item.patterns]
        return any(
            behind > end
            for pattern in patterns
            if _begins_with_number(pattern.root)
            for middle in range(start + 1, end)
            for behind, _ in self._match(pattern.root, middle)
        )

    def _values(self, kind: str, at: int) -> Iterator[tuple[int, Value]]:
        match kind:
            case "number":
                for end, digits in self._numbers(at):
                    yield end, int(digits)
            case "digits":
                yield from self._numbers(at, oh=True)
            case "word":
                yield at + 1, self._said(at, at + 1)
            case "text":
                for end in range(min(len(self.words), at + MOST_IN_TEXT), at, -1):
                    yield end, self._said(at, end)
            case _:
                yield from self._items(self.lists.get(kind, ()), at)

    def _items(self, items: tuple[Item, ...], at: int) -> Iterator[tuple[int, Value]]:
        """The longest first: four cheese before cheese."""
        found = [
            (end, item.value)
            for item in items
            for pattern in item.patterns
            if self._may_begin(pattern, at)
            for end, _ in self._match(pattern.root, at)
            if end > at
        ]
        yield from sorted(found, key=lambda each: -each[0])

    def _is_negated(self, at: int) -> bool:
        """Whether "not" or "no" stands before a pattern that begins with a slot: no pepperoni."""
        if at != self.start or at == 0:
            return False
        before = self.words[at - 1]
        return before.text in _NEGATORS and not before.stop

    def _said(self, start: int, end: int) -> str:
        """As the recogniser wrote it, without punctuation at the ends."""
        first, last = self.words[start].source, self.words[end - 1].source
        return " ".join(self.heard.text.split()[first : last + 1]).strip(" \"'.,;:!?…")
