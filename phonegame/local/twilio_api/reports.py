"""Callbacks about one call: told one after the other, by a task of their own, so that no slow server holds up the call.

Source: Twilio's documentation, the Call resource, "StatusCallback" and "AnsweredBy".
"""

from __future__ import annotations

import datetime as dt
import email.utils
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import trio

from phonegame.local.twilio_api.call import OVER, Call
from phonegame.local.twilio_api.config import Delivery, Event
from phonegame.local.twilio_api.fetch import FetchError, Form
from phonegame.local.twilio_api.orders import Callback
from phonegame.local.twilio_api.webhooks import Webhooks

MAX_REPORTS = 8
"""A call has four steps, and the detection's result."""


@dataclass(frozen=True, slots=True)
class _Report:
    event: Event
    callback: Callback
    form: Form


class Reports:
    """Leaving its block: there will be no more; `run` then tells the rest, and returns."""

    def __init__(self, call: Call, webhooks: Webhooks, deliveries: Mapping[Event, Delivery]) -> None:
        self._call = call
        self._webhooks = webhooks
        self._deliveries = deliveries
        self._to_tell, self._to_be_told = trio.open_memory_channel[_Report](MAX_REPORTS)
        self._told: set[Event] = set()
        self._held: list[_Report] = []
        self._sequence = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._to_tell.close()

    def add_nowait(self, event: Event) -> None:
        """One of the four steps, with what is known of the call at this moment; nothing where nobody asked for it."""
        callback = self._call.order.status
        if callback is None or event not in callback.events:
            return
        status = "initiated" if event == "initiated" else self._call.status
        form = [*self._call.form(status), *self._progress()]
        self._to_tell.send_nowait(_Report(event, callback, form))
        self._sequence += 1

    def add_detection_nowait(self, callback: Callback, answered_by: str, milliseconds: int) -> None:
        form = [
            ("AccountSid", self._call.account_sid),
            ("AnsweredBy", answered_by),
            ("CallSid", self._call.sid),
            ("MachineDetectionDuration", str(milliseconds)),
        ]
        self._to_tell.send_nowait(_Report("amd", callback, form))

    async def run(self) -> None:
        with self._to_be_told:
            async for report in self._to_be_told:
                after = self._delivery(report.event).after
                if after is None or after in self._told:
                    await self._tell(report)
                else:
                    self._held.append(report)
            for report in self._held:
                await self._tell(report)

    def _progress(self) -> Form:
        form = [
            ("CallbackSource", "call-progress-events"),
            ("SequenceNumber", str(self._sequence)),
            ("Timestamp", email.utils.format_datetime(dt.datetime.now(dt.UTC))),
        ]
        if self._call.status in OVER:
            seconds = self._call.duration
            form += [
                ("CallDuration", str(seconds)),
                ("Duration", str(-(-seconds // 60))),
                ("SipResponseCode", str(self._call.sip_code)),
            ]
        if self._call.answered_by is not None:
            form.append(("AnsweredBy", self._call.answered_by))
        return form

    async def _tell(self, report: _Report) -> None:
        delivery = self._delivery(report.event)
        await trio.sleep(delivery.late)
        for _ in range(delivery.copies):
            await self._send(report)
        self._told.add(report.event)
        due = [held for held in self._held if self._delivery(held.event).after == report.event]
        for held in due:
            self._held.remove(held)
            await self._tell(held)

    async def _send(self, report: _Report) -> None:
        callback = report.callback
        try:
            await self._webhooks.send(report.event, self._call.sid, callback.method, callback.url, report.form)
        except FetchError as error:
            self._call.alert(15003, f"the callback of {report.event!r}: {error}")

    def _delivery(self, event: Event) -> Delivery:
        return self._deliveries.get(event, Delivery())
