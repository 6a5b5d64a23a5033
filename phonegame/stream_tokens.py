"""What a webhook knows about a call, kept until the call's media stream brings the token that it was given.

A signed webhook says nothing about when it was signed, so whoever has seen one may send it again. That gets nobody in:
a call has one media stream, and once that has come there are no tokens for it any more.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest
from typing import Literal

import trio

TOKEN_SECONDS = 300
"""From the TwiML to the stream: the greeting that is spoken between them, and a slow network."""
MAX_TOKENS = 10_000
"""More calls than one process can begin in that time. Above it the oldest is forgotten, and its call turned away."""
MAX_TOKENS_A_CALL = 5
"""Twilio asks again where it got no answer."""
MAX_CALLS = 10_000
"""So many calls back it is known that one has had its stream."""


@dataclass(frozen=True, slots=True)
class Facts:
    """From a webhook, so that no caller can make them up. Numbers are as Twilio writes them, "" where unknown."""

    caller: str = ""
    called: str = ""
    direction: Literal["incoming", "outgoing"] = "incoming"
    call_id: str = ""
    """Our own id of an outgoing call: see `dialling`. "" for one that has come in."""


@dataclass(frozen=True, slots=True)
class _Issued:
    call_sid: str
    facts: Facts
    expires: float


class StreamTokens:
    """A token is good for one stream of one call. Found by its hash: how long that takes tells nothing."""

    def __init__(self, now: Callable[[], float] = trio.current_time) -> None:
        self._now = now
        self._issued: dict[bytes, _Issued] = {}
        self._calls: OrderedDict[str, int] = OrderedDict()
        """Tokens issued; more than `MAX_TOKENS_A_CALL` for a call that has had its stream."""

    def __len__(self) -> int:
        return len(self._issued)

    def issue_nowait(self, call_sid: str, facts: Facts) -> str | None:
        """A webhook that comes twice gets two tokens, either of which is good.

        None: the call has had its stream, or too many tokens.
        """
        issued = self._calls.get(call_sid, 0)
        if issued >= MAX_TOKENS_A_CALL:
            return None
        self._count(call_sid, issued + 1)
        self._forget_expired()
        if len(self._issued) >= MAX_TOKENS:
            del self._issued[next(iter(self._issued))]
        token = secrets.token_urlsafe(24)
        self._issued[_hash(token)] = _Issued(call_sid, facts, self._now() + TOKEN_SECONDS)
        return token

    def redeem_nowait(self, token: str, call_sid: str) -> Facts | None:
        """None for a token that is unknown, used, too old, another call's, or for a second stream of the same call.

        Any use uses it up, even a wrong one.
        """
        issued = self._issued.pop(_hash(token), None)
        if issued is None or issued.expires <= self._now():
            return None
        if not compare_digest(issued.call_sid.encode(), call_sid.encode()):
            return None
        if self._calls.get(call_sid, 0) > MAX_TOKENS_A_CALL:
            return None
        self._count(call_sid, MAX_TOKENS_A_CALL + 1)
        return issued.facts

    def _count(self, call_sid: str, issued: int) -> None:
        self._calls[call_sid] = issued
        self._calls.move_to_end(call_sid)
        if len(self._calls) > MAX_CALLS:
            self._calls.popitem(last=False)

    def _forget_expired(self) -> None:
        """The oldest are first, and all last equally long."""
        now = self._now()
        while self._issued and (oldest := next(iter(self._issued.items())))[1].expires <= now:
            del self._issued[oldest[0]]


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
