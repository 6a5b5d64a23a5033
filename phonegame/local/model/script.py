"""What the stand-in answers, and how it fails: the same for both of its protocols."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Seconds = Annotated[float, Meta(ge=0, le=3600)]
Tokens = Annotated[int, Meta(ge=0)]


class Call(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tool that the model wants called."""

    name: str
    arguments: dict[str, Any] | str = {}
    """A text is sent as it stands, JSON or not."""


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One reply. Its tokens are its words; a call counts as one. Faults strike when so many tokens have been sent."""

    said: str = ""
    """The reply is for whoever says this, however often; case does not matter. Empty: it is the next one's, once."""
    text: str = ""
    """`{said}` stands for the last thing that was said."""
    calls: tuple[Call, ...] = ()
    """Behind the text."""
    first_token: Seconds = 0
    """Before the first token."""
    token: Seconds = 0
    """Before each of the others."""
    stop: Literal["stop", "length", "filter"] = "stop"
    usage: bool = True
    status: Annotated[int, Meta(ge=400, le=599)] | None = None
    """Refused with this HTTP status, in place of any reply."""
    code: str = ""
    """With `status`: OpenAI's name of the error."""
    redirect: str = ""
    """Another address, in place of any reply."""
    cut_after: Tokens | None = None
    """The connection ends."""
    stall_after: Tokens | None = None
    """Nothing more is sent, and the connection stays."""
    garbage_after: Tokens | None = None
    garbage: str = "data: {not JSON\n\n"
    """Sent then, as it stands; the rest follows."""
    error_after: Tokens | None = None
    """An error is reported within the stream, and ends it."""


ECHO = Answer(text="You said: {said}")


class Script:
    """`answers` in their order, then `then`; an answer with `said` is outside of that order."""

    def __init__(self, answers: Sequence[Answer] = (), then: Answer = ECHO) -> None:
        self._by_words = [answer for answer in answers if answer.said]
        self._in_order = [answer for answer in answers if not answer.said]
        self._then = then
        self._used = 0

    def next_for(self, said: str) -> Answer:
        for answer in self._by_words:
            if answer.said.lower() in said.lower():
                return answer
        if self._used < len(self._in_order):
            self._used += 1
            return self._in_order[self._used - 1]
        return self._then


def tokens_of(answer: Answer, said: str) -> list[str | Call]:
    """Words with the space before them, then calls."""
    text = answer.text.replace("{said}", said)
    return [*re.findall(r"\s*\S+|\s+\Z", text), *answer.calls]
