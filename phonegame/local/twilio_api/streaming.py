"""`<Connect><Stream>`: the media stream, opened and kept by the phone of `phonegame call`."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from urllib.parse import urljoin, urlsplit

from phonegame.local.phone import (
    Cleared,
    Complaint,
    DialError,
    Ended,
    Identity,
    InvalidUrlError,
    NoAnswerError,
    NoHandshakeError,
    PhoneEvent,
    RejectedError,
    place_call,
)
from phonegame.local.twilio_api.call import Call
from phonegame.local.twilio_api.equipment import Equipment
from phonegame.local.twilio_api.fetch import FetchError, Form
from phonegame.local.twilio_api.twiml import Stream
from phonegame.loopback import is_loopback


class StreamError(Exception):
    """The stream does not come about, or breaks; with the code of Twilio's debugger."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


async def stream(call: Call, verb: Stream, base: str, equipment: Equipment) -> None:
    """Returns when the stream has ended, or has not come about: the call then goes on. Cancelling ends it in order."""
    stream_sid = "MZ" + secrets.token_hex(16)
    tell = partial(_tell, call, verb, base, equipment, stream_sid)
    try:
        await _keep(call, verb, _url(verb, base), equipment, stream_sid, tell)
    except StreamError as error:
        call.alert(error.code, str(error))
        await tell("stream-error", str(error))
    else:
        await tell("stream-stopped")


async def _keep(
    call: Call,
    verb: Stream,
    url: str,
    equipment: Equipment,
    stream_sid: str,
    tell: Callable[[str], Awaitable[None]],
) -> None:
    config = equipment.config
    identity = Identity(call.account_sid, call.sid, stream_sid, verb.parameters)
    opened = place_call(
        url,
        identity=identity,
        auth_token=config.auth_token,
        on_event=partial(_notice, call),
        on_heard=call.handset.hear,
        ssl_context=config.ssl_context,
        quirks=config.quirks,
    )
    try:
        async with opened as phone:
            call.announce("media stream open")
            call.handset.attach(phone)
            try:
                await tell("stream-started")
                ended = await phone.wait_ended()
            finally:
                call.handset.attach(None)
    except DialError as failure:
        raise StreamError(_code(failure), str(failure)) from None
    _check(ended)


def _url(verb: Stream, base: str) -> str:
    """Raises StreamError."""
    if verb.track != "inbound_track":
        raise StreamError(31941, f"the track {verb.track!r} is not for <Connect>, which has inbound_track only")
    url = urljoin(base, verb.url)
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise StreamError(31923, f"the stream's url is malformed: {error}") from None
    if parts.scheme == "ws" and is_loopback(parts.hostname or ""):
        return url
    if parts.scheme != "wss":
        raise StreamError(31922, f"the stream's url has the scheme {parts.scheme!r}, and not wss")
    return url


def _code(failure: DialError) -> int:
    match failure:
        case InvalidUrlError():
            return 31920 if "?" in failure.url else 31923
        case NoAnswerError():
            return 31902
        case NoHandshakeError():
            return 31910 if "TLS" in str(failure) else 31901
        case RejectedError():
            return 31920
        case _:
            return 31901


def _check(ended: Ended) -> None:
    """Raises StreamError where the server has not closed as it should."""
    if ended.by == "server" and ended.code != 1000:
        code = 31903 if ended.code == 1006 else 31921
        raise StreamError(code, f"the server has ended the stream with {ended.code} {ended.reason}".rstrip())


def _notice(call: Call, event: PhoneEvent) -> None:
    match event:
        case Complaint():
            call.alert(event.code, str(event))
        case Cleared():
            call.handset.clear()
        case _:
            pass


async def _tell(
    call: Call, verb: Stream, base: str, equipment: Equipment, stream_sid: str, event: str, fault: str = ""
) -> None:
    if not verb.status_callback:
        return
    form: Form = [
        ("AccountSid", call.account_sid),
        ("CallSid", call.sid),
        ("StreamSid", stream_sid),
        ("StreamName", verb.name or stream_sid),
        ("StreamEvent", event),
        *([("StreamError", fault)] if fault else []),
        ("Timestamp", dt.datetime.now(dt.UTC).isoformat()),
    ]
    url = urljoin(base, verb.status_callback)
    try:
        await equipment.webhooks.send(event, call.sid, verb.status_callback_method, url, form)
    except FetchError as error:
        call.alert(15003, f"the callback of {event!r}: {error}")
