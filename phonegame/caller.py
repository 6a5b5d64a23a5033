"""Who is on the phone, as far as games may know."""

from __future__ import annotations

from collections.abc import Callable

from phonegame.logs import masked
from phonegame.stream_tokens import Facts
from phonegame.switchboard import Caller
from phonegame.twilio.numbers import known_number


def caller_of(facts: Facts, call_id: str, known_as: Callable[[str], str]) -> Caller:
    """The number of whoever is on the phone, which for an outgoing call is the one that was called."""
    number = known_number(facts.caller if facts.direction == "incoming" else facts.called)
    if number is None:
        return Caller(call_id=call_id, direction=facts.direction)
    return Caller(call_id=call_id, known_as=known_as(number), shown=masked(number), direction=facts.direction)
