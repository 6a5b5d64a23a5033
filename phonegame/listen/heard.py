"""What a call's ear gives out: one message on the call's time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from phonegame.deepgram.messages import Message, Results, decode
from phonegame.deepgram.turn_events import TurnEvent


@dataclass(frozen=True, slots=True)
class Heard:
    """One message from Deepgram on the call's time: as text for a game, and as a type for phonegame."""

    raw: str
    """In the words of `/v1/listen`, whichever API it is. Of a turn event, which no game gets: as it came."""
    message: Message

    @property
    def results(self) -> Results | None:
        return self.message if isinstance(self.message, Results) else None

    @property
    def is_interim(self) -> bool:
        return isinstance(self.message, Results) and not self.message.is_final

    @property
    def is_for_games(self) -> bool:
        return not isinstance(self.message, TurnEvent)


def from_fields(fields: dict[str, Any]) -> Heard:
    """What has these fields as JSON. AssertionError where they make no message of a known shape."""
    raw = msgspec.json.encode(fields).decode()
    message = decode(raw)
    assert message is not None, "these fields must make a message"
    return Heard(raw, message)


def edited(heard: Heard, edit: Any) -> Heard:
    """`heard` with its JSON changed by `edit`, which gets the object as a dictionary; other fields stay as they are."""
    fields = msgspec.json.decode(heard.raw)
    edit(fields)
    return from_fields(fields)
