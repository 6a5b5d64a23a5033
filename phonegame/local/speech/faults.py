"""The faults of a plan, as marks in the audio: what happens once exactly so many bytes have come in."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from phonegame.audio import BYTES_PER_SECOND
from phonegame.local.speech.intake import Close
from phonegame.local.speech.script import Plan, Send


@dataclass(frozen=True, slots=True)
class Drop:
    """The TCP connection is aborted."""


@dataclass(frozen=True, slots=True)
class Stall:
    """Nothing more is read or answered, and the socket stays."""


@dataclass(frozen=True, slots=True)
class Mute:
    """Nothing more is answered, and the socket is read on."""


Fault = Drop | Stall | Mute | Close | Send


class FaultMarks:
    """Cuts audio where a fault is due, so that when it strikes does not depend on the size of the chunks."""

    def __init__(self, plan: Plan) -> None:
        marks: list[tuple[float, Fault]] = [(send.at, send) for send in plan.garbage]
        if plan.drop_after is not None:
            marks.append((plan.drop_after, Drop()))
        if plan.close_after is not None:
            close = plan.close_after
            marks.append((close.seconds, Close(close.code, close.reason)))
        if plan.stall_after is not None:
            marks.append((plan.stall_after, Stall()))
        if plan.mute_after is not None:
            marks.append((plan.mute_after, Mute()))
        in_bytes = [(round(seconds * BYTES_PER_SECOND), fault) for seconds, fault in marks]
        self._marks = deque(sorted(in_bytes, key=lambda mark: mark[0]))
        self._position = 0

    def cut(self, mulaw: bytes) -> Iterator[bytes | Fault]:
        """The audio in pieces, and each fault after the piece that ends at its mark."""
        while self._marks and self._marks[0][0] <= self._position + len(mulaw):
            at, fault = self._marks.popleft()
            piece, mulaw = mulaw[: at - self._position], mulaw[at - self._position :]
            self._position = at
            if piece:
                yield piece
            yield fault
        if mulaw:
            self._position += len(mulaw)
            yield mulaw
