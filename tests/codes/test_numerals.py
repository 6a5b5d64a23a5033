from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.numerals import MAX_PIECES, Reading, readings
from phonegame.vocabulary import HOMOPHONES, NUMBER_WORDS


def digits_of(said: str) -> set[str]:
    return {reading.digits for reading in readings(said.split())}


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("42", "42"),
        ("4 2", "42"),
        ("forty two", "42"),
        ("four two", "42"),
        ("fourty 2", "42"),
        ("007", "007"),
        ("oh seven", "07"),
        ("o 7", "07"),
        ("zero nought naught niner", "0009"),
        ("double four", "44"),
        ("double oh seven", "007"),
        ("triple 5 double two", "55522"),
        ("four treble two", "4222"),
        ("one hundred", "100"),
        ("a hundred", "100"),
        ("a hundred and one", "101"),
        ("one hundred one", "101"),
        ("100 and 1", "101"),
        ("one oh one", "101"),
        ("four twenty", "420"),
        ("1 0 0 0", "1000"),
        ("one thousand", "1000"),
        ("a thousand", "1000"),
        ("ten hundred", "1000"),
        ("ten ten", "1010"),
        ("ten oh one", "1001"),
        ("twelve thirty four", "1234"),
        ("12 34", "1234"),
        ("twelve hundred and thirty four", "1234"),
        ("one thousand two hundred and thirty four", "1234"),
        ("nineteen eighty four", "1984"),
        ("19 84", "1984"),
        ("nineteen oh four", "1904"),
        ("twenty twenty four", "2024"),
        ("two thousand and one", "2001"),
        ("2000 and 1", "2001"),
        ("two thousand twenty four", "2024"),
        ("ninety nine hundred", "9900"),
        ("forty two hundred", "4200"),
        ("forty zero", "400"),
    ],
)
def test_run_is_read(said: str, digits: str) -> None:
    assert digits_of(said) == {digits}


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        pytest.param("40 2", {"42", "402"}, id="tens-and-ones-or-digits"),
        pytest.param("100 1", {"101", "1001"}, id="hundred-and-one-or-digits"),
    ],
)
def test_run_with_two_readings_has_both(said: str, digits: set[str]) -> None:
    assert digits_of(said) == digits


@pytest.mark.parametrize(
    "said",
    ["hundred", "hundred two", "double", "double forty", "triple hundred", "one and two", "one hundred and", "a 7"],
)
def test_run_without_sense_has_no_reading(said: str) -> None:
    assert digits_of(said) == set()


def test_run_longer_than_any_code_has_no_reading() -> None:
    assert digits_of("1 " * MAX_PIECES)
    assert not digits_of("1 " * (MAX_PIECES + 1))


def test_run_with_too_many_readings_has_none() -> None:
    assert digits_of("20 1 " * 12) == set()


def test_digits_without_end_are_read_as_they_stand() -> None:
    assert digits_of("9" * 5000) == {"9" * 5000}


@given(
    st.lists(st.sampled_from([*sorted(NUMBER_WORDS | set(HOMOPHONES)), "and", "a", "7", "40", "007", "100", "2000"]))
)
def test_every_reading_is_made_of_digits(pieces: list[str]) -> None:
    assert all(reading.digits.isdigit() or not pieces for reading in readings(pieces))


@pytest.mark.parametrize(
    ("said", "while_speaking", "after_a_pause"),
    [
        pytest.param("four", {"4", "14"}, {"4"}, id="digit-that-begins-a-teen"),
        pytest.param("five", {"5"}, {"5"}, id="digit-that-begins-none"),
        pytest.param("forty", {"40", "4"}, {"40", "4"}, id="tens"),
        pytest.param("four zero", {"40"}, {"40"}, id="digits"),
        pytest.param("ten", {"10"}, {"10"}, id="ten"),
        pytest.param("two hundred", {"200", "2"}, {"200", "2"}, id="hundred"),
        pytest.param("twelve forty", {"1240", "124"}, {"1240", "124"}, id="last-group"),
        pytest.param("one thousand two", {"1002", "12"}, {"1002", "12"}, id="thousand-and-digit"),
        pytest.param("one six", {"16", "116"}, {"16"}, id="last-digit"),
    ],
)
def test_what_a_number_may_become(said: str, while_speaking: set[str], after_a_pause: set[str]) -> None:
    (reading,) = readings(said.split())
    assert set(reading.roots(within_word=True)) == while_speaking
    assert set(reading.roots(within_word=False)) == after_a_pause


@pytest.mark.parametrize(
    ("head", "last", "bare"), [("0", "7", "7"), ("00", "0", "0"), ("10", "7", "107"), ("", "007", "7")]
)
def test_without_leading_zeros(head: str, last: str, bare: str) -> None:
    assert Reading(head, last, cardinal=True).without_leading_zeros().digits == bare
