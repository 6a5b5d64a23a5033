"""What the carrier is asked to do with a call: `POST Calls`, or what a number is set to."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal, TypeAlias

from phonegame.local.twilio_api.fetch import Form, Method


@dataclass(frozen=True, slots=True)
class Inline:
    """TwiML that is there already."""

    twiml: str


@dataclass(frozen=True, slots=True)
class Page:
    """TwiML that is fetched; `extra` is sent beside what is always sent, `fallback` asked where this fails."""

    url: str
    method: Method = "POST"
    extra: Form = ()
    fallback: Page | None = None
    event: Literal["voice", "action"] = "voice"

    def with_extra(self, form: Form) -> Page:
        return dataclasses.replace(self, extra=(*self.extra, *form))


Source: TypeAlias = Inline | Page


@dataclass(frozen=True, slots=True)
class Callback:
    url: str
    method: Method = "POST"
    events: frozenset[str] = frozenset({"completed"})


@dataclass(frozen=True, slots=True)
class Detection:
    """Of answering machines. `timeout` in seconds; `callback` None: the call's TwiML waits for the result."""

    mode: Literal["Enable", "DetectMessageEnd"]
    timeout: float = 30.0
    callback: Callback | None = None
    is_async: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """A call. `timeout`: how long it rings; `time_limit`: how long it lasts at most; both in seconds."""

    to: str
    from_: str
    source: Source
    status: Callback | None = None
    timeout: float = 60.0
    time_limit: float = 14_400.0
    detection: Detection | None = None
    send_digits: str = ""
