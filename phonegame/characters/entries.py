"""What has happened in a conversation, in order: what a brain is shown, and what is remembered."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class CallBegan(msgspec.Struct, frozen=True, tag=True):
    """The character is on the phone. A conversation of several calls has several of these."""

    direction: Literal["incoming", "outgoing"] = "incoming"
    at: str = ""
    """Local date and time, ISO 8601 to the minute: people ask what time it is."""


class CallerSaid(msgspec.Struct, frozen=True, tag=True):
    """One turn of the caller's, whole."""

    text: str


class CallerSilent(msgspec.Struct, frozen=True, tag=True):
    """The caller was expected to speak, and has said nothing for so long."""

    seconds: float


class CharacterSaid(msgspec.Struct, frozen=True, tag=True):
    """One reply, as far as the caller has heard it, to the word: what was cut off is in no memory."""

    text: str
    cut_off: bool = False
    """The caller spoke over it, or the call ended."""


class ActionAsked(msgspec.Struct, frozen=True, tag=True):
    """The character wants something done in the game's world."""

    action_id: str
    name: str
    arguments: dict[str, Any]


class ActionDone(msgspec.Struct, frozen=True, tag=True):
    """What has become of an action that was asked for; there is one for each, sooner or later."""

    action_id: str
    result: str
    """JSON, or plain words."""
    failed: bool = False
    """Refused, unknown, or not answered in time: `result` says which."""


class Summary(msgspec.Struct, frozen=True, tag=True):
    """What went before, in short: it stands in the place of the entries that it sums up."""

    text: str


Entry = CallBegan | CallerSaid | CallerSilent | CharacterSaid | ActionAsked | ActionDone | Summary
