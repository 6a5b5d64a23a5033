from __future__ import annotations

import pytest

from phonegame.twilio.numbers import known_number


@pytest.mark.parametrize("text", ["+15551230042", "+1 (555) 123-0042", " +1.555.123.0042 "])
def test_a_number_is_the_same_however_it_is_written(text: str) -> None:
    assert known_number(text) == "+15551230042"


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", "anonymous", "Restricted", "client:alice", "sip:a@example.com", "+", "+0155512300", "15551230042"),
        *("+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"),
        "+1555123004200000",
    ],
)
def test_what_is_withheld_or_no_number_is_not_known(text: str | None) -> None:
    assert known_number(text) is None
