"""Spoken English numbers -> strings of digits: every way in which a run of number words can be read.

A run is a list of lower-case pieces without punctuation, as phonegame/utterance.py makes them, each of them
digits ("42", "007") or a number word. It is read as groups, whose digits are put one behind the other:

    group                                      example                     digits
    digits as they stand, a word below 20      1 0 0 0 · ten ten           1000 · 1010
    tens, tens and ones                        forty two · 40 2            42
    a number and "hundred", and a rest         forty two hundred and one   4201
    a number and "thousand", and a rest        two thousand and one        2001
    "double" or "triple" and a digit           double oh seven             007
    several of them                            nineteen eighty four        1984

Words that belong together are not torn apart ("forty two" is never 402). Digits have both readings ("40 2" is 42
and 402), since a recogniser writes "forty" and "two" as digits, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from phonegame.vocabulary import HOMOPHONES, OH, ONES, REPEATERS, SCALES, TEENS, TENS

MAX_PIECES = 24
"""The longest code, digit by digit, and half of it again. A longer run has no reading."""

MAX_READINGS = 64
"""A run with more, such as a dozen times "20 1", has none: nobody says a code like that."""

_MAX_DIGITS_OF_VALUE = 6
_SMALL = ONES | TEENS | TENS
# "four" is how "fourteen" begins; three, five and two change before -teen
_TEEN_STEMS = frozenset("46789")


@dataclass(frozen=True, slots=True)
class Reading:
    """The digits of a run, and how it may go on while the caller is still speaking."""

    head: str
    """Digits of all groups but the last."""
    last: str
    """Digits of the last group."""
    cardinal: bool
    """Whether the last group is a number such as forty, which goes on as forty two, not as 402."""

    @property
    def digits(self) -> str:
        return self.head + self.last

    def roots(self, *, within_word: bool) -> Iterator[str]:
        """How what the run may become begins: 40 -> 40, 4 (forty two). `within_word`: 4 -> 14 (fourteen), too."""
        yield self.digits
        if self.cardinal and self.last.endswith("0") and self.last[-2:] != "10" and self.last != "0":
            yield self.head + self.last.rstrip("0")
        if self.cardinal and len(self.last) > 3 and self.last[-3:-1] == "00" and self.last[-1] != "0":
            # one thousand one -> one thousand one hundred
            yield self.head + self.last[:-3] + self.last[-1]
        if within_word and self.last in _TEEN_STEMS:
            yield f"{self.head}1{self.last}"

    def without_leading_zeros(self) -> Reading:
        if self.head.strip("0"):
            return Reading(self.head.lstrip("0"), self.last, self.cardinal)
        return Reading("", self.last.lstrip("0") or "0", self.cardinal)


@dataclass(frozen=True, slots=True)
class _Group:
    digits: str
    end: int
    """The piece behind it."""
    room: int = 1
    """A value below it that follows belongs to this group: 10 after "forty", 100 after "two hundred"."""
    value: int | None = None
    """None for digits that are no number by themselves, such as 007."""


def readings(pieces: list[str]) -> frozenset[Reading]:
    """All readings of the whole run; none if it makes no sense as a whole ("hundred", "double forty")."""
    if len(pieces) > MAX_PIECES:
        return frozenset()
    # what has been read up to a piece, and how much room the last group has for what follows
    read: list[set[tuple[Reading, int]]] = [set() for _ in range(len(pieces) + 1)]
    read[0].add((Reading("", "", cardinal=False), 1))
    for start, so_far in enumerate(read):
        if len(so_far) > MAX_READINGS:
            return frozenset()
        for group in _groups(pieces, start) if so_far else ():
            for reading, room in so_far:
                if group.value is None or not _belongs(pieces[start], group.value, room):
                    longer = Reading(reading.digits, group.digits, group.value is not None)
                    read[group.end].add((longer, group.room))
    return frozenset(reading for reading, _ in read[-1])


def value_of(piece: str) -> int | None:
    """The number that one piece is, if it is one by itself; 007 is none."""
    if is_digits(piece):
        return int(piece) if len(piece) <= _MAX_DIGITS_OF_VALUE and str(int(piece)) == piece else None
    small = _SMALL.get(piece)
    return HOMOPHONES.get(piece) if small is None else small


def is_digits(piece: str) -> bool:
    return piece.isascii() and piece.isdigit()


def takes_and(piece: str) -> bool:
    """Whether "and" behind it goes on with the same number: hundred, thousand, 100, 2000."""
    if piece in SCALES:
        return True
    value = value_of(piece)
    return value is not None and value >= 100 and value % 100 == 0


def _groups(pieces: list[str], start: int) -> Iterator[_Group]:
    """All groups that begin at a piece."""
    if start == len(pieces):
        return
    piece = pieces[start]
    if piece in OH:
        yield _Group("0", start + 1)
    elif piece in REPEATERS:
        digit = _digit(pieces, start + 1)
        if digit is not None:
            yield _Group(digit * REPEATERS[piece], start + 2)
    elif is_digits(piece) and value_of(piece) is None:
        yield _Group(piece, start + 1)
    else:
        yield from _cardinals(pieces, start)


def _belongs(first: str, value: int, room: int) -> bool:
    """Whether a number is the rest of the group before it: two behind forty, and also two hundred behind forty."""
    ones = value_of(first) if room == 10 else None
    return 0 < (value if ones is None else ones) < room


def _digit(pieces: list[str], index: int) -> str | None:
    if index >= len(pieces):
        return None
    if pieces[index] in OH:
        return "0"
    value = value_of(pieces[index])
    return str(value) if value is not None and value < 10 else None


def _cardinals(pieces: list[str], start: int) -> Iterator[_Group]:
    for value, end, room in _any_size(pieces, start):
        yield _Group(str(value), end, room, value)


# Each of the following yields (value, end, room) for every number of its size that begins at `start`.
_Cardinal = tuple[int, int, int]


def _any_size(pieces: list[str], start: int) -> Iterator[_Cardinal]:
    for value, end, room in _below_thousand(pieces, start):
        yield value, end, room
        if 0 < value < 1000 and pieces[end : end + 1] == ["thousand"]:
            yield from _with_rest(pieces, value * 1000, end + 1, 1000)
    value_as_digits = value_of(pieces[start])
    if value_as_digits is not None and value_as_digits >= 1000:
        yield from _with_rest(pieces, value_as_digits, start + 1, 1)


def _below_thousand(pieces: list[str], start: int) -> Iterator[_Cardinal]:
    """And as many hundreds as people say, up to ninety-nine."""
    for value, end, room in _below_hundred(pieces, start):
        yield value, end, room
        if value > 0 and pieces[end : end + 1] == ["hundred"]:
            yield from _with_rest(pieces, value * 100, end + 1, 100)
    value_as_digits = value_of(pieces[start]) if start < len(pieces) else None
    if value_as_digits is not None and 100 <= value_as_digits < 1000:
        yield from _with_rest(pieces, value_as_digits, start + 1, 1)


def _with_rest(pieces: list[str], value: int, end: int, room: int) -> Iterator[_Cardinal]:
    """A number of hundreds or thousands by itself, and with "and" and a smaller number behind it."""
    yield value, end, room
    size = 1000 if value % 1000 == 0 else 100 if value % 100 == 0 else 1
    if size == 1:
        return
    rest_start = end + 1 if pieces[end : end + 1] == ["and"] else end
    rests = _below_thousand(pieces, rest_start) if size == 1000 else _below_hundred(pieces, rest_start)
    for rest, rest_end, rest_room in rests:
        if 0 < rest < size:
            yield value + rest, rest_end, rest_room


def _below_hundred(pieces: list[str], start: int) -> Iterator[_Cardinal]:
    if start >= len(pieces):
        return
    if pieces[start] == "a" and start + 1 < len(pieces) and pieces[start + 1] in SCALES:
        yield 1, start + 1, 1
        return
    value = value_of(pieces[start])
    if value is None or value >= 100:
        return
    is_tens = value >= 20 and value % 10 == 0
    yield value, start + 1, 10 if is_tens and not is_digits(pieces[start]) else 1
    ones = value_of(pieces[start + 1]) if is_tens and start + 1 < len(pieces) else None
    if ones is not None and 0 < ones < 10:
        yield value + ones, start + 2, 1
