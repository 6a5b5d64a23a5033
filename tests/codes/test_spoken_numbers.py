"""Every number, in every form in which it can be said, against every code that it must not be taken for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import chain

from hypothesis import given, settings
from hypothesis import strategies as st

from phonegame.spoken import CodeBook, Matched, Wrong

ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]

UP_TO_9999 = CodeBook(map(str, range(10_000)))
UP_TO_99 = CodeBook(map(str, range(100)))


class AllBut(Collection[str]):
    """Every code is active, but one."""

    def __init__(self, code: str) -> None:
        self._code = code

    def __contains__(self, code: object) -> bool:
        return code != self._code

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("there may be thousands of active codes: they must not be looked through")

    __len__ = __iter__  # type: ignore[assignment]


def below_hundred(number: int) -> str:
    if number < 20:
        return ONES[number]
    tens, ones = divmod(number, 10)
    return TENS[tens] if ones == 0 else f"{TENS[tens]} {ONES[ones]}"


def cardinal(number: int, conjunction: str) -> str:
    for size, name in ((1000, "thousand"), (100, "hundred")):
        if number >= size:
            head, rest = divmod(number, size)
            joint = f" {conjunction} " if 0 < rest < 100 and conjunction else " "
            return f"{cardinal(head, '')} {name}{joint if rest else ''}{cardinal(rest, conjunction) if rest else ''}"
    return below_hundred(number)


def in_pairs(number: int) -> str:
    head, rest = divmod(number, 100)
    if rest == 0:
        return f"{below_hundred(head)} hundred"
    return f"{below_hundred(head)} {'oh ' if rest < 10 else ''}{below_hundred(rest)}"


def forms(number: int) -> Iterator[str]:
    digits = str(number)
    yield digits
    yield " ".join(digits)
    yield ", ".join(digits)
    yield " ".join(ONES[int(digit)] for digit in digits)
    yield cardinal(number, "and")
    yield cardinal(number, "")
    yield cardinal(number, "").replace("y ", "y-")
    if number > 9 and "0" in digits[1:]:
        yield " ".join("oh" if digit == "0" else ONES[int(digit)] for digit in digits)
    if number >= 100:
        yield in_pairs(number)
    if number >= 1000:
        yield f"{digits[:2]} {digits[2:]}"
        yield f"{digits[0]} thousand {number % 1000 or ''}"
    if len(digits) > 1 and digits[0] == digits[1]:
        yield f"double {' '.join(digits[1:])}"


def dressed(said: str) -> Iterator[str]:
    yield said
    yield f"{said.capitalize()}."
    yield f"Um, the code is {said}, please."
    yield f"hello {said} thanks"


numbers = st.integers(0, 9999)


@settings(max_examples=40, deadline=None)
@given(numbers)
def test_number_is_heard_in_every_form(number: int) -> None:
    code = str(number)
    for said in chain.from_iterable(map(dressed, forms(number))):
        heard = UP_TO_9999.hear(said.split(), {code}, settled=True)
        assert isinstance(heard, Matched), said
        assert heard.code == code, said


@settings(max_examples=40, deadline=None)
@given(numbers)
def test_number_is_never_taken_for_another(number: int) -> None:
    for said in chain.from_iterable(map(dressed, forms(number))):
        assert not isinstance(UP_TO_9999.hear(said.split(), AllBut(str(number)), settled=True), Matched), said


@settings(max_examples=40, deadline=None)
@given(numbers)
def test_beginning_of_a_number_is_never_taken_for_another_before_its_end(number: int) -> None:
    for said in chain.from_iterable(map(dressed, forms(number))):
        words = said.split()
        for end in range(len(words) + 1):
            assert not isinstance(UP_TO_9999.hear(words[:end], AllBut(str(number)), settled=False), Matched), words[
                :end
            ]


@settings(deadline=None)
@given(numbers.filter(lambda number: number > 99 and number // 100 != number % 100))
def test_code_is_never_heard_inside_a_longer_number(number: int) -> None:
    for said in forms(number):
        heard = UP_TO_99.hear(said.split(), AllBut(""), settled=True)
        assert heard == Wrong(str(number)), said
