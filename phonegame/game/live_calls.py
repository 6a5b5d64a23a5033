"""Which calls a game has at present, as its own events tell: a server that is to stop waits for them."""

from __future__ import annotations

from phonegame.switchboard import CallEnded, CallStarted, CallStatus, FromCall

_NO_PHONE = frozenset({"busy", "no_answer", "failed", "cancelled"})
"""Ends of a phone that was rung up: no call has begun, and none will."""


class LiveCalls:
    """True while there is a call, or a phone that rings. `follow` gets every event of the game."""

    def __init__(self) -> None:
        self._ids: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._ids)

    def follow(self, event: FromCall) -> None:
        match event.event:
            case CallStatus(status=status) if status in _NO_PHONE:
                self._ids.discard(event.call_id)
            case CallStarted() | CallStatus():
                self._ids.add(event.call_id)
            case CallEnded():
                self._ids.discard(event.call_id)
