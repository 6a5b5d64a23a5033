"""What waits for a page that takes nothing, or not yet."""

from __future__ import annotations

import json
from typing import Any, cast

import trio
import trio.testing
from trio_websocket import WebSocketConnection

from phonegame.local.twilio_api.browser_phone.messages import Connected, Told
from phonegame.local.twilio_api.browser_phone.outbox import MOST_MESSAGES, MOST_SOUND_BYTES, Outbox


class Socket:
    def __init__(self) -> None:
        self.sent: list[Any] = []

    async def send_message(self, message: str | bytes) -> None:
        await trio.lowlevel.checkpoint()
        self.sent.append(message if isinstance(message, bytes) else json.loads(message)["type"])


async def sent(outbox: Outbox) -> list[Any]:
    socket = Socket()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(outbox.run, cast("WebSocketConnection", socket))
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    return socket.sent


async def test_sound_goes_out_in_frames_between_the_messages() -> None:
    outbox = Outbox()
    outbox.play(b"\x01" * 100)
    outbox.tell(Connected())
    outbox.play(b"\x02" * 100)
    assert await sent(outbox) == ["connected", b"\x01" * 100 + b"\x02" * 60]


async def test_of_too_much_sound_the_oldest_is_lost_and_no_message() -> None:
    outbox = Outbox()
    outbox.tell(Connected())
    outbox.play(b"\x01" * 1600 + b"\x02" * MOST_SOUND_BYTES)
    kinds, *sound = await sent(outbox)
    assert kinds == "connected"
    assert b"".join(sound) == b"\x02" * MOST_SOUND_BYTES


async def test_a_clear_takes_back_what_has_not_gone_out() -> None:
    outbox = Outbox()
    outbox.play(b"\x01" * 400)
    outbox.tell(Connected())
    outbox.clear()
    outbox.play(b"\x02" * 160)
    assert await sent(outbox) == ["connected", "clear", b"\x02" * 160]


async def test_a_page_that_takes_no_messages_is_given_up() -> None:
    outbox = Outbox()
    for _ in range(MOST_MESSAGES):
        outbox.tell(Told("hello"))
    outbox.play(b"\x01" * 1600)
    before = outbox.is_full
    outbox.tell(Told("hello"))
    await outbox.wait_full()
    assert (before, outbox.is_full) == (False, True)
