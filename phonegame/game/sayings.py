"""What a game wants its callers to hear, and the receipts that it gets: exactly one for each saying and each call."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from phonegame import switchboard
from phonegame.speak.saying import Dropped, Receipt
from phonegame.switchboard import FromCall, Seat, is_meant
from phonegame.wire import v1


class Sayings:
    """`say` what the game asks for, and let every event of its calls through `settle`.

    A call's own receipt counts; what a call has left open is settled when it ends. A `say_id` may be used again once
    nothing is owed for it any more.
    """

    def __init__(self, seat: Seat, post: Callable[[v1.Numbered], None], most: int) -> None:
        """`most`: sayings that may be open at once, counted for each call; one may be in any case."""
        self._seat = seat
        self._post = post
        self._most = most
        self._open: dict[str, set[str]] = {}
        """By say_id, the ids of the calls that have given no receipt."""
        self._count = 0

    def say(self, message: v1.Say | v1.Play) -> None:
        say_id = message.say_id or secrets.token_hex(8)
        if say_id in self._open:
            self._refuse_id(message, say_id)
            return
        calls = [call for call in self._seat.calls if is_meant(message.to, *call)]
        if not calls:
            self._post(_receipt_of_nobody(say_id))
        elif self._count and self._count + len(calls) > self._most:
            self._refuse(say_id, calls)
        else:
            self._hand_on(say_id, calls, switchboard.Say(message.saying(say_id), message.after_tone))

    def settle(self, event: FromCall) -> list[FromCall]:
        """What the game is to be told: receipts that it is owed, and whatever is none."""
        match event.event:
            case switchboard.SayStarted(say_id=say_id):
                return [event] if event.call_id in self._open.get(say_id, ()) else []
            case switchboard.SayFinished(say_id=say_id):
                return [event] if self._close(say_id, event.call_id) else []
            case switchboard.CallEnded():
                return [*self._settle_call(event.call_id, event.player), event]
            case _:
                return [event]

    def _hand_on(self, say_id: str, calls: list[tuple[str, int]], command: switchboard.Say) -> None:
        # open before the calls learn of it: one that cannot say it gives its receipt at once
        call_ids = [call_id for call_id, _ in calls]
        self._open[say_id] = set(call_ids)
        self._count += len(call_ids)
        reached = self._seat.command_nowait(command, call_ids)
        for call_id, player in calls:
            if call_id not in reached and self._close(say_id, call_id):
                self._tell(call_id, player, say_id, Receipt(heard="", seconds=0, dropped=Dropped.CALL_ENDED))

    def _settle_call(self, call_id: str, player: int) -> list[FromCall]:
        receipt = Receipt(heard="", seconds=0, dropped=Dropped.CALL_ENDED)
        return [
            FromCall(call_id, player, switchboard.SayFinished(say_id, receipt))
            for say_id in list(self._open)
            if self._close(say_id, call_id)
        ]

    def _close(self, say_id: str, call_id: str) -> bool:
        """False: there has been a receipt."""
        call_ids = self._open.get(say_id, set())
        if call_id not in call_ids:
            return False
        call_ids.remove(call_id)
        self._count -= 1
        if not call_ids:
            del self._open[say_id]
        return True

    def _refuse(self, say_id: str, calls: list[tuple[str, int]]) -> None:
        error = f"{self._count} sayings wait already, and at most {self._most} may; wait for some of their receipts"
        for call_id, player in calls:
            self._tell(call_id, player, say_id, Receipt(heard="", seconds=0, dropped=Dropped.QUEUE_FULL, error=error))

    def _refuse_id(self, message: v1.Say | v1.Play, say_id: str) -> None:
        self._post(
            v1.Error(
                code="say_id_in_use",
                message="say_id: another one with this id has not finished yet; use a new id for each",
                in_reply_to="say" if isinstance(message, v1.Say) else "play",
                field="say_id",
                say_id=say_id,
            )
        )

    def _tell(self, call_id: str, player: int, say_id: str, receipt: Receipt) -> None:
        for message in v1.from_call(FromCall(call_id, player, switchboard.SayFinished(say_id, receipt))):
            self._post(message)


def _receipt_of_nobody(say_id: str) -> v1.SayFinished:
    return v1.SayFinished(
        call_id=None, player=None, say_id=say_id, heard="", seconds=0, interrupted=False, dropped=Dropped.NO_CALL
    )
