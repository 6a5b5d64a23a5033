"""Settings that keep strangers from phoning at the operator's cost, and from trying codes and doors until one opens."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from phonegame.twilio_settings import Texts

Count = Annotated[int, Field(ge=1, le=100_000)]
MayBeNone = Annotated[int, Field(ge=0, le=100_000)]
Seconds = Annotated[float, Field(gt=0, le=86400)]


class LimitSettings(BaseSettings):
    dial_allow: Texts = ()
    """Prefixes of the numbers that may be dialled, such as +49. None: only numbers that have called in."""
    dial_per_minute: MayBeNone = 10
    """Outgoing calls a minute, of all games and the operator together. 0: no outgoing calls."""
    dial_per_game: Count = 3
    """Outgoing calls a minute of one game, which is known by its key and its address: see `Access.game_known_as`."""
    dial_per_number: Count = 3
    """Outgoing calls an hour to one number."""
    dial_at_once: Count = 5
    """Outgoing calls that are dialling, ringing or talking."""
    ring_seconds: Annotated[int, Field(ge=5, le=600)] = 30
    """How long an outgoing call rings before it has not been answered."""
    call_seconds: Annotated[int, Field(ge=60, le=14400)] = 3600
    """An outgoing call lasts no longer."""

    max_calls: MayBeNone = 300
    """Calls at once in one process; more are refused, with an apology. 0: no limit."""
    max_busy: Annotated[float, Field(ge=0, le=1)] = 0.85
    """No call is taken while the event loop uses more of a core, by the median of five seconds. 0: not looked at."""
    max_lag_seconds: Annotated[float, Field(ge=0, le=60)] = 0.1
    """No call is taken while the event loop is so late, by the median of five seconds. 0: not looked at."""
    overflow_number: str = ""
    """Whom callers are connected to for whom there is no room here: a number with its country."""

    call_turns: MayBeNone = 200
    """How often a character answers in one call. 0, here and for the next three: no limit."""
    call_tokens: Annotated[int, Field(ge=0, le=100_000_000)] = 200_000
    """Of a model, read and written, estimated where it does not tell."""
    call_minutes: Annotated[float, Field(ge=0, le=1440)] = 30
    """How long characters stay in one call."""
    call_characters: Annotated[int, Field(ge=0, le=10_000_000)] = 20_000
    """Spoken by characters in one call: a voice is paid by them."""
    day_turns: Annotated[int, Field(ge=0, le=10_000_000)] = 20_000
    """How often characters answer, in all calls of a day, which begins at midnight, local time. 0, here and in the next
    three: no limit."""
    day_tokens: Annotated[int, Field(ge=0, le=10_000_000_000)] = 5_000_000
    """Of models in a day."""
    day_minutes: Annotated[float, Field(ge=0, le=1_000_000)] = 2_000
    """That callers talk to characters in a day; of several at once, each one's."""
    day_characters: Annotated[int, Field(ge=0, le=1_000_000_000)] = 1_000_000
    """Spoken by characters in a day."""

    number_wrong_codes: Count = 20
    """Wrong codes an hour from one calling number; then its calls are turned away until the hour has passed."""
    sockets_per_address: Count = 100
    """Websockets open at once from one address, at `/game` and `/twilio` each. Calls that have shown their token do not
    count: see `limits.connections`. This machine has no limit."""
    connects_per_minute: Count = 300
    """Attempts to connect from one address. This machine has no limit."""
    trusted_proxies: Texts = ("127.0.0.0/8", "::1")
    """Addresses or networks of proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8.

    This machine's are: a tunnel or proxy of its own is what most visitors come by, and without it has no limit at all.
    """
    handshake_seconds: Seconds = 10
    """How long a connection may take to send its request, and its TLS handshake before that."""
    body_seconds: Seconds = 30
    """How long the body of a request may take."""
    idle_seconds: Seconds = 15
    """How long a connection that is no websocket may stay open without a request."""

    @field_validator("dial_allow", "trusted_proxies", mode="before")
    @classmethod
    def _split_at_commas(cls, value: object) -> object:
        return [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            try:
                ipaddress.ip_network(network, strict=False)
            except ValueError:
                raise ValueError(f"{network!r} is no address or network; write 127.0.0.1, or 10.0.0.0/8") from None
        return value

    @field_validator("overflow_number")
    @classmethod
    def _dialled(cls, value: str) -> str:
        bare = re.sub(r"[\s().-]", "", value)
        if bare and not re.fullmatch(r"\+[1-9][0-9]{6,14}", bare):
            raise ValueError("is no phone number with its country; write it as +12025550123")
        return bare

    @field_validator("dial_allow")
    @classmethod
    def _prefixes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        bare = [re.sub(r"[\s().-]", "", prefix) for prefix in value]
        for prefix in bare:
            if not re.fullmatch(r"\+[1-9][0-9]{0,14}", prefix):
                raise ValueError(f"{prefix!r} is no beginning of a phone number; write + and the country, such as +49")
        return tuple(bare)
