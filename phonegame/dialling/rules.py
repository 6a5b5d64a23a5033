"""Which numbers may be dialled. No I/O, and no clock.

Whoever gets others to dial expensive numbers earns on each minute. Such numbers are premium ones, satellite networks,
and above all ranges that nobody has been given: what phonenumbers does not know to exist is not dialled.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from enum import Enum

import phonenumbers
from phonenumbers import PhoneNumberType

EXAMPLE = "+12025550123"
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_NO_COUNTRY = "001"
"""The region of satellite networks and other numbers that belong to no country; of those, only 800 is free."""
_EXPENSIVE = frozenset(
    [
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        # for their owners, who get a part of what the caller pays
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.PAGER,
        PhoneNumberType.UAN,
    ]
)


class Rule(Enum):
    """Why a call is not placed. The value is for programs; `http_status` is how `POST /call` is answered."""

    NUMBER = ("number", 400)
    PREMIUM = ("premium", 403)
    ALLOW = ("dial_allow", 403)
    UNKNOWN_CODE = ("unknown_code", 404)
    NO_ROOM = ("no_room", 409)
    PER_MINUTE = ("dial_per_minute", 429)
    PER_GAME = ("dial_per_game", 429)
    PER_NUMBER = ("dial_per_number", 429)
    AT_ONCE = ("dial_at_once", 429)
    UNREACHABLE = ("unreachable", 503)
    NO_CARRIER = ("no_carrier", 503)
    FULL = ("full", 503)
    CLOSING = ("closing", 503)

    def __init__(self, label: str, http_status: int) -> None:
        self.label = label
        self.http_status = http_status


NOT_CALLED_IN = (
    "to: has not called in since the server has started, and PHONEGAME_DIAL_ALLOW names no prefixes that may be dialled"
)


class DialRefused(Exception):
    """A call is not placed. The text says why, for whoever asked for it, and holds no whole number."""

    def __init__(self, rule: Rule, why: str) -> None:
        super().__init__(why)
        self.rule = rule


class DialRules:
    """`allow`: prefixes such as +49. `called_in`: what may be dialled while there are none."""

    def __init__(self, allow: Sequence[str], called_in: Container[str]) -> None:
        self._allow = tuple(allow)
        self._called_in = called_in

    def check(self, to: str) -> str:
        """The number to dial, as E.164. Raises `DialRefused`."""
        bare = re.sub(r"[\s().-]", "", to)
        number = _parsed(bare)
        if _is_expensive(number):
            raise DialRefused(Rule.PREMIUM, "to: is a premium, shared-cost, personal or satellite number")
        if not (bare.startswith(self._allow) if self._allow else bare in self._called_in):
            raise DialRefused(Rule.ALLOW, self._what_is_allowed())
        return bare

    def _what_is_allowed(self) -> str:
        if self._allow:
            return f"to: begins with none of the prefixes in PHONEGAME_DIAL_ALLOW: {', '.join(self._allow)}"
        return NOT_CALLED_IN


def _parsed(bare: str) -> phonenumbers.PhoneNumber:
    if not _E164.fullmatch(bare):
        raise DialRefused(Rule.NUMBER, f"to: is no phone number with its country, such as {EXAMPLE}")
    try:
        number = phonenumbers.parse(bare, None)
    except phonenumbers.NumberParseException:
        raise DialRefused(Rule.NUMBER, f"to: begins with no country's code; write it as {EXAMPLE}") from None
    # what is dialled is the text: a number that is read otherwise (+44 0 20 ...) is not the one that was checked
    same = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == bare
    if not same or not phonenumbers.is_valid_number(number):
        raise DialRefused(Rule.NUMBER, f"to: no such phone number can exist in that country; write it as {EXAMPLE}")
    return number


def _is_expensive(number: phonenumbers.PhoneNumber) -> bool:
    kind = phonenumbers.number_type(number)
    nowhere = phonenumbers.region_code_for_number(number) == _NO_COUNTRY
    return kind in _EXPENSIVE or (nowhere and kind != PhoneNumberType.TOLL_FREE)
