"""What is known of one call, and how it is told to end or to go on with something else.

Source: Twilio's documentation, the Call resource, "Call status values"; "TwiML for Programmable Voice", the requests.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import trio

from phonegame.local.twilio_api.bulletin import Bulletin
from phonegame.local.twilio_api.fetch import Form
from phonegame.local.twilio_api.handset import Handset
from phonegame.local.twilio_api.orders import Order, Source

API_VERSION = "2010-04-01"
MAX_ALERTS = 100

Direction: TypeAlias = Literal["inbound", "outbound-api"]
Status: TypeAlias = Literal["queued", "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled"]
OVER: frozenset[Status] = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


@dataclass(frozen=True, slots=True)
class Alert:
    """What Twilio's debugger would show; 0 is no code of Twilio's."""

    code: int
    text: str
    call_sid: str


class Redirectable(Protocol):
    def redirect_nowait(self, source: Source) -> None: ...


class Call:
    def __init__(
        self,
        account_sid: str,
        direction: Direction,
        order: Order,
        handset: Handset,
        bulletin: Bulletin,
        announce: Callable[[Call, str], None],
    ) -> None:
        self.sid = "CA" + secrets.token_hex(16)
        self.account_sid = account_sid
        self.direction: Direction = direction
        self.order = order
        self.handset = handset
        """Of whoever is called, or calls: of the one who is not the carrier's customer."""
        self.statuses: list[Status] = ["queued" if direction == "outbound-api" else "ringing"]
        """All that it has gone through."""
        self.answered_by: str | None = None
        self.alerts: list[Alert] = []
        self.created_at = dt.datetime.now(dt.UTC)
        self.start_time: dt.datetime | None = None
        self.end_time: dt.datetime | None = None
        self.sip_code = 200
        self.initiated = False
        """Out of the queue."""
        self.program: Redirectable | None = None
        """That which follows the TwiML, while the call is answered."""
        self.scope = trio.CancelScope()
        """Of everything but what the carrier still has to tell."""
        self.closed = trio.Event()
        """Over, and everything told."""
        self._bulletin = bulletin
        self._announce = announce
        handset.announce = self.announce

    # --- for tests ---

    async def wait_status(self, status: Status) -> None:
        """Until the call has that status, or has had it. RuntimeError when it is over and never had."""
        await self._bulletin.wait_until(lambda: status in self.statuses or self.is_over)
        if status not in self.statuses:
            raise RuntimeError(f"the call is {self.status}, and never was {status}")

    async def wait_over(self) -> Status:
        await self._bulletin.wait_until(lambda: self.is_over)
        return self.status

    # --- what there is to see ---

    @property
    def status(self) -> Status:
        return self.statuses[-1]

    @property
    def is_over(self) -> bool:
        return self.status in OVER

    @property
    def duration(self) -> int:
        """Seconds, of which Twilio bills the one that has begun."""
        if self.start_time is None or self.end_time is None:
            return 0
        return max(1, round((self.end_time - self.start_time).total_seconds()))

    def form(self, status: str = "") -> Form:
        """What goes with every request about the call."""
        caller, called = self.order.from_, self.order.to
        places = [(f"{whose}{what}", "") for whose in ("From", "To") for what in ("City", "State", "Zip", "Country")]
        return [
            ("AccountSid", self.account_sid),
            ("ApiVersion", API_VERSION),
            ("CallSid", self.sid),
            ("CallStatus", status or self.status),
            ("Called", called),
            ("Caller", caller),
            ("Direction", self.direction),
            ("From", caller),
            ("To", called),
            *places,
        ]

    # --- what happens to it ---

    def set_status(self, status: Status) -> None:
        """The first final one stands."""
        if self.is_over or status == self.status:
            return
        self.statuses.append(status)
        if status == "in-progress":
            self.start_time = dt.datetime.now(dt.UTC)
        elif status in OVER:
            self.end_time = dt.datetime.now(dt.UTC)
        self.announce(status)
        self._bulletin.notify()

    def alert(self, code: int, text: str) -> None:
        if len(self.alerts) < MAX_ALERTS:
            self.alerts.append(Alert(code, text, self.sid))
        self.announce(f"{code or 'carrier'}: {text}")
        self._bulletin.notify()

    def announce(self, text: str) -> None:
        """A line for whoever watches."""
        self._announce(self, text)

    def hang_up_nowait(self) -> None:
        """By REST: ends the call in any state."""
        if not self.initiated and self.status == "queued":
            self.set_status("canceled")
        self.scope.cancel()

    def redirect_nowait(self, source: Source) -> bool:
        """By REST: leaves what is going on, a media stream too. False: the call is not in progress."""
        if self.program is None or self.status != "in-progress":
            return False
        self.program.redirect_nowait(source)
        return True
