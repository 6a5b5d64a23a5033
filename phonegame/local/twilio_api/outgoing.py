"""An outgoing call, from the queue to its end.

Source: Twilio's documentation, the Call resource, "Call status values", and "Answering machine detection".
"""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

import trio

from phonegame.local.phone import wav
from phonegame.local.twilio_api.answers import (
    Answer,
    Answers,
    Attended,
    Busy,
    Decision,
    Declines,
    Fails,
    Lost,
    Machine,
    NoAnswer,
    Refused,
)
from phonegame.local.twilio_api.call import Call, Status
from phonegame.local.twilio_api.conversation import converse
from phonegame.local.twilio_api.equipment import Equipment
from phonegame.local.twilio_api.fetch import Form
from phonegame.local.twilio_api.orders import Detection, Page
from phonegame.local.twilio_api.program import Program
from phonegame.local.twilio_api.reports import Reports

SIP_CANCELED, SIP_UNAVAILABLE, SIP_BUSY, SIP_DECLINED = 487, 480, 486, 603


async def run_outgoing(call: Call, answer: Answer, equipment: Equipment) -> None:
    reports = Reports(call, equipment.webhooks, equipment.deliveries)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reports.run)
        with reports:
            if not call.is_over:
                await _Outgoing(call, equipment, reports).run(answer)
    call.closed.set()


class _Outgoing:
    def __init__(self, call: Call, equipment: Equipment, reports: Reports) -> None:
        self._call = call
        self._equipment = equipment
        self._timing = equipment.config.timing
        self._reports = reports

    async def run(self, answer: Answer) -> None:
        with self._call.scope:
            await self._dial(answer)
        if not self._call.is_over:
            # by REST
            picked_up = self._call.status == "in-progress"
            self._end("completed" if picked_up else "canceled", 200 if picked_up else SIP_CANCELED)

    async def _dial(self, answer: Answer) -> None:
        if isinstance(answer, Lost):
            await trio.sleep_forever()
        self._call.initiated = True
        self._reports.add_nowait("initiated")
        match answer:
            case Fails(sip_code):
                await trio.lowlevel.checkpoint()
                self._end("failed", sip_code)
            case Refused():
                # refused where it was asked for; a phone book may change in between
                await trio.lowlevel.checkpoint()
                self._end("failed", 404)
            case Busy(rings):
                await self._ring(rings)
                self._end("busy", SIP_BUSY)
            case Declines(rings):
                await self._ring(rings)
                self._end("busy", SIP_DECLINED)
            case NoAnswer():
                await self._ring(float("inf"))
            case Answers() | Machine():
                if await self._ring(answer.rings):
                    await self._talk(answer)
                    self._end("completed", 200)
            case Attended():
                await self._ask(answer)
            case _:
                assert_never(answer)

    async def _ask(self, answer: Attended) -> None:
        self._begin_ringing()
        decision: Decision | None = None
        with trio.move_on_after(self._timing.shortened(self._call.order.timeout)):
            decision = await answer.ring(self._call)
        match decision:
            case "answers":
                await self._talk(Answers(behave=answer.behave))
                self._end("completed", 200)
            case "declines":
                self._end("busy", SIP_DECLINED)
            case "busy":
                self._end("busy", SIP_BUSY)
            case "gone":
                self._end("no-answer", SIP_UNAVAILABLE)
            case None:
                self._end("no-answer", SIP_CANCELED)
            case _:
                assert_never(decision)

    def _begin_ringing(self) -> None:
        self._call.set_status("ringing")
        self._reports.add_nowait("ringing")

    async def _ring(self, rings: float) -> bool:
        """False: for too long, and the call has ended."""
        if not rings:
            await trio.lowlevel.checkpoint()
            return True
        self._begin_ringing()
        seconds = rings * self._timing.ring_seconds
        await self._timing.sleep(min(seconds, self._call.order.timeout))
        if seconds > self._call.order.timeout:
            self._end("no-answer", SIP_CANCELED)
        return not self._call.is_over

    async def _talk(self, answer: Answers | Machine) -> None:
        call = self._call
        call.set_status("in-progress")
        self._reports.add_nowait("answered")
        program = Program(call, self._equipment, trio.lowlevel.checkpoint)

        async def serve() -> None:
            source = call.order.source
            detection = None if call.order.send_digits else call.order.detection
            async with trio.open_nursery() as nursery:
                if detection is not None and detection.is_async:
                    nursery.start_soon(self._detect, detection, answer)
                elif detection is not None:
                    form = await self._detect(detection, answer)
                    source = source.with_extra(form) if isinstance(source, Page) else source
                call.program = program
                await program.run(source)
                nursery.cancel_scope.cancel()

        try:
            await converse(call, answer.behave, serve, self._equipment)
        finally:
            if isinstance(answer, Answers) and answer.record is not None:
                self._record(answer.record)

    def _record(self, path: Path) -> None:
        try:
            wav.write(path, bytes(self._call.handset.heard))
        except OSError as error:
            self._call.alert(0, f"the recording cannot be written: {error}")
        else:
            self._call.announce(f"recorded: {path}")

    async def _detect(self, detection: Detection, answer: Answers | Machine) -> Form:
        begun = trio.current_time()
        result = await self._listen(detection, answer)
        milliseconds = round((trio.current_time() - begun) * 1000)
        self._call.answered_by = result
        self._call.announce(f"answered by: {result}")
        if detection.is_async and detection.callback is not None:
            self._reports.add_detection_nowait(detection.callback, result, milliseconds)
        return [("AnsweredBy", result), ("MachineDetectionDuration", str(milliseconds))]

    async def _listen(self, detection: Detection, answer: Answers | Machine) -> str:
        await self._timing.sleep(min(answer.detected_after, detection.timeout))
        if answer.detected_after > detection.timeout:
            return "unknown"
        if detection.mode == "Enable":
            return "machine_start" if isinstance(answer, Machine) else answer.answered_by
        if isinstance(answer, Answers):
            return "machine_end_other" if answer.answered_by == "machine_start" else answer.answered_by
        with trio.move_on_after(detection.timeout):
            # a greeting is not hurried
            await self._call.handset.greeted.wait()
            return f"machine_end_{answer.ends}"
        return "unknown"

    def _end(self, status: Status, sip_code: int) -> None:
        self._call.sip_code = sip_code
        self._call.set_status(status)
        self._reports.add_nowait("completed")
