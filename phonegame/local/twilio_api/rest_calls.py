"""The Calls resource: forms -> orders, calls -> JSON.

Source: Twilio's documentation, the Call resource, and the error dictionary for what is refused.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import re
from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlsplit

from phonegame.local.twilio_api.api_errors import ApiError
from phonegame.local.twilio_api.call import API_VERSION, Call
from phonegame.local.twilio_api.fetch import Method
from phonegame.local.twilio_api.orders import Callback, Detection, Inline, Order, Page, Source

MAX_TWIML = 4000
MAX_RING_SECONDS = 600
EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_DIGITS = re.compile(r"[0-9A-Da-dwW#*]{0,32}")

Fields = Sequence[tuple[str, str]]


class _Form:
    """Fields, each asked for with what is right for it. Every method raises ApiError."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields

    def all(self, name: str) -> list[str]:
        return [value for key, value in self._fields if key == name and value]

    def text(self, name: str) -> str:
        values = self.all(name)
        return values[-1] if values else ""

    def number(self, name: str, otherwise: float, most: float, code: int) -> float:
        text = self.text(name)
        if not text:
            return otherwise
        if not text.isdecimal() or not 0 < int(text) <= most:
            raise ApiError(400, code, f"{name} is invalid: {text}")
        return float(text)

    def method(self, name: str) -> Method:
        match self.text(name).upper():
            case "" | "POST":
                return "POST"
            case "GET":
                return "GET"
            case other:
                raise ApiError(400, 20001, f"{name} is invalid: {other}")

    def url(self, name: str, code: int) -> str:
        """ "" where there is none."""
        url = self.text(name)
        if url and not _is_url(url):
            raise ApiError(400, code, f"{name} is not a valid URL: {url}")
        return url

    def callback(self, name: str, events: frozenset[str]) -> Callback | None:
        url = self.url(name, 21609)
        if "_" in (urlsplit(url).hostname or ""):
            raise ApiError(400, 21609, f"{name} is not a valid URL: {url}")
        return Callback(url, self.method(f"{name}Method"), events) if url else None


def parse_order(fields: Fields) -> Order:
    """Of `POST Calls`. Raises ApiError."""
    form = _Form(fields)
    to, from_ = form.text("To"), form.text("From")
    if not to:
        raise ApiError(400, 21201, "No 'To' number is specified")
    if not from_:
        raise ApiError(400, 21213, "No 'From' number is specified")
    if not _E164.fullmatch(to):
        raise ApiError(400, 21211, f"The phone number you are attempting to call, {to}, is not valid.")
    if not _E164.fullmatch(from_):
        raise ApiError(400, 21212, f"The 'From' number {from_} is not a valid phone number.")
    if to == from_:
        raise ApiError(400, 21211, "'To' and 'From' are the same number")
    return Order(
        to=to,
        from_=from_,
        source=_source(form),
        status=form.callback("StatusCallback", _events(form)),
        timeout=form.number("Timeout", 60, MAX_RING_SECONDS, 21208),
        time_limit=form.number("TimeLimit", 14_400, 86_400, 20001),
        detection=_detection(form),
        send_digits=_send_digits(form),
    )


def parse_update(fields: Fields) -> Source | Literal["completed", "canceled"]:
    """What a live call is to do. Raises ApiError."""
    form = _Form(fields)
    match form.text("Status"):
        case "":
            return _source(form)
        case "completed":
            return "completed"
        case "canceled":
            return "canceled"
        case other:
            raise ApiError(400, 20001, f"Invalid Status: {other}; it may be canceled or completed")


def _source(form: _Form) -> Source:
    url, twiml = form.url("Url", 21205), form.text("Twiml")
    if not url:
        if not twiml:
            raise ApiError(400, 21205, "Url parameter is required.")
        if len(twiml) > MAX_TWIML:
            raise ApiError(400, 20001, f"Twiml is longer than {MAX_TWIML} characters")
        return Inline(twiml)
    fallback = form.url("FallbackUrl", 21205)
    return Page(
        url,
        form.method("Method"),
        fallback=Page(fallback, form.method("FallbackMethod")) if fallback else None,
    )


def _events(form: _Form) -> frozenset[str]:
    events = frozenset(form.all("StatusCallbackEvent")) or frozenset({"completed"})
    if unknown := events - EVENTS:
        # one field with several names in it is a common slip, which Twilio does not take either
        raise ApiError(400, 21626, f"Invalid status callback event(s): {', '.join(sorted(unknown))}")
    return events


def _detection(form: _Form) -> Detection | None:
    timeout = form.number("MachineDetectionTimeout", 30, 59, 20001)
    callback = form.callback("AsyncAmdStatusCallback", frozenset())
    is_async = form.text("AsyncAmd").lower() == "true"
    match form.text("MachineDetection"):
        case "Enable" | "DetectMessageEnd" as mode:
            return Detection(mode, timeout, callback, is_async)
        case "":
            return None
        case other:
            raise ApiError(400, 21207, f"MachineDetection is invalid: {other}")


def _send_digits(form: _Form) -> str:
    digits = form.text("SendDigits")
    if not _DIGITS.fullmatch(digits):
        raise ApiError(400, 21206, f"SendDigits is invalid: {digits}")
    return digits


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def call_as_json(call: Call) -> dict[str, object]:
    path = f"/{API_VERSION}/Accounts/{call.account_sid}/Calls/{call.sid}"
    created = None if call.status == "queued" else _date(call.created_at)
    return {
        "sid": call.sid,
        "account_sid": call.account_sid,
        "parent_call_sid": None,
        "to": call.order.to,
        "to_formatted": call.order.to,
        "from": call.order.from_,
        "from_formatted": call.order.from_,
        "phone_number_sid": None,
        "status": call.status,
        "direction": call.direction,
        "start_time": _date(call.start_time),
        "end_time": _date(call.end_time),
        "duration": str(call.duration) if call.is_over else None,
        "price": None,
        "price_unit": "USD",
        "answered_by": call.answered_by,
        "annotation": None,
        "api_version": API_VERSION,
        "forwarded_from": None,
        "group_sid": None,
        "caller_name": None,
        "queue_time": "0",
        "trunk_sid": None,
        "date_created": created,
        "date_updated": created,
        "uri": f"{path}.json",
        "subresource_uris": {"recordings": f"{path}/Recordings.json", "streams": f"{path}/Streams.json"},
    }


def _date(moment: dt.datetime | None) -> str | None:
    return email.utils.format_datetime(moment) if moment is not None else None
