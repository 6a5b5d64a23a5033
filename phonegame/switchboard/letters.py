"""What two workers write to each other about a line whose ends are with them. Protocol only, no I/O.

    the call's worker                                        the game's worker
    Claim(line, code, caller) ------------------------------>
                              <------------------------------ Claimed(line, player), or Denied(line, why)
                              <------------------------------ Begun(line)
    Delivered(line, event) --------------------------------->
                              <------------------------------ Commanded(line, command)
    Released(line), Closed(line, reason, seconds) ---------->

With `is_reserved` the line waits behind `Claimed` for `Begin` or `GivenBack`. All workers must have one version.
"""

from __future__ import annotations

import msgspec

from phonegame.deepgram.messages import decode as decode_message
from phonegame.listen.heard import Heard
from phonegame.switchboard import (
    Caller,
    CallEvent,
    CallHeard,
    CallNews,
    Command,
    Refused,
)


class Claim(msgspec.Struct, frozen=True, tag=True, array_like=True):
    line: str
    """Of this line alone, on all workers and for ever."""
    code: str
    caller: Caller
    is_reserved: bool = False


class Claimed(msgspec.Struct, frozen=True, tag=True, array_like=True):
    line: str
    player: int


class Denied(msgspec.Struct, frozen=True, tag=True, array_like=True):
    line: str
    why: Refused


class Begin(msgspec.Struct, frozen=True, tag=True, array_like=True):
    line: str


class Begun(msgspec.Struct, frozen=True, tag=True, array_like=True):
    line: str


class Delivered(msgspec.Struct, frozen=True, tag=True, array_like=True):
    line: str
    event: CallNews


class DeliveredHeard(msgspec.Struct, frozen=True, tag=True, array_like=True):
    line: str
    raw: str
    """What Deepgram has sent, on the call's time."""


class Commanded(msgspec.Struct, frozen=True, tag=True, array_like=True):
    line: str
    command: Command


class Released(msgspec.Struct, frozen=True, tag=True, array_like=True):
    line: str


class GivenBack(msgspec.Struct, frozen=True, tag=True, array_like=True):
    line: str


class Closed(msgspec.Struct, frozen=True, tag=True, array_like=True):
    line: str
    reason: str
    seconds: float


class ForService(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Of no line: `RedisSwitchboard.serve` says whose it is."""

    service: str
    content: bytes


Letter = (
    ForService
    | Claim
    | Claimed
    | Denied
    | Begin
    | Begun
    | Delivered
    | DeliveredHeard
    | Commanded
    | Released
    | GivenBack
    | Closed
)

_decoder: msgspec.msgpack.Decoder[Letter | None] = msgspec.msgpack.Decoder(Letter | None)
_encoder = msgspec.msgpack.Encoder()


def encode(letter: Letter) -> bytes:
    return _encoder.encode(letter)


def decode(content: bytes) -> Letter | None:
    """None: it says nothing. Raises msgspec.DecodeError for what no worker of this version writes."""
    return _decoder.decode(content)


def delivered(line: str, event: CallEvent) -> Letter:
    if isinstance(event, CallHeard):
        # what it says is found in it again
        return DeliveredHeard(line, event.heard.raw)
    return Delivered(line, event)  # type: ignore[arg-type]  # the line itself says when it starts and ends


def event_of(letter: Delivered | DeliveredHeard) -> CallEvent:
    if isinstance(letter, Delivered):
        return letter.event
    message = decode_message(letter.raw)
    assert message is not None, "it was one where it was heard"
    return CallHeard(Heard(letter.raw, message))
