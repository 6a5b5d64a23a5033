"""A game's text -> a message, or what is wrong with it. Pure, and nothing that a game sends raises out of here."""

from __future__ import annotations

import json
from typing import Any, get_args

import msgspec

from phonegame.characters.errands import MAX_RESULT_LENGTH
from phonegame.characters.inline import InlineCharacter, Invalid, as_persona
from phonegame.characters.persona import Persona
from phonegame.clip import ClipError, decode_clip
from phonegame.wire.v1.faults import find_fault
from phonegame.wire.v1.from_game import (
    MAX_ID_LENGTH,
    MAX_WHOLE,
    ActionResult,
    Character,
    CharacterMessage,
    Dial,
    DialMessage,
    GameMessage,
    OnTheWire,
    Play,
    PlayMessage,
)
from phonegame.wire.v1.to_game import Error

BAD_CHARACTER = "bad_character"
CHARACTER_REFUSED = "character_refused"
MAX_WHAT = 4000
_NOTHING = InlineCharacter()
EXAMPLE = '{"type": "say", "text": "Hello"}'

_decoder: msgspec.json.Decoder[OnTheWire] = msgspec.json.Decoder(OnTheWire)
_STRUCTS: dict[str, type[msgspec.Struct]] = {str(kind.__struct_config__.tag): kind for kind in get_args(OnTheWire)}


class Malformed(msgspec.Struct, frozen=True, kw_only=True):
    """What cannot be understood, and why, in words for whoever wrote the game. It never became a saying."""

    message: str
    in_reply_to: str | None = None
    field: str | None = None
    say_id: str | None = None
    dial_id: str | None = None
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
            dial_id=self.dial_id,
        )


class Ignored(msgspec.Struct, frozen=True):
    """A message of a type that this server does not know: nothing happens."""

    type: str


def parse(text: str) -> GameMessage | Malformed | Ignored:
    """One message."""
    return finish(decode(text))


def decode(text: str) -> OnTheWire | Malformed | Ignored:
    """The first half of `parse`, which takes a millisecond for 64 KiB."""
    try:
        return _decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _decode_again(text)


def takes_long(message: OnTheWire | Malformed | Ignored) -> bool:
    """Whether `finish` may keep the processor busy for longer than others should have to wait: use a thread."""
    return isinstance(message, CharacterMessage) or (isinstance(message, DialMessage) and message.character is not None)


def finish(message: OnTheWire | Malformed | Ignored) -> GameMessage | Malformed | Ignored:
    """The second half of `parse`."""
    if isinstance(message, Malformed | Ignored):
        return message
    call_id, players = getattr(message, "call_id", None), getattr(message, "players", None)
    if call_id is not None and players is not None:
        what = "players: is there, and so is call_id; give only one"
        return _malformed(message, "players", what)
    match message:
        case PlayMessage():
            return _finish_play(message)
        case CharacterMessage():
            return _finish_character(message)
        case DialMessage():
            return _finish_dial(message)
        case ActionResult():
            return _finish_result(message)
        case _:
            return message


def _finish_play(message: PlayMessage) -> Play | Malformed:
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


def _finish_character(message: CharacterMessage) -> Character | Malformed:
    character: Persona | Invalid | str | None = message.use
    if character is None:
        character = as_persona(message)
    elif any(getattr(message, name) != getattr(_NOTHING, name) for name in InlineCharacter.__struct_fields__):
        return _malformed(message, "use", "use: is there, and so is a character; give only one", BAD_CHARACTER)
    if isinstance(character, Invalid):
        return _malformed(message, character.field, character.what, BAD_CHARACTER)
    return Character(character=character, words=message.vocabulary, call_id=message.call_id, players=message.players)


def _finish_dial(message: DialMessage) -> Dial | Malformed:
    character: Persona | Invalid | str | None
    words: tuple[str, ...] = ()
    if isinstance(message.character, InlineCharacter):
        character, words = as_persona(message.character, "character."), message.character.vocabulary
    else:
        character = message.character
    if isinstance(character, Invalid):
        return _malformed(message, character.field, character.what, BAD_CHARACTER)
    return Dial(to=message.to, dial_id=message.dial_id, character=character, words=words)


def character_refused(message: Character | Dial, why: str) -> Malformed:
    """Nothing is wrong with it, but this server cannot play it."""
    return Malformed(
        message=why[:MAX_WHAT],
        in_reply_to="dial" if isinstance(message, Dial) else "character",
        field="character" if isinstance(message, Dial) else None,
        dial_id=message.dial_id if isinstance(message, Dial) else None,
        code=CHARACTER_REFUSED,
    )


def bad_character(message: Character | Dial, what: str) -> Malformed:
    """The file that it names cannot be used."""
    if isinstance(message, Dial):
        return Malformed(
            message=f"character: {what}"[:MAX_WHAT],
            in_reply_to="dial",
            field="character",
            dial_id=message.dial_id,
            code=BAD_CHARACTER,
        )
    return Malformed(message=f"use: {what}"[:MAX_WHAT], in_reply_to="character", field="use", code=BAD_CHARACTER)


def _finish_result(message: ActionResult) -> ActionResult | Malformed:
    length = len(msgspec.json.encode(message.result))
    if length > MAX_RESULT_LENGTH:
        what = f"result: has {length} bytes as JSON, and at most {MAX_RESULT_LENGTH} are allowed"
        return _malformed(message, "result", what)
    return message


def _malformed(message: OnTheWire, field: str, what: str, code: str = "malformed") -> Malformed:
    return Malformed(
        message=what,
        in_reply_to=str(message.__struct_config__.tag),
        field=field,
        say_id=getattr(message, "say_id", None),
        dial_id=getattr(message, "dial_id", None),
        code=code,
    )


def _decode_again(text: str) -> OnTheWire | Malformed | Ignored:
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
    return _decode_object({name: entry for name, entry in value.items() if entry is not None})


def _decode_object(fields: dict[str, Any]) -> OnTheWire | Malformed | Ignored:
    kind = fields.get("type")
    if not isinstance(kind, str):
        what = "must be a string" if "type" in fields else "is missing"
        return Malformed(message=f"type: {what}, as in {EXAMPLE}", field="type")
    struct = _STRUCTS.get(kind)
    if struct is None:
        return Ignored(kind)
    try:
        message: OnTheWire = msgspec.convert(fields, OnTheWire)
    except msgspec.ValidationError as error:
        fault = find_fault(fields, struct)
        what, field = (str(fault), fault.field) if fault else (str(error), None)
        return Malformed(
            message=what,
            in_reply_to=kind,
            field=field,
            say_id=_id(fields.get("say_id")),
            dial_id=_id(fields.get("dial_id")),
        )
    return message


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= MAX_ID_LENGTH else None


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
