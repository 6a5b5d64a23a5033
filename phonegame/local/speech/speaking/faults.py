"""The faults of a plan, as marks in what has gone out and come in."""

from __future__ import annotations

from phonegame.local.speech.faults import Drop, Stall
from phonegame.local.speech.intake import Close
from phonegame.local.speech.session import Outgoing
from phonegame.local.speech.speaking.script import SpeakPlan, When


class SpeakFaults:
    """Each strikes once. `sent`: bytes of audio; `heard`: characters of text."""

    def __init__(self, plan: SpeakPlan) -> None:
        self._marks: list[tuple[When, Outgoing]] = [(send, send.data) for send in plan.garbage]
        if plan.drop is not None:
            self._marks.append((plan.drop, Drop()))
        if plan.close is not None:
            self._marks.append((plan.close, Close(plan.close.code, plan.close.reason)))
        if plan.stall is not None:
            self._marks.append((plan.stall, Stall()))

    def strike(self, sent: int, heard: int) -> list[Outgoing]:
        """What goes out at this point, besides audio."""
        struck = [mark for mark in self._marks if sent >= mark[0].bytes and heard >= mark[0].characters]
        self._marks = [mark for mark in self._marks if mark not in struck]
        return [fault for _, fault in struck]

    def room(self, sent: int, heard: int) -> int | None:
        """How many bytes may go out before the next one strikes; None: any number."""
        ahead = [when.bytes - sent for when, _ in self._marks if when.bytes > sent and heard >= when.characters]
        return min(ahead, default=None)
