"""A server that has as many calls as it can serve."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from phonegame.admission import Full
from phonegame.wire import v1
from tests.house import House, open_house
from tests.http_client import bearer, fetch
from tests.redis_server import redis_server
from tests.scenarios.town import open_town
from tests.twilio_side import LOCKS, OPERATOR_KEY, TwilioSide, new_sid, says, verbs
from tests.two_workers import TWO

pytestmark = pytest.mark.skipif(TWO, reason="counts the calls of one process")


@asynccontextmanager
async def full_house(**settings: Any) -> AsyncIterator[tuple[House, TwilioSide]]:
    """With the one call that there is room for."""
    async with open_house(max_calls=1, **LOCKS, **settings) as house:
        twilio, sid = TwilioSide(house.twilio_address), new_sid()
        told = await twilio.announces(sid)
        async with twilio.stream(sid, told.parameters) as caller:
            await caller.keeps_silent(40)
            yield house, twilio
            await caller.phone.hang_up()


async def test_one_more_caller_hears_an_apology() -> None:
    async with full_house(prompt_full="All busy.", twilio_voice="Polly.Amy") as (_, twilio):
        say, hang_up = verbs(await twilio.post("/twiml", twilio.call(new_sid())))
        assert (say.text, say.attrib, hang_up.tag) == ("All busy.", {"voice": "Polly.Amy"}, "Hangup")


async def test_one_more_caller_is_handed_to_another_number() -> None:
    async with full_house(overflow_number="+1 (202) 555-0199") as (_, twilio):
        assert says(await twilio.post("/twiml", twilio.call(new_sid()))) == [("Dial", "+12025550199")]


async def test_one_more_caller_is_sent_to_another_worker_first() -> None:
    async with redis_server() as redis, full_house(redis_url=redis.url) as (_, twilio):
        (_, redirect) = verbs(await twilio.post("/twiml", twilio.call(new_sid())))
        assert redirect.text == "https://phone.example/twiml?moved=1"
        (say, _) = verbs(await twilio.post("/twiml?moved=5", twilio.call(new_sid())))
        assert say.tag == "Say"


async def test_there_is_room_again_when_a_caller_has_hung_up() -> None:
    async with open_house(max_calls=1, **LOCKS) as house:
        twilio = TwilioSide(house.twilio_address)
        for _ in range(3):
            sid = new_sid()
            told = await twilio.announces(sid)
            async with twilio.stream(sid, told.parameters) as caller:
                await caller.keeps_silent(40)
            await house.phonegame.calls.wait_until_empty()


async def test_a_crowd_is_not_let_in_before_the_first_of_it_is_there() -> None:
    async with open_house(max_calls=2, **LOCKS) as house:
        twilio = TwilioSide(house.twilio_address)
        answers = [says(await twilio.post("/twiml", twilio.call(new_sid())))[-1][0] for _ in range(4)]
        assert answers == ["Connect", "Connect", "Hangup", "Hangup"]


async def test_games_still_come_and_monitors_know() -> None:
    async with full_house() as (house, twilio):
        await twilio.post("/twiml", twilio.call(new_sid()))
        ready = await fetch(house.address, "GET", "/readyz")
        assert (ready.status, ready.text.strip()) == (200, '{"status":"full"}')
        metrics = (await fetch(house.address, "GET", "/metrics", [bearer(OPERATOR_KEY)])).text
        for line in (
            'phonegame_calls_refused_total{why="calls"} 1.0',
            "phonegame_calls_capacity 1.0",
            "phonegame_stopping 0.0",
        ):
            assert line in metrics
        assert "phonegame_loop_lag_recent_seconds" in metrics
        assert "phonegame_loop_busy" in metrics
        assert house.fields("call refused")["why"] == "PHONEGAME_MAX_CALLS"


async def test_nobody_is_rung_up_and_the_rule_is_told() -> None:
    async with open_town(house={"max_calls": 1}) as town, town.dials() as game:
        await town.answered()
        await game.joined()
        await game.client.dial("+12015550101")
        error = await game.gets(v1.Error)
        assert (error.rule, "PHONEGAME_MAX_CALLS" in error.message) == ("full", True)
        answer = await town.asks("POST", "/call", data={"to": "+12015550101"})
        assert (answer.status_code, answer.json()["rule"]) == (503, "full")


@pytest.mark.parametrize("why", [Full.LAG, Full.BUSY])
async def test_a_loop_that_has_too_much_to_do_is_told_apart(why: Full) -> None:
    async with open_house(**LOCKS) as house:
        house.phonegame.admission.why_full = lambda: why  # type: ignore[method-assign]
        twilio = TwilioSide(house.twilio_address)
        assert says(await twilio.post("/twiml", twilio.call(new_sid())))[-1][0] == "Hangup"
        assert house.fields("call refused")["why"] == why.setting
