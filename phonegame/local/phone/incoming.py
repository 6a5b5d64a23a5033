"""Messages from the server, checked as Twilio does it (Media Streams, "WebSocket messages"; error 31951).

Exactly the documented keys, text frames only, the stream's own id. What is wrong becomes a Complaint, never
an exception.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TypeAlias, cast

UNDECODABLE, INVALID, TOO_SLOW = 31950, 31951, 31930
"""Twilio's warnings: a binary frame; a message of the wrong shape; audio thrown away, as the server is slow."""


@dataclass(frozen=True, slots=True)
class Media:
    audio: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    name: str


@dataclass(frozen=True, slots=True)
class Clear:
    pass


@dataclass(frozen=True, slots=True)
class Complaint:
    """A warning as Twilio shows it in its Console Debugger; `detail` says what exactly was wrong."""

    code: int
    detail: str

    def __str__(self) -> str:
        return f"Twilio warning {self.code}: {self.detail}"


Incoming: TypeAlias = Media | Mark | Clear | Complaint


def parse(message: str | bytes, stream_sid: str) -> Incoming:
    if isinstance(message, bytes):
        return Complaint(UNDECODABLE, f"binary frame of {len(message)} bytes; Twilio takes text frames only")
    try:
        content: object = json.loads(message)
    except (ValueError, RecursionError):
        return Complaint(INVALID, "not JSON")
    try:
        return _read(content, stream_sid)
    except _ShapeError as fault:
        return Complaint(INVALID, str(fault))


class _ShapeError(Exception):
    pass


def _read(content: object, stream_sid: str) -> Incoming:
    fields = _mapping(content, "the message")
    match fields.get("event"):
        case "media":
            audio = _text(_only(fields, "media", stream_sid), "payload", "media")
            return Media(_decode(audio))
        case "mark":
            return Mark(_text(_only(fields, "mark", stream_sid), "name", "mark"))
        case "clear":
            _check_envelope(fields, {"event", "streamSid"}, stream_sid)
            return Clear()
        case str(event):
            raise _ShapeError(f"unknown event {event[:40]!r}; Twilio knows media, mark and clear")
        case _:
            raise _ShapeError("event is missing or no string")


def _only(fields: dict[str, object], event: str, stream_sid: str) -> dict[str, object]:
    _check_envelope(fields, {"event", "streamSid", event}, stream_sid)
    return _mapping(fields[event], event)


def _check_envelope(fields: dict[str, object], keys: set[str], stream_sid: str) -> None:
    _check_keys(fields, keys, str(fields["event"]))
    if fields["streamSid"] != stream_sid:
        raise _ShapeError(f"{fields['event']}: streamSid is not this stream's")


def _check_keys(fields: dict[str, object], keys: set[str], where: str) -> None:
    if missing := keys - fields.keys():
        raise _ShapeError(f"{where}: missing {', '.join(sorted(missing))}")
    if extra := fields.keys() - keys:
        raise _ShapeError(f"{where}: unknown field {', '.join(sorted(extra))[:80]}")


def _mapping(content: object, where: str) -> dict[str, object]:
    if not isinstance(content, dict):
        raise _ShapeError(f"{where} is no JSON object")
    return cast("dict[str, object]", content)  # JSON's keys are strings


def _text(fields: dict[str, object], key: str, where: str) -> str:
    _check_keys(fields, {key}, where)
    content = fields[key]
    if not isinstance(content, str) or not content:
        raise _ShapeError(f"{where}.{key} is empty or no string")
    return content


def _decode(payload: str) -> bytes:
    try:
        return base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError):
        raise _ShapeError("media.payload is not base64") from None
