"""Much that is said over a line between two workers, while something happens to what is between them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import trio

from phonegame.speak.saying import Saying
from phonegame.switchboard import CallEnded, CallKeyed, Say
from tests.switchboard.played import Events, Phone
from tests.switchboard.workers import TwoWorkers, Worker
from tests.waiting import holds

ALL, CUT, MEND = 300, 150, 250


async def nothing() -> None:
    await trio.lowlevel.checkpoint()


async def loses_and_repeats_nothing(
    workers: Sequence[Worker],
    cut: Callable[[], Awaitable[None]] = nothing,
    mend: Callable[[], Awaitable[None]] = nothing,
) -> None:
    """Game and call at the first two of them: all arrives, in both directions, in order and once."""
    switchboard, events = TwoWorkers(workers[0].switchboard, workers[1].switchboard), Events()
    async with workers[0].switchboard.open_seat(events.take) as seat:
        await holds(lambda: seat.code in workers[1].switchboard.active)
        phone = Phone(switchboard)
        line = await phone.join(seat.code)
        for number in range(ALL):
            line.deliver_nowait(CallKeyed(str(number)))
            seat.command_nowait(Say(Saying(say_id=str(number))))
            if number == CUT:
                await cut()
            elif number == MEND:
                await mend()
            if number % 10 == 0:
                await trio.lowlevel.checkpoint()
        await holds(lambda: len(events.all) == ALL + 1 and len(phone.commands) == ALL)
        assert events.of("call") == [CallKeyed(str(number)) for number in range(ALL)]
        assert phone.commands == [Say(Saying(say_id=str(number))) for number in range(ALL)]
        line.close_nowait("hung_up", 1)
        await holds(lambda: events.all[-1].event == CallEnded("hung_up", 1))
