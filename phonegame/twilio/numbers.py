"""Phone numbers as Twilio names callers. Source: Twilio's documentation, "TwiML - Request parameters" and the help page
"Why am I getting calls from these strange numbers?".
"""

from __future__ import annotations

import re

CALLER_PARAMETER = "from"
"""The TwiML's `<Parameter>` with the caller's number."""

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_WITHHELD = frozenset(
    # RESTRICTED, BLOCKED, UNKNOWN, UNAVAILABLE and ANONYMOUS on a keypad
    ["+7378742833", "+2562533", "+8656696", "+86282452253", "+266696687"]
)


def known_number(text: str | None) -> str | None:
    """The caller's number, as E.164; None where it is withheld, or none."""
    bare = re.sub(r"[\s().-]", "", text or "")
    return bare if _E164.fullmatch(bare) and bare not in _WITHHELD else None
