from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.code_index import SCAN_LIMIT, CodeIndex

keys = st.text("0123", min_size=1, max_size=4)


def index_of(*keys: str) -> CodeIndex:
    return CodeIndex((key, key.upper()) for key in keys)


def test_key_leads_to_the_code_as_written() -> None:
    assert index_of("tiger").codes("tiger") == ("TIGER",)
    assert index_of("tiger").codes("tig") == ()


def test_codes_may_share_a_key() -> None:
    assert CodeIndex([("223", "bad"), ("223", "cad"), ("223", "ace")]).codes("223") == ("bad", "cad", "ace")


@pytest.mark.parametrize(
    ("keys", "letters", "digits"),
    [((), False, False), (("1", "22"), False, True), (("tiger",), True, False), (("a7",), True, True)],
)
def test_knows_what_codes_are_made_of(keys: tuple[str, ...], letters: bool, digits: bool) -> None:
    index = index_of(*keys)
    assert (index.has_letters, index.has_digits) == (letters, digits)


@given(st.sets(keys, max_size=8), keys)
def test_beginnings_are_found(codes: set[str], start: str) -> None:
    assert index_of(*codes).any_begins(start) == any(code.startswith(start) for code in codes)


@given(st.sets(keys, max_size=8), st.sets(keys, max_size=8), keys)
def test_what_may_grow_is_found(codes: set[str], active: set[str], said: str) -> None:
    index = index_of(*codes)
    longer = {code for code in codes if code.startswith(said) and code != said}
    assert index.any_grows(said, said) == bool(longer)
    assert index.any_grows(said, said, active=active) == bool(longer & active)


def test_what_grows_from_another_root_is_not_shorter() -> None:
    index = index_of("4", "40", "42", "421")
    assert index.any_grows("40", "4")
    assert not index_of("4", "40").any_grows("40", "4")


def test_no_more_than_the_limit_is_looked_through() -> None:
    index = index_of(*(f"1{number:06}" for number in range(SCAN_LIMIT + 1)))
    assert index.any_grows("1", "1", active={"nothing"})
    assert not index.any_grows("10000", "10000", active={"nothing"})


def test_codes_can_be_found_under_other_keys() -> None:
    assert index_of("ab", "cd").mapped(lambda key: key[::-1]).codes("ba") == ("AB",)
