from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.keypad import GIVE_UP_AFTER, MAX_KEYS, SETTLE_AFTER, Ignored, Keyed, Keying, Keypad
from phonegame.spoken import Ambiguous, CodeBook, Matched, Wrong

UP_TO_99 = CodeBook(map(str, range(100)))
WORDS = CodeBook(["tiger", "zebra", "Acorn", "camel", "panel", "bad", "cad"])


def key_in(digits: Iterable[str], *active: str, book: CodeBook = UP_TO_99) -> list[Keyed]:
    keypad = Keypad(book)
    return [keypad.press(digit, set(active)) for digit in digits]


@pytest.mark.parametrize(
    ("digits", "active", "outcome"),
    [
        pytest.param("42", {"42"}, Matched("42", 0), id="no-hash-needed"),
        pytest.param("4#", {"4"}, Matched("4", 0), id="hash-ends"),
        pytest.param("4#", {"4", "42"}, Matched("4", 0), id="hash-ends-though-42-is-active"),
        pytest.param("43#", {"42"}, Wrong("43"), id="no-such-game"),
        pytest.param("142#", {"42"}, Wrong("142"), id="not-inside-another-number"),
        pytest.param("420#", {"4"}, Wrong("420"), id="not-at-the-beginning-of-another"),
        pytest.param("042#", {"42"}, Wrong("042"), id="leading-zero-is-another-entry"),
        pytest.param("#", {"42"}, Ignored(), id="hash-alone"),
        pytest.param("4*", {"4"}, Keying("", None), id="star-clears"),
        pytest.param("41*42", {"42", "4"}, Matched("42", 0), id="entry-after-star"),
        pytest.param("4A", {"4"}, Ignored(), id="letter-key"),
        pytest.param("4A2", {"42"}, Matched("42", 0), id="letter-key-changes-nothing"),
    ],
)
def test_entry(digits: str, active: set[str], outcome: Keyed) -> None:
    assert key_in(digits, *active)[-1] == outcome


@pytest.mark.parametrize(
    ("digits", "active", "settle_after"),
    [
        pytest.param("4", {"4"}, SETTLE_AFTER, id="42-is-a-code-though-not-active"),
        pytest.param("4", {"4", "42"}, SETTLE_AFTER, id="both-active"),
        pytest.param("4", {"42"}, GIVE_UP_AFTER, id="begins-an-active-code"),
        pytest.param("43", {"42"}, SETTLE_AFTER, id="complete-but-no-game"),
        pytest.param("5", {"42"}, GIVE_UP_AFTER, id="begins-a-code-that-is-not-active"),
        pytest.param("421", {"99"}, SETTLE_AFTER, id="longer-than-any-code"),
    ],
)
def test_entry_that_is_not_over_says_how_long_to_wait(digits: str, active: set[str], settle_after: float) -> None:
    assert key_in(digits, *active)[-1] == Keying(digits, settle_after)


def test_settle_ends_the_entry() -> None:
    keypad = Keypad(UP_TO_99)
    keypad.press("4", {"4"})
    assert keypad.settle({"4"}) == Matched("4", 0)
    assert keypad.settle({"4"}) == Ignored()


def test_code_that_goes_while_it_is_keyed_is_wrong() -> None:
    keypad = Keypad(UP_TO_99)
    keypad.press("4", {"4"})
    assert keypad.settle(set()) == Wrong("4")


def test_outcome_begins_a_new_entry() -> None:
    assert key_in("43#42", "42")[-1] == Matched("42", 0)


@pytest.mark.parametrize("digit", ["", "A", "D", "W", "w", "44", "٤", "²", " ", "##", "+"])
def test_unknown_digit_is_ignored(digit: str) -> None:
    assert key_in([digit], "4", "44") == [Ignored()]


def test_endless_entry_is_bounded() -> None:
    *_, last_digit, end = key_in("1" * 1000 + "#", "42")
    assert last_digit == Keying("1" * MAX_KEYS, SETTLE_AFTER)
    assert end == Wrong("1" * MAX_KEYS)


@pytest.mark.parametrize(
    ("digits", "active", "outcome"),
    [
        pytest.param("84437", {"tiger"}, Matched("tiger", 0), id="letters-of-the-keys"),
        pytest.param("22676", {"Acorn"}, Matched("Acorn", 0), id="as-written"),
        pytest.param("223", {"bad"}, Matched("bad", 0), id="only-one-of-two-is-active"),
        pytest.param("223", {"bad", "cad"}, Ambiguous(("bad", "cad")), id="both-are-active"),
    ],
)
def test_words_on_the_keys(digits: str, active: set[str], outcome: Keyed) -> None:
    assert key_in(digits, *active, book=WORDS)[-1] == outcome


@given(st.lists(st.sampled_from("0123456789#*A"), max_size=12), st.sets(st.integers(0, 99).map(str), max_size=5))
def test_only_what_was_keyed_since_the_last_outcome_matches(digits: list[str], active: set[str]) -> None:
    keypad = Keypad(UP_TO_99)
    entry = ""
    for digit in digits:
        outcome = keypad.press(digit, active)
        entry = "" if digit == "*" else entry + digit if digit.isdigit() else entry
        if isinstance(outcome, Matched):
            assert outcome.code == entry
            assert entry in active
        if isinstance(outcome, Matched | Wrong):
            entry = ""
