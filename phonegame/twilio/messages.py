"""The messages of a bidirectional media stream.

Source: Twilio's documentation, "Media Streams - WebSocket Messages". Twilio writes counters as strings and the media
format as numbers; both forms are taken for either, and unknown fields are ignored. A `start` is read field by field,
since a call without one is silent: a field that cannot be read is its default.
"""

from __future__ import annotations

import binascii
from typing import Annotated, Any, TypeVar

import msgspec

T = TypeVar("T")
D = TypeVar("D")

MAX_TIMESTAMP_MS = 10**10
"""Four months; a call may last four hours. What is beyond is no time, and no float either."""


class MalformedMessage(Exception):
    """A message that cannot be used. Says what was wrong, without quoting the message."""


class Connected(msgspec.Struct, frozen=True):
    """First message, before `start`."""


class MediaFormat(msgspec.Struct, frozen=True):
    encoding: str = "audio/x-mulaw"
    sample_rate: int = 8000
    channels: int = 1


class Start(msgspec.Struct, frozen=True):
    """The stream's identity. `custom_parameters` are the TwiML's `<Parameter>` values."""

    stream_sid: str = ""
    call_sid: str = ""
    account_sid: str = ""
    media_format: MediaFormat = MediaFormat()
    custom_parameters: dict[str, str] = {}


class Media(msgspec.Struct, frozen=True):
    """A piece of mu-law audio in base64. `timestamp` is in ms since the stream began; None where it is missing."""

    payload: str
    timestamp: Annotated[int, msgspec.Meta(ge=0, le=MAX_TIMESTAMP_MS)] | None = None
    track: str | None = "inbound"

    @property
    def is_inbound(self) -> bool:
        """Whether it is the caller's. `dtmf` calls the same track `inbound_track`; emulators leave it out."""
        return self.track in ("inbound", "inbound_track", None)

    def audio(self) -> bytes:
        """Padding may be missing, and there may be line breaks. Raises `MalformedMessage`."""
        try:
            return binascii.a2b_base64(self.payload, strict_mode=True)
        except ValueError:
            pass
        bare = self.payload.replace("\r", "").replace("\n", "")
        try:
            return binascii.a2b_base64(bare + "=" * (-len(bare) % 4), strict_mode=True)
        except ValueError:
            raise MalformedMessage("media.payload is not base64") from None


class Dtmf(msgspec.Struct, frozen=True):
    """One key press: a digit, `*` or `#`."""

    digit: str


class Mark(msgspec.Struct, frozen=True):
    """A mark of ours that has been played, or that `clear` has swept away: Twilio does not tell which."""

    name: str


class Stop(msgspec.Struct, frozen=True):
    """The stream has stopped, mostly because the caller has hung up. May never come."""


class Unknown(msgspec.Struct, frozen=True):
    """An event that this module does not know; Twilio adds them without notice."""

    event: str


Message = Connected | Start | Media | Dtmf | Mark | Stop | Unknown


_MISSING = msgspec.Raw()


class _Envelope(msgspec.Struct, frozen=True, rename={"stream_sid": "streamSid"}):
    event: str
    stream_sid: msgspec.Raw = _MISSING
    media: Media | None = None
    start: msgspec.Raw = _MISSING
    dtmf: msgspec.Raw = _MISSING
    mark: msgspec.Raw = _MISSING


_NOT_A_MESSAGE = (msgspec.DecodeError, UnicodeError, RecursionError)

# Twilio's counters come as strings: not strict
_decoder = msgspec.json.Decoder(_Envelope, strict=False)


def parse(text: str | bytes) -> Message:
    """One text frame from Twilio. Raises `MalformedMessage`."""
    try:
        envelope = _decoder.decode(text)
    except _NOT_A_MESSAGE as error:
        raise MalformedMessage(_reason(error)) from None
    if envelope.media is not None and envelope.event == "media":
        return envelope.media
    try:
        return _parse_other(envelope)
    except _NOT_A_MESSAGE as error:
        raise MalformedMessage(f"{envelope.event}: {_reason(error)}") from None


def _parse_other(envelope: _Envelope) -> Message:
    match envelope.event:
        case "connected":
            return Connected()
        case "start":
            return _parse_start(envelope)
        case "media":
            raise MalformedMessage("media: `media` is missing")
        case "dtmf":
            return _part(envelope.dtmf, Dtmf, "dtmf")
        case "mark":
            return _part(envelope.mark, Mark, "mark")
        case "stop":
            return Stop()
        case other:
            return Unknown(other)


_Fields = dict[str, msgspec.Raw]


def _parse_start(envelope: _Envelope) -> Start:
    # some emulators name the stream only on the envelope
    stream_sid = _lenient(envelope.stream_sid, str, "")
    if not bytes(envelope.start) and not stream_sid:
        raise MalformedMessage("start: `start` is missing")
    fields = _lenient(envelope.start, _Fields, {})
    parameters = _lenient(fields.get("customParameters"), _Fields, {})
    texts = {name: _lenient(value, str, None) for name, value in parameters.items()}
    return Start(
        stream_sid=_lenient(fields.get("streamSid"), str, "") or stream_sid,
        call_sid=_lenient(fields.get("callSid"), str, ""),
        account_sid=_lenient(fields.get("accountSid"), str, ""),
        media_format=_media_format(_lenient(fields.get("mediaFormat"), _Fields, {})),
        custom_parameters={name: text for name, text in texts.items() if text is not None},
    )


def _media_format(fields: _Fields) -> MediaFormat:
    plain = MediaFormat()
    return MediaFormat(
        encoding=_lenient(fields.get("encoding"), str, plain.encoding),
        sample_rate=_lenient(fields.get("sampleRate"), int, plain.sample_rate),
        channels=_lenient(fields.get("channels"), int, plain.channels),
    )


def _lenient(raw: msgspec.Raw | None, kind: type[T], default: D) -> T | D:
    try:
        return default if raw is None else msgspec.json.decode(raw, type=kind, strict=False)
    except _NOT_A_MESSAGE:
        return default


def _part(raw: msgspec.Raw, kind: type[T], name: str) -> T:
    if not bytes(raw):
        raise MalformedMessage(f"{name}: `{name}` is missing")
    return msgspec.json.decode(raw, type=kind, strict=False)


def _reason(error: Exception) -> str:
    # a DecodeError names the place and the types, never the value
    if isinstance(error, msgspec.DecodeError):
        return str(error)
    return "not UTF-8" if isinstance(error, UnicodeError) else "nested too deeply"


def _outbound(event: str, stream_sid: str, **more: Any) -> str:
    return msgspec.json.encode({"event": event, "streamSid": stream_sid, **more}).decode()


def media_message(stream_sid: str, audio: bytes) -> str:
    """Audio for the caller: raw mu-law, no header; any length, multiples of 160 bytes play best."""
    payload = binascii.b2a_base64(audio, newline=False).decode("ascii")
    return _outbound("media", stream_sid, media={"payload": payload})


def mark_message(stream_sid: str, name: str) -> str:
    """Comes back as `Mark` when all audio sent before it has been played, or has been cleared."""
    return _outbound("mark", stream_sid, mark={"name": name})


def clear_message(stream_sid: str) -> str:
    """Drops all audio that Twilio still holds for the caller."""
    return _outbound("clear", stream_sid)
