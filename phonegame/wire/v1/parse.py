"""A game's text -> a message, or what is wrong with it. Pure, and nothing that a game sends raises out of here."""

from __future__ import annotations

import json
from typing import Any, get_args

import msgspec

from phonegame.clip import ClipError, decode_clip
from phonegame.wire.v1.faults import find_fault
from phonegame.wire.v1.from_game import MAX_ID_LENGTH, MAX_WHOLE, GameMessage, OnTheWire, Play, PlayMessage
from phonegame.wire.v1.to_game import Error

EXAMPLE = '{"type": "say", "text": "Hello"}'

_decoder: msgspec.json.Decoder[OnTheWire] = msgspec.json.Decoder(OnTheWire)
_STRUCTS: dict[str, type[msgspec.Struct]] = {str(kind.__struct_config__.tag): kind for kind in get_args(OnTheWire)}


class Malformed(msgspec.Struct, frozen=True, kw_only=True):
    """What cannot be understood, and why, in words for whoever wrote the game. It never became a saying."""

    message: str
    in_reply_to: str | None = None
    field: str | None = None
    say_id: str | None = None
    code: str = "malformed"

    @property
    def error(self) -> Error:
        """What the game is told."""
        return Error(
            code=self.code,
            message=self.message,
            in_reply_to=self.in_reply_to,
            field=self.field,
            say_id=self.say_id,
        )


class Ignored(msgspec.Struct, frozen=True):
    """A message of a type that this server does not know: nothing happens."""

    type: str


def parse(text: str) -> GameMessage | Malformed | Ignored:
    """One message. That of a large clip blocks for as long as `decode_clip` says: parse it in a thread."""
    try:
        message = _decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _parse_again(text)
    return _finish(message)


def _finish(message: OnTheWire) -> GameMessage | Malformed:
    call_id, players = getattr(message, "call_id", None), getattr(message, "players", None)
    if call_id is not None and players is not None:
        what = "players: is there, and so is call_id; give only one"
        return _malformed(message, "players", what)
    if not isinstance(message, PlayMessage):
        return message
    try:
        clip = decode_clip(message.audio, message.format)
    except ClipError as error:
        return _malformed(message, "audio", f"audio: {error}", code="bad_clip")
    return Play(
        clip=clip,
        say_id=message.say_id,
        call_id=message.call_id,
        players=message.players,
        priority=message.priority,
        interruptible=message.interruptible,
        start_within=message.start_within,
        after_tone=message.after_tone,
    )


def _malformed(message: OnTheWire, field: str, what: str, code: str = "malformed") -> Malformed:
    return Malformed(
        message=what,
        in_reply_to=str(message.__struct_config__.tag),
        field=field,
        say_id=getattr(message, "say_id", None),
        code=code,
    )


def _parse_again(text: str) -> GameMessage | Malformed | Ignored:
    """For what msgspec refuses: with more patience, and with words for what is wrong.

    null is as good as nothing, and 2.0 as good as 2: Godot turns each number that it reads into a float, and sends
    back the slot that it was told as 1.0.
    """
    try:
        value = json.loads(text, parse_float=_number, parse_int=_whole_number, parse_constant=_refuse_constant)
        msgspec.json.encode(value)  # which refuses half of a surrogate pair, as nobody could be sent it
    except (ValueError, RecursionError) as error:
        return Malformed(message=_what_is_wrong_with_json(error))
    if not isinstance(value, dict):
        return Malformed(message=f"The message is no JSON object. Send one such as {EXAMPLE}.")
    return _parse_object({name: entry for name, entry in value.items() if entry is not None})


def _parse_object(fields: dict[str, Any]) -> GameMessage | Malformed | Ignored:
    kind = fields.get("type")
    if not isinstance(kind, str):
        what = "must be a string" if "type" in fields else "is missing"
        return Malformed(message=f"type: {what}, as in {EXAMPLE}", field="type")
    struct = _STRUCTS.get(kind)
    if struct is None:
        return Ignored(kind)
    try:
        message = msgspec.convert(fields, OnTheWire)
    except msgspec.ValidationError as error:
        fault = find_fault(fields, struct)
        what, field = (str(fault), fault.field) if fault else (str(error), None)
        return Malformed(message=what, in_reply_to=kind, field=field, say_id=_say_id(fields))
    return _finish(message)


def _say_id(fields: dict[str, Any]) -> str | None:
    say_id = fields.get("say_id")
    return say_id if isinstance(say_id, str) and 0 < len(say_id) <= MAX_ID_LENGTH else None


def _number(digits: str) -> int | float:
    value = float(digits)
    return int(value) if value.is_integer() and abs(value) <= MAX_WHOLE else value


def _whole_number(digits: str) -> int | float:
    """Python refuses to read an int of thousands of digits."""
    return int(digits) if len(digits) < 20 else float(digits)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _what_is_wrong_with_json(error: ValueError | RecursionError) -> str:
    match error:
        case RecursionError():
            return "The message is nested too deeply."
        case UnicodeError():
            return "The message holds half of a surrogate pair, which is no character."
        case json.JSONDecodeError():
            where = f"line {error.lineno}, column {error.colno}"
            return f"The message is no JSON ({error.msg}: {where}). Send an object such as {EXAMPLE}."
        case _:
            return f"The message is no JSON ({error})."
