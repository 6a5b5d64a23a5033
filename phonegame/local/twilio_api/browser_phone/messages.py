"""What a browser phone and the carrier tell each other, beside sound: JSON objects, `type` first, snake_case."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

from phonegame.local.phone.phone import KEYS

MAX_TEXT = 500
"""Characters that are said at a time: half a minute of speech."""
MAX_NUMBER = 40


class _FromPhone(msgspec.Struct, frozen=True, tag_field="type"):
    pass


class Call(_FromPhone, tag="call", frozen=True):
    number: Annotated[str, msgspec.Meta(max_length=MAX_NUMBER)]


class Answer(_FromPhone, tag="answer", frozen=True):
    pass


class Decline(_FromPhone, tag="decline", frozen=True):
    pass


class HangUp(_FromPhone, tag="hang_up", frozen=True):
    pass


class Key(_FromPhone, tag="key", frozen=True):
    digit: str

    def __post_init__(self) -> None:
        if self.digit not in KEYS:
            raise ValueError("the keys are 0 to 9, * and #")


class Say(_FromPhone, tag="say", frozen=True):
    text: Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]


FromPhone: TypeAlias = Call | Answer | Decline | HangUp | Key | Say

_decoder: msgspec.json.Decoder[FromPhone] = msgspec.json.Decoder(FromPhone)


def read(message: str) -> FromPhone:
    """Raises msgspec.DecodeError, whose text says what is wrong."""
    return _decoder.decode(message)


class _ToPhone(msgspec.Struct, frozen=True, tag_field="type"):
    pass


class Hello(_ToPhone, tag="hello", frozen=True):
    """`number`: the phone's own. `account`: the one that is called to reach the games."""

    number: str
    account: str


class Incoming(_ToPhone, tag="incoming", frozen=True):
    caller: str


class Ringing(_ToPhone, tag="ringing", frozen=True):
    """Of a call that the phone has placed."""


class Connected(_ToPhone, tag="connected", frozen=True):
    pass


class Ended(_ToPhone, tag="ended", frozen=True):
    """`status` is Twilio's. `by`: who has hung up, where somebody has."""

    status: str
    by: Literal["phone", "carrier"]


class Clear(_ToPhone, tag="clear", frozen=True):
    """What is not played yet is not to be played."""


class Told(_ToPhone, tag="told", frozen=True):
    """The carrier begins to say this itself."""

    text: str


class Saying(_ToPhone, tag="saying", frozen=True):
    """What was typed is being said."""

    text: str


class Said(_ToPhone, tag="said", frozen=True):
    text: str


class Notice(_ToPhone, tag="notice", frozen=True):
    """What has gone wrong, for whoever is at the phone."""

    text: str


ToPhone: TypeAlias = Hello | Incoming | Ringing | Connected | Ended | Clear | Told | Saying | Said | Notice
