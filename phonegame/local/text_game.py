"""A game's end of the text protocol (`/game` without a subprotocol), and what its closes mean; no I/O.

Text messages in, events out. The server sends the phone number, then the code, then for each call `connected`
and Deepgram's messages as they are (developers.deepgram.com, "Live Audio", response).
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """The first message: what the player is to call. Empty where the operator has set none."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """The second message: what the player is to say or key."""

    text: str


@dataclass(frozen=True, slots=True)
class Connected:
    """A caller has been patched in. Comes once a call."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the caller said, final. `start` and `duration` are seconds of the call's audio."""

    text: str
    start: float
    duration: float


@dataclass(frozen=True, slots=True)
class Unread:
    """What a text game has no use for: speech started, an utterance ended, silence, anything malformed."""

    text: str


Event = PhoneNumber | Code | Connected | Heard | Unread

_MEANINGS = {
    1000: "The server ended the game.",
    1001: "The server is shutting down.",
    1006: "The connection was lost without a goodbye.",
    1008: "The server refused this game; if it asks for a key, pass it with --key.",
    1009: "A message was too long for the server.",
    1011: "The server failed; its log says why.",
    1013: "The server has no room: every code is taken, or this game read too slowly. Try again later.",
}


@dataclass(frozen=True, slots=True)
class Closed:
    """The end of the connection: a close code (RFC 6455, section 7.4), and the server's reason if it gave one."""

    code: int
    reason: str | None

    def explain(self) -> str:
        """One sentence for whoever plays."""
        meaning = _MEANINGS.get(self.code, "The connection was closed.")
        return f"{meaning} ({self.code}{': ' + self.reason if self.reason else ''})"


class _Alternative(msgspec.Struct):
    transcript: str = ""


class _Channel(msgspec.Struct):
    alternatives: list[_Alternative] = []


class _Results(msgspec.Struct):
    """The fields of a Results message that a text game uses."""

    type: str
    is_final: bool = False
    start: float = 0.0
    duration: float = 0.0
    channel: _Channel = msgspec.field(default_factory=_Channel)


_DECODER = msgspec.json.Decoder(_Results)


class TextGame:
    """What one connection has told the game so far; `receive` takes the next message."""

    def __init__(self) -> None:
        self.phone_number: str | None = None
        self.code: str | None = None

    def receive(self, message: str) -> Event:
        """Never raises: a message that makes no sense is `Unread`, as a game should have it."""
        if self.phone_number is None:
            self.phone_number = message
            return PhoneNumber(message)
        if self.code is None:
            self.code = message
            return Code(message)
        if message == "connected":
            return Connected()
        return _read_results(message)


def _read_results(message: str) -> Event:
    try:
        results = _DECODER.decode(message)
    except msgspec.MsgspecError:
        return Unread(message)
    alternatives = results.channel.alternatives
    # silence comes as finals with an empty transcript
    if results.type != "Results" or not results.is_final or not alternatives or not alternatives[0].transcript:
        return Unread(message)
    return Heard(alternatives[0].transcript, results.start, results.duration)
