"""Outgoing calls end to end: the game's `dial`, Twilio's library, the local carrier, the webhooks, the media stream."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import trio

from phonegame.dialling import outgoing
from phonegame.local.twilio_api import (
    Answer,
    Answers,
    Busy,
    Declines,
    Delivery,
    Fails,
    Machine,
    NoAnswer,
    Refused,
    hang_up_at_once,
)
from phonegame.local.twilio_api.command import CALLBACKS
from phonegame.local.twilio_api.config import Event
from phonegame.speak.saying import Dropped
from phonegame.wire import v1
from tests.scenarios.town import gets_statuses, open_town

pytestmark = pytest.mark.slow


async def test_a_player_answers_and_talks_with_the_game() -> None:
    async with open_town(Answers(rings=1, detected_after=20)) as town, town.dials() as game:
        assert await gets_statuses(game, "answered") == ["dialling", "answered"]
        assert (await game.joined()).direction == "outgoing"
        call, player = await town.answered()
        await game.client.say("the dragon is back")
        await player.hears_words("the", "dragon", "is", "back")
        await player.says("one pizza")
        await game.hears("one pizza")
        await game.reads_until(lambda: any(status.answered_by == "human" for status in game.all_of(v1.CallStatus)))
        call.handset.hang_up()
        assert (await game.gets(v1.CallEnded)).reason == "hung_up"
        assert await call.wait_over() == "completed"
        assert call.order.from_ == town.carrier.number


@pytest.mark.parametrize(
    ("answer", "status"),
    [(Busy(), "busy"), (Declines(), "busy"), (NoAnswer(), "no_answer"), (Fails(), "failed")],
    ids=lambda value: type(value).__name__,
)
async def test_a_phone_that_is_not_answered_leaves_the_slot_to_others(answer: Answer, status: str) -> None:
    async with open_town(answer, house={"ring_seconds": 5}) as town, town.dials() as game:
        assert await gets_statuses(game, status) == ["dialling", status]
        await town.told_all()
        async with town.carrier.dial_in("+12015550199") as handset:
            await handset.wait_stream()
            await handset.key(f"{game.code}#")
            assert (await game.joined()).direction == "incoming"


async def test_what_the_carrier_refuses_is_told_with_the_reason() -> None:
    async with open_town(Refused(21219)) as town, town.dials() as game:
        assert (await game.gets(v1.CallStatus)).status == "dialling"
        failed = await game.gets(v1.CallStatus)
        assert failed.status == "failed"
        assert failed.reason is not None
        assert "trial account" in failed.reason


async def test_a_message_is_left_behind_the_tone_of_a_machine() -> None:
    async with open_town(Machine(greeting="nobody is at home", rings=1)) as town, town.dials() as game:
        await game.joined()
        _, machine = await town.answered()
        await game.client.say("please call back", after_tone=True)
        await game.client.hangup()
        told = await game.gets(v1.CallStatus)
        assert (told.status, told.answered_by) == ("machine", "machine_end_beep")
        finished = await game.gets(v1.SayFinished)
        assert (finished.heard, finished.dropped) == ("please call back", None)
        assert (await game.gets(v1.CallEnded)).reason == "game_hung_up"
        assert machine.heard_words == ["please", "call", "back"]


async def test_a_person_does_not_hear_the_message_for_a_machine() -> None:
    async with open_town(Answers(rings=1)) as town, town.dials() as game:
        await game.joined()
        await game.client.say("please call back", after_tone=True)
        assert (await game.gets(v1.SayFinished)).dropped is Dropped.NO_MACHINE


async def test_a_game_may_hang_up_while_it_rings() -> None:
    async with open_town(NoAnswer(), house={"ring_seconds": 600}) as town, town.dials() as game:
        assert await gets_statuses(game, "ringing") == ["dialling", "ringing"]
        await game.client.hangup()
        assert await gets_statuses(game, "cancelled") == ["cancelled"]
        assert await (await town.carrier.call(0)).wait_over() == "canceled"


async def test_a_game_that_leaves_while_it_rings_has_it_hung_up() -> None:
    async with open_town(NoAnswer(), house={"ring_seconds": 600}) as town:
        async with town.dials() as game:
            await gets_statuses(game, "ringing")
        assert await (await town.carrier.call(0)).wait_over() == "canceled"


async def test_who_answers_and_hangs_up_at_once_leaves_nothing_behind() -> None:
    async with open_town(Answers(rings=1, behave=hang_up_at_once)) as town, town.dials() as game:
        await (await town.carrier.call(0)).wait_over()
        await town.house.phonegame.dialler.wait_until_empty()
        await town.told_all()
        await game.is_in_step()
        last = game.received[-2]
        assert isinstance(last, v1.CallEnded) or (isinstance(last, v1.CallStatus) and last.status == "failed")


async def test_a_webhook_that_never_comes_has_the_call_hung_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "STREAM_SECONDS", 0.2)
    deliveries = dict.fromkeys(["voice", "amd"], Delivery(copies=0))
    async with open_town(Answers(rings=1), deliveries=deliveries) as town, town.dials() as game:
        assert await gets_statuses(game, "failed") == ["dialling", "answered", "failed"]
        assert await (await town.carrier.call(0)).wait_over() == "completed"


@pytest.mark.parametrize(
    "deliveries",
    [
        *CALLBACKS.values(),
        {"ringing": Delivery(after="answered"), "initiated": Delivery(after="completed")},
        {"answered": Delivery(after="completed"), "amd": Delivery(after="completed")},
    ],
    ids=[*CALLBACKS, "ringing late", "answered at the end"],
)
async def test_callbacks_in_any_order_tell_one_story(deliveries: Mapping[Event, Delivery]) -> None:
    async with open_town(Answers(rings=1), deliveries=deliveries) as town, town.dials() as game:
        assert await gets_statuses(game, "answered") == ["dialling", "answered"]
        await game.joined()
        call, _ = await town.answered()
        call.handset.hang_up()
        await game.gets(v1.CallEnded)
        await town.told_all()
        await game.is_in_step()
        assert [type(message) for message in game.received[-2:]] == [v1.CallEnded, v1.Pong]


@pytest.mark.parametrize("created_after", ["ringing", "in-progress"])
async def test_the_webhook_may_be_faster_than_the_answer_to_the_order(created_after: str) -> None:
    async with open_town(Answers(rings=1), created_after=created_after) as town, town.dials() as game:
        await game.joined()
        _, player = await town.answered()
        await game.client.say("hello")
        await player.hears_words("hello")


async def test_a_call_may_be_over_before_the_order_is_answered() -> None:
    async with open_town(Busy(), created_after="over") as town, town.dials() as game:
        assert await gets_statuses(game, "busy") == ["dialling", "busy"]
        await town.house.phonegame.dialler.wait_until_empty()


async def test_webhooks_that_come_twice_are_answered_alike() -> None:
    twice = Delivery(copies=2)
    deliveries = {"voice": twice, "action": twice}
    async with open_town(Answers(rings=1), deliveries=deliveries, house={"voice": "none"}) as town:
        async with town.dials() as game:
            await game.joined()
            call, _ = await town.answered()
        assert await call.wait_over() == "completed"
        assert call.handset.told == ["The game has ended. Goodbye."]


async def test_a_server_that_ends_hangs_up_what_rings() -> None:
    async with open_town(NoAnswer(), house={"ring_seconds": 600}) as town, town.dials() as game:
        await gets_statuses(game, "ringing")
        town.house.phonegame.end_nowait()
        assert await (await town.carrier.call(0)).wait_over() == "canceled"
        with trio.fail_after(5):
            await town.house.phonegame.dialler.wait_until_empty()
