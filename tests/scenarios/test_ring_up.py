"""A game rings its player up: the real server, Twilio's library, and a REST API that does as the test says."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
import trio

from phonegame.local.phone import place_call
from phonegame.local.phone.outgoing import Identity
from phonegame.speak.saying import Dropped
from phonegame.wire import v1
from tests.fake_rest import FakeRest, open_fake_rest
from tests.house import NUMBER, Caller, House, V1Game, open_house

ACCOUNT = "AC" + "0" * 32
CALL = "CA" + "0" * 32
TO = "+12025550123"
OURS = NUMBER


@dataclass
class Exchange:
    """Twilio, as far as it asks us."""

    house: House
    rest: FakeRest

    async def has_placed(self, count: int = 1) -> None:
        while len(self.rest.asked) < count:  # noqa: ASYNC110 - the request comes from a thread
            await trio.sleep(0.001)

    async def post(self, path: str, **fields: str) -> str:
        call_id = self.rest.asked[0].form["Url"][0].partition("?call=")[2]
        url = f"http://{self.house.twilio_address}{path}?{urlencode({'call': call_id})}"
        form = {"CallSid": CALL, "From": OURS, "To": TO, **fields}
        answer = await trio.to_thread.run_sync(partial(requests.post, url, form, timeout=5))
        assert answer.status_code == 200
        answer.close()
        return answer.text

    async def tells(self, *statuses: str) -> None:
        for number, status in enumerate(statuses):
            await self.post("/twilio/status", CallStatus=status, SequenceNumber=str(number))

    @asynccontextmanager
    async def answered(self) -> AsyncIterator[Caller]:
        twiml = await self.post("/twiml", CallStatus="in-progress")
        parameters = dict(re.findall(r'<Parameter name="(\w+)" value="([^"]*)"', twiml))
        assert parameters["direction"] == "outgoing"
        identity = Identity(account_sid=ACCOUNT, call_sid=CALL, parameters=parameters)
        async with place_call(self.house.twilio_url, identity=identity) as phone:
            yield Caller(phone)


@asynccontextmanager
async def open_exchange(**settings: Any) -> AsyncIterator[Exchange]:
    async with open_fake_rest() as rest:
        rest.answers(201, {"sid": CALL, "status": "queued"})
        values: dict[str, Any] = {
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_API_KEY": "SK" + "0" * 32,
            "TWILIO_API_SECRET": "planted-secret",
            "TWILIO_API_URL": rest.url,
            "public_url": "http://127.0.0.1:5000",
            "dial_allow": "+1202",
        }
        async with open_house(voice="marker", **{**values, **settings}) as house:
            yield Exchange(house, rest)
            assert house.errors == []
            assert not any(TO in str(record.msg) or "planted" in str(record.msg) for record in house.logged)


async def gets_statuses(game: V1Game, *statuses: str) -> v1.CallStatus:
    told = None
    for status in statuses:
        told = await game.gets(v1.CallStatus)
        assert told.status == status
        assert told.dial_id == "d"
    assert told is not None
    return told


@pytest.mark.slow
async def test_a_player_answers_and_talks_with_the_game() -> None:
    async with open_exchange() as exchange, exchange.house.v1_game() as game:
        await game.client.dial(TO, dial_id="d")
        await exchange.has_placed()
        await exchange.tells("initiated", "ringing")
        told = await gets_statuses(game, "dialling", "ringing")
        async with exchange.answered() as player:
            await gets_statuses(game, "answered")
            started = await game.joined()
            assert (started.direction, started.caller, started.call_id) == ("outgoing", "+1***23", told.call_id)
            await exchange.post("/twilio/amd", AnsweredBy="human")
            assert (await gets_statuses(game, "answered")).answered_by == "human"
            await game.client.say("the dragon is back")
            await player.hears_words("the", "dragon", "is", "back")
            await player.says("one pizza")
            await game.hears("one pizza")
        assert (await game.gets(v1.CallEnded)).reason == "hung_up"


@pytest.mark.slow
async def test_a_message_is_left_after_the_tone() -> None:
    async with open_exchange() as exchange, exchange.house.v1_game() as game:
        await game.client.dial(TO, dial_id="d")
        await exchange.has_placed()
        async with exchange.answered() as machine:
            await game.joined()
            await game.client.say("please call back", after_tone=True)
            await game.client.hangup()
            await machine.says("nobody is at home")
            await game.hears("nobody is at home")
            assert machine.heard_words == []
            await exchange.post("/twilio/amd", AnsweredBy="machine_end_beep")
            assert (await gets_statuses(game, "machine")).answered_by == "machine_end_beep"
            finished = await game.gets(v1.SayFinished)
            assert (finished.heard, finished.dropped) == ("please call back", None)
            assert machine.heard_words == ["please", "call", "back"]
            assert (await game.gets(v1.CallEnded)).reason == "game_hung_up"
        await exchange.post("/twiml/after")


async def test_a_person_does_not_hear_the_message_for_a_machine() -> None:
    async with open_exchange() as exchange, exchange.house.v1_game() as game:
        await game.client.dial(TO, dial_id="d")
        await exchange.has_placed()
        async with exchange.answered():
            await game.joined()
            await game.client.say("please call back", after_tone=True)
            await exchange.post("/twilio/amd", AnsweredBy="human")
            assert (await game.gets(v1.SayFinished)).dropped is Dropped.NO_MACHINE
            await game.client.say("once more", after_tone=True)
            assert (await game.gets(v1.SayFinished)).dropped is Dropped.NO_MACHINE


async def test_a_busy_phone_leaves_the_slot_to_others() -> None:
    async with open_exchange() as exchange, exchange.house.v1_game() as game:
        await game.client.dial(TO, dial_id="d")
        await exchange.has_placed()
        await exchange.tells("initiated", "busy")
        await gets_statuses(game, "dialling", "busy")
        async with exchange.house.phone() as caller:
            await caller.joins(game)


async def test_a_game_that_leaves_while_the_phone_rings_has_it_hung_up() -> None:
    async with open_exchange() as exchange:
        async with exchange.house.v1_game() as game:
            await game.client.dial(TO, dial_id="d")
            await exchange.has_placed()
            await exchange.tells("ringing")
            await gets_statuses(game, "dialling", "ringing")
        await exchange.has_placed(2)
        assert exchange.rest.asked[1].form == {"Status": ["completed"]}
        twiml = await exchange.post("/twiml")
        assert "<Stream" not in twiml
        assert "game has ended" in twiml


@pytest.mark.slow
async def test_who_answers_as_the_game_leaves_is_told_so() -> None:
    async with open_exchange() as exchange:
        async with exchange.house.v1_game() as game:
            await game.client.dial(TO, dial_id="d")
            await exchange.has_placed()
            twiml = await exchange.post("/twiml")
            await gets_statuses(game, "dialling", "answered")
        parameters = dict(re.findall(r'<Parameter name="(\w+)" value="([^"]*)"', twiml))
        identity = Identity(account_sid=ACCOUNT, call_sid=CALL, parameters=parameters)
        await exchange.house.phonegame.games.wait_until_empty()
        async with place_call(exchange.house.twilio_url, identity=identity) as phone:
            player = Caller(phone)
            await player.is_hung_up_on("the game left")
            assert " ".join(player.heard_words) == "the game has ended goodbye"
        await exchange.post("/twiml/after")


async def test_a_number_that_is_not_allowed_is_an_error_that_names_the_rule() -> None:
    async with open_exchange(dial_allow="+49") as exchange, exchange.house.v1_game() as game:
        await game.client.dial(TO, dial_id="d")
        error = await game.gets(v1.Error)
        assert (error.code, error.rule, error.dial_id, error.in_reply_to) == ("dial_refused", "dial_allow", "d", "dial")
        assert "PHONEGAME_DIAL_ALLOW" in error.message
        assert exchange.rest.asked == []


async def test_a_game_that_connects_anew_may_dial_no_more_than_before() -> None:
    async with open_exchange(dial_per_game=1) as exchange:
        async with exchange.house.v1_game() as game:
            await game.client.dial(TO, dial_id="d")
            await exchange.has_placed()
            await exchange.tells("initiated", "busy")
            await gets_statuses(game, "dialling", "busy")
        async with exchange.house.v1_game() as game:
            await game.client.dial(TO, dial_id="d")
            assert (await game.gets(v1.Error)).rule == "dial_per_game"
        assert len(exchange.rest.asked) == 1


async def test_an_old_game_is_rung_up_for_by_the_operator() -> None:
    async with open_exchange() as exchange, exchange.house.game() as game, trio.open_nursery() as nursery:
        nursery.start_soon(exchange.house.phonegame.dialler.dial, TO, game.code)
        await exchange.has_placed()
        async with exchange.answered() as player:
            await game.joined()
            await player.says("one pizza")
            await game.hears("one pizza")
