"""A call from being picked up to its end: somebody at the phone, the TwiML, and what else goes on beside them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

from phonegame.local.phone import HungUpError, WavError
from phonegame.local.twilio_api.answers import Behaviour
from phonegame.local.twilio_api.call import Call
from phonegame.local.twilio_api.equipment import Equipment
from phonegame.speak.voice import SpeakError


async def converse(call: Call, behave: Behaviour, serve: Callable[[], Awaitable[None]], equipment: Equipment) -> None:
    """Whoever ends first ends the call: somebody hangs up, `serve` returns, or the time is over."""
    try:
        async with trio.open_nursery() as nursery:

            async def end_with_handset() -> None:
                await call.handset.wait_ended()
                nursery.cancel_scope.cancel()

            async def end_in_time() -> None:
                await equipment.config.timing.sleep(call.order.time_limit)
                nursery.cancel_scope.cancel()

            nursery.start_soon(end_with_handset)
            nursery.start_soon(end_in_time)
            nursery.start_soon(_behave, call, behave)
            await serve()
            nursery.cancel_scope.cancel()
    finally:
        call.handset.drop()


async def _behave(call: Call, behave: Behaviour) -> None:
    try:
        await behave(call.handset)
    except HungUpError:
        await trio.lowlevel.checkpoint()  # the call is at its end
    except (SpeakError, WavError, OSError) as error:
        call.alert(0, f"whoever is at the phone cannot go on: {error}")
    call.handset.hang_up()
