"""A call that comes in to one of the account's numbers: the number's voice webhook says what happens with it."""

from __future__ import annotations

import trio

from phonegame.local.twilio_api.answers import Behaviour
from phonegame.local.twilio_api.call import Call, Status
from phonegame.local.twilio_api.conversation import converse
from phonegame.local.twilio_api.equipment import Equipment
from phonegame.local.twilio_api.program import Program
from phonegame.local.twilio_api.reports import Reports


async def run_incoming(call: Call, behave: Behaviour, equipment: Equipment) -> None:
    """Ends with the call. The only callback is that of its end."""
    reports = Reports(call, equipment.webhooks, equipment.deliveries)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reports.run)
        with reports:
            await _run(call, behave, equipment)
            reports.add_nowait("completed")
    call.closed.set()


async def _run(call: Call, behave: Behaviour, equipment: Equipment) -> None:
    async def answer() -> None:
        await trio.lowlevel.checkpoint()
        call.set_status("in-progress")

    program = Program(call, equipment, answer)
    call.program = program
    with call.scope:
        await converse(call, behave, lambda: program.run(call.order.source), equipment)
    call.set_status(_final(call, program))


def _final(call: Call, program: Program) -> Status:
    if call.status == "in-progress":
        return "completed"
    if program.rejected == "busy":
        return "busy"
    # rejected, or the caller has hung up first
    return "no-answer"
