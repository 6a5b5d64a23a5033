from __future__ import annotations

import re

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.dialling import DialRefused, DialRules, Rule
from phonegame.dialling.called_in import MOST, CalledIn

EVERYWHERE = [f"+{first}" for first in range(1, 10)]


def refused(rules: DialRules, to: str) -> Rule:
    with pytest.raises(DialRefused) as refusal:
        rules.check(to)
    assert not re.search(r"\d{6,}", str(refusal.value).replace("12025550123", "")), "a number in an error"
    return refusal.value.rule


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("+12025550123", "+12025550123"),
        (" +1 (202) 555-0123 ", "+12025550123"),
        ("+49 30 901820", "+4930901820"),
        ("+39 06 6982 1", "+390669821"),
        ("+44 7400 123456", "+447400123456"),
        ("+800 1234 5678", "+80012345678"),
    ],
)
def test_a_number_is_dialled_however_it_is_written(written: str, dialled: str) -> None:
    assert DialRules(EVERYWHERE, ()).check(written) == dialled


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "2025550123",
        "0049 30 901820",
        "+1202555012",
        "+120255501234",
        "+1 911",
        "+15550123456",
        "+44 0 20 7946 0958",
        "+12025550123;ext=1",
        "+1202555０123",
        "sip:somebody@example.com",
        "client:alice",
        "+999123456789",
        "+12025550123,+12025550124",
        "+1" + "2" * 5000,
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    assert refused(DialRules(EVERYWHERE, ()), text) is Rule.NUMBER


@pytest.mark.parametrize(
    "number",
    ["+19005551234", "+979123456789", "+447011234567", "+882161234567", "+881612345678", "+498001234567890"[:12]],
    ids=["premium", "international premium", "personal", "network of no country", "satellite", "no such number"],
)
def test_expensive_numbers_are_refused_even_where_their_prefix_is_allowed(number: str) -> None:
    assert refused(DialRules([number], {number}), number) in (Rule.PREMIUM, Rule.NUMBER)


def test_only_what_has_an_allowed_prefix_is_dialled() -> None:
    rules = DialRules(["+49", "+1202"], {"+447400123456"})
    assert rules.check("+4930901820")
    assert rules.check("+12025550123")
    assert refused(rules, "+12125550123") is Rule.ALLOW
    assert refused(rules, "+447400123456") is Rule.ALLOW


def test_without_prefixes_only_who_has_called_in_is_rung_back() -> None:
    called_in = CalledIn(lambda number: f"hash of {number}")
    rules = DialRules((), called_in)
    assert refused(rules, "+12025550123") is Rule.ALLOW
    called_in.remember_nowait("+12025550123")
    assert rules.check("+1 202 555 0123") == "+12025550123"
    assert refused(rules, "+12025550124") is Rule.ALLOW


def test_a_premium_number_is_not_rung_back_although_it_has_called() -> None:
    assert refused(DialRules((), {"+19005551234"}), "+19005551234") is Rule.PREMIUM


def test_who_has_not_called_for_longest_is_forgotten() -> None:
    called_in = CalledIn(str)
    for number in range(MOST):
        called_in.remember_nowait(str(number))
    called_in.remember_nowait("0")
    called_in.remember_nowait("one more")
    assert "0" in called_in
    assert "1" not in called_in
    assert len(called_in) == MOST


@given(st.text(alphabet="+0123456789 ()-.x", max_size=20) | st.text(max_size=30))
def test_what_is_dialled_is_a_valid_number_with_an_allowed_prefix(text: str) -> None:
    try:
        number = DialRules(["+1", "+49"], ()).check(text)
    except DialRefused:
        return
    assert re.fullmatch(r"\+(1|49)[0-9]{4,13}", number)
    assert phonenumbers.is_valid_number(phonenumbers.parse(number))


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_no_premium_number_of_any_country_is_dialled(region: str) -> None:
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.PREMIUM_RATE)
    if example is not None:
        number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        assert refused(DialRules(EVERYWHERE, ()), number) in (Rule.PREMIUM, Rule.NUMBER)
