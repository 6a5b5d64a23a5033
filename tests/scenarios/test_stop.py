"""A server that is told to stop: takes nobody in, lets calls end, then ends them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from phonegame.local.game_client import connect_game
from phonegame.local.text_game import Closed
from phonegame.wire import v1
from tests.house import House, open_house
from tests.http_client import bearer, fetch
from tests.redis_server import redis_server
from tests.scenarios.test_shutdown import GOING_DOWN, under_hypercorn_s_command
from tests.scenarios.town import gets_statuses, open_town
from tests.twilio_side import GAME_KEY, LOCKS, OPERATOR_KEY, TwilioSide, new_sid, says, verbs
from tests.two_workers import TWO

RESTARTS = "the server restarts; connect again"
LONG = 600


@asynccontextmanager
async def stopping(house: House, seconds: float = LONG) -> AsyncIterator[trio.CancelScope]:
    """Gives the scope of the stop: ended by the test, or by itself."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(house.phonegame.stop, seconds)
        await trio.testing.wait_all_tasks_blocked(0.01)
        yield nursery.cancel_scope


async def test_a_game_without_a_call_is_told_to_come_back() -> None:
    async with open_house() as house, house.game() as game, stopping(house):
        assert await game.next() == Closed(1012, RESTARTS)


async def test_a_game_goes_on_until_its_call_has_ended() -> None:
    async with open_house() as house, house.game() as game, house.phone() as caller:
        await caller.joins(game)
        async with stopping(house):
            await caller.says("one pizza")
            await game.hears("one pizza")
            await caller.phone.hang_up()
            assert await game.next() == Closed(1012, RESTARTS)


async def test_a_v1_game_is_told_first_and_hears_all_of_its_call() -> None:
    async with open_house() as house, house.v1_game() as game, house.phone() as caller:
        await caller.joins(game)
        async with stopping(house, 300):
            assert await game.gets(v1.ServerStopping) == v1.ServerStopping(seconds=300)
            await caller.says("one pizza")
            await game.hears("one pizza")
            await caller.phone.hang_up()
            await game.gets(v1.CallEnded)
            assert await game.next() == Closed(1012, RESTARTS)


async def test_a_game_that_is_away_is_not_waited_for() -> None:
    async with open_house() as house:
        async with house.v1_game() as game:
            await game.client.vanish()
            while "game away" not in house.events:
                await trio.testing.wait_all_tasks_blocked(0.01)
        async with stopping(house):
            await house.phonegame.games.wait_until_empty()


@pytest.mark.skipif(TWO, reason="a worker that has no call of its own stops at once")
async def test_a_phone_that_rings_is_waited_for() -> None:
    async with open_town(house={"ring_seconds": 600}) as town, town.dials() as game:
        await gets_statuses(game, "dialling")
        async with stopping(town.house):
            _, caller = await town.answered()
            await game.joined()
            await caller.says("hello there")
            await game.hears("hello there")
            await caller.phone.hang_up()
            assert (await game.gets(v1.CallEnded)).reason == "hung_up"
            assert await game.next() == Closed(1012, RESTARTS)


async def test_nobody_is_rung_up_any_more() -> None:
    async with open_town() as town, town.dials() as game:
        _, caller = await town.answered()
        await game.joined()
        async with stopping(town.house):
            await game.client.dial("+12015550101")
            assert (await game.gets(v1.Error)).rule == "closing"
            await caller.phone.hang_up()


async def test_whoever_comes_meanwhile_is_turned_away() -> None:
    async with open_house() as house, house.game() as game, house.phone() as caller:
        await caller.joins(game)
        async with stopping(house):
            async with connect_game(house.game_url) as late:
                assert await late.receive() == Closed(1012, RESTARTS)
            async with house.phone() as stranger:
                await stranger.is_hung_up_on("the stream is not of a call that was announced")
            await caller.phone.hang_up()


async def test_calls_that_last_too_long_are_ended_by_a_sentence() -> None:
    async with open_house(voice="marker", prompt_closing="bye now") as house, house.game() as game:
        async with house.phone() as caller:
            await caller.joins(game)
            async with stopping(house, 0.2):
                await caller.hears_words("bye", "now")
                await caller.is_hung_up_on(GOING_DOWN)
        assert await game.next() == Closed(1001, GOING_DOWN)


class TestAtTwiliosDoors:
    async def test_a_load_balancer_is_told_why(self) -> None:
        async with open_house() as house, house.game() as game, house.phone() as caller:
            await caller.joins(game)
            async with stopping(house):
                answer = await fetch(house.address, "GET", "/readyz")
                assert (answer.status, answer.text.strip()) == (503, '{"status":"stopping"}')
                await caller.phone.hang_up()

    async def test_a_call_that_was_announced_before_is_served(self) -> None:
        async with open_house(**LOCKS) as house, self._game(house):
            twilio, first, second = TwilioSide(house.address), new_sid(), new_sid()
            told, announced = await twilio.announces(first), await twilio.announces(second)
            async with twilio.stream(first, told.parameters) as caller:
                await caller.keeps_silent(40)
                async with stopping(house), twilio.stream(second, announced.parameters) as late:
                    await late.keeps_silent(40)
                    assert house.events.count("call started") == 2
                    await late.phone.hang_up()
                    await caller.phone.hang_up()

    @pytest.mark.skipif(TWO, reason="it would be sent on")
    async def test_a_call_that_comes_hears_that_the_line_is_closing(self) -> None:
        async with open_house(**LOCKS) as house, self._stopping_under_a_call(house) as twilio:
            answer = await twilio.post("/twiml", twilio.call(new_sid()))
            assert says(answer) == [("Say", "I am sorry, the line is closing. Goodbye."), ("Hangup", None)]
            metrics = await fetch(house.address, "GET", "/metrics", [bearer(OPERATOR_KEY)])
            assert 'phonegame_calls_refused_total{why="stopping"} 1.0' in metrics.text
            assert "phonegame_stopping 1.0" in metrics.text

    async def test_a_call_that_comes_is_sent_on_where_there_are_others(self) -> None:
        async with (
            redis_server() as redis,
            open_house(redis_url=redis.url, **LOCKS) as house,
            self._stopping_under_a_call(house) as twilio,
        ):
            target = "/twiml"
            for moved in range(1, 6):
                pause, redirect = verbs(await twilio.post(target, twilio.call(new_sid())))
                assert (pause.tag, redirect.tag) == ("Pause", "Redirect")
                assert redirect.text == f"https://phone.example/twiml?moved={moved}"
                target = redirect.text.removeprefix("https://phone.example")
            # nobody else is there, or the load balancer does not look
            assert says(await twilio.post(target, twilio.call(new_sid())))[0][0] == "Say"

    @asynccontextmanager
    async def _game(self, house: House) -> AsyncIterator[None]:
        async with connect_game(f"{house.game_url}?key={GAME_KEY}"):
            yield

    @asynccontextmanager
    async def _stopping_under_a_call(self, house: House) -> AsyncIterator[TwilioSide]:
        twilio, sid = TwilioSide(house.address), new_sid()
        told = await twilio.announces(sid)
        async with twilio.stream(sid, told.parameters) as caller:
            await caller.keeps_silent(40)
            async with stopping(house):
                yield twilio
                await caller.phone.hang_up()


@pytest.mark.skipif(TWO, reason="hypercorn's server is one for both")
class TestUnderHypercornsCommand:
    async def test_calls_go_on_while_its_patience_lasts(self) -> None:
        stop = trio.Event()
        async with (
            open_house(stop_seconds=LONG) as house,
            under_hypercorn_s_command(house, stop, graceful_timeout=LONG) as other,
            other.game() as game,
            other.phone() as caller,
        ):
            await caller.joins(game)
            stop.set()
            while not other.phonegame.draining:
                await trio.testing.wait_all_tasks_blocked(0.01)
            await caller.says("one pizza")
            await game.hears("one pizza")
            await caller.phone.hang_up()
            assert await game.next() == Closed(1012, RESTARTS)

    async def test_where_it_has_little_goodbyes_get_it(self) -> None:
        stop = trio.Event()
        async with (
            open_house(stop_seconds=LONG) as house,
            under_hypercorn_s_command(house, stop, graceful_timeout=12) as other,
            other.game() as game,
            other.phone() as caller,
        ):
            await caller.joins(game)
            stop.set()
            assert await game.next() == Closed(1001, GOING_DOWN)
            await caller.is_hung_up_on(GOING_DOWN)


@pytest.mark.parametrize("seconds", [0, 0.1])
async def test_a_server_without_calls_stops_at_once(seconds: float) -> None:
    async with open_house() as house:
        with trio.fail_after(5):
            await house.phonegame.stop(seconds)
        assert house.phonegame.ending
