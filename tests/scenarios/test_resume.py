"""A v1 game loses its connection and comes back: nothing is missing, nothing comes twice, and its callers are told."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from phonegame import call_speech
from phonegame.audio import BYTES_PER_SECOND, FRAME_BYTES
from phonegame.local.phone import Quirks
from phonegame.local.speech.intake import Limits
from phonegame.local.text_game import Closed
from phonegame.local.v1_client import Numbered, connect_v1
from phonegame.speak.hold import hold_tone
from phonegame.wire import v1
from tests.cable import Cable, lay_cable
from tests.house import Caller, House, V1Game
from tests.scenarios.conversation import open_talking_house, outcome, words
from tests.scenarios.party import Guest, guest, heard_from, hears_out, party

SEED = 20260101
BEEP = hold_tone()[: BYTES_PER_SECOND // 4]
PATIENT = 3600
"""Seconds: longer than any test, so what happens has another reason."""
AWAY, BACK = "please hold on", "it is back"

Cut = Callable[[Cable], None]
CUTS = [pytest.param(Cable.cut, id="reset"), pytest.param(Cable.pull, id="nobody is told")]


@pytest.fixture
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_speech, "AWAY_GRACE_SECONDS", 0.1)


@asynccontextmanager
async def lost(house: House, *, accept: int = 1) -> AsyncIterator[tuple[V1Game, Cable]]:
    """A game whose connection is to be lost within this block."""
    async with lay_cable(house.address) as cable, house.v1_game(cable=cable) as game:
        await game.client.accept(accept)
        await game.is_in_step()
        yield game, cable


async def is_away(house: House, times: int = 1) -> None:
    while house.events.count("game away") < times:  # noqa: ASYNC110 - a log cannot be waited for
        await trio.sleep(0.01)


async def is_held(caller: Caller) -> None:
    """Hears the hold tone."""
    while BEEP not in caller.phone.heard:
        await caller.phone.wait_heard(0.02)


def receipts_of(game: V1Game) -> Counter[tuple[str, str | None]]:
    return Counter((each.say_id, each.call_id) for each in game.all_of(v1.SayFinished))


@pytest.mark.slow
@pytest.mark.parametrize("cut", CUTS)
async def test_what_two_callers_say_and_hear_while_the_game_is_away_arrives_once_and_in_order(cut: Cut) -> None:
    said = {1: "one two three four five six seven eight", 2: "eins zwei drei vier sechs sieben acht neun"}
    sentence = words(8)
    async with open_talking_house(away_seconds=PATIENT, interrupt="never") as house, lay_cable(house.address) as cable:
        async with house.v1_game(cable=cable) as game, party(house, game, 2) as guests:
            async with trio.open_nursery() as talk:
                for each in guests:
                    talk.start_soon(each.says, said[each.player])
                await game.client.say(sentence, say_id="a")
                await game.client.say("done", say_id="b", to=2)
                await game.reads_until(lambda: all(heard_interim(game, each) for each in guests))
                await game.reads_until(lambda: len(game.all_of(v1.SayStarted)) >= 2)
                cut(cable)
                for each, last_word in zip(guests, (sentence.split()[-1], "done"), strict=True):
                    await each.caller.hears_words(last_word)
            async with house.resumed(game):
                for each in guests:
                    await hears_out(game, each, said[each.player])
                await game.reads_until(lambda: receipts_of(game).total() == 3)
                # and all goes on
                await game.client.say("more", say_id="c")
                await game.reads_until(lambda: receipts_of(game).total() == 5)
        one, two = (each.call_id for each in guests)
        assert receipts_of(game) == Counter([("a", one), ("a", two), ("b", two), ("c", one), ("c", two)])
        assert {outcome(each)[1:] for each in game.all_of(v1.SayFinished)} == {(False, None)}
        assert house.errors == []


def heard_interim(game: V1Game, guest: Guest) -> bool:
    return any(each.call_id == guest.call_id for each in game.all_of(v1.Transcript))


async def test_a_short_absence_goes_by_unnoticed() -> None:
    async with (
        open_talking_house(prompt_away=AWAY, prompt_back=BACK) as house,
        lost(house) as (game, cable),
        guest(house, game) as caller,
    ):
        cable.cut()
        await is_away(house)
        async with house.resumed(game):
            await game.client.say("hello")
            await game.gets(v1.SayFinished)
            assert caller.caller.heard_words == ["hello"]
            assert caller.caller.phone.clears == []


@pytest.mark.slow
@pytest.mark.usefixtures("short_grace")
async def test_callers_are_told_hear_a_tone_and_are_told_again() -> None:
    async with (
        open_talking_house(prompt_away=AWAY, prompt_back=BACK) as house,
        lost(house, accept=2) as (game, cable),
        guest(house, game) as first,
        guest(house, game) as second,
    ):
        await game.client.say("one more thing")
        await game.gets(v1.SayStarted)
        cable.cut()
        for each in (first, second):
            # what was said before comes first
            await each.caller.hears_words(*f"one more thing {AWAY}".split())
            await is_held(each.caller)
        await first.says("anybody there")
        async with house.resumed(game):
            for each in (first, second):
                await each.caller.hears_words(*AWAY.split(), *BACK.split())
            await hears_out(game, first, "anybody there")
            await game.client.say("hello")
            await game.reads_until(lambda: len(game.all_of(v1.SayFinished)) == 4)
            assert {outcome(each)[1:] for each in game.all_of(v1.SayFinished)} == {(False, None)}
            for each in (first, second):
                assert each.caller.heard_words[-4:] == [*BACK.split(), "hello"]


@pytest.mark.slow
@pytest.mark.usefixtures("short_grace")
async def test_a_game_that_is_lost_a_second_time_is_waited_for_again() -> None:
    async with (
        open_talking_house(prompt_away=AWAY, prompt_back=BACK) as house,
        lost(house) as (game, cable),
        guest(house, game) as caller,
    ):
        cable.cut()
        await caller.caller.hears_words(*AWAY.split())
        async with house.resumed(game, cable=cable):
            await caller.caller.hears_words(*BACK.split())
            cable.cut()
            await caller.caller.hears_words(*AWAY.split())
        async with house.resumed(game):
            await caller.caller.hears_words(*BACK.split())
            await caller.says("at last")
            await hears_out(game, caller, "at last")


@pytest.mark.usefixtures("short_grace")
async def test_who_joins_while_the_game_is_away_is_told_too() -> None:
    async with open_talking_house(prompt_away=AWAY) as house, lost(house) as (game, cable):
        cable.cut()
        await is_away(house)
        async with house.phone() as caller:
            await caller.phone.key(game.code)
            await caller.hears_words(*AWAY.split())
            async with house.resumed(game):
                started = await game.joined()
                await game.client.say("hello", to=started.call_id)
                assert outcome(await game.gets(v1.SayFinished)) == ("hello", False, None)
                assert caller.heard_words[-1] == "hello"


async def test_a_game_that_does_not_come_back_is_over() -> None:
    async with open_talking_house(away_seconds=0.2, prompt_game_over="game over") as house:
        async with lost(house) as (game, cable), guest(house, game) as caller:
            cable.cut()
            await caller.caller.is_hung_up_on("the game left")
            assert caller.caller.heard_words == ["game", "over"]
            assert game.code not in house.phonegame.switchboard.active
        async with connect_v1(house.game_url, resume=game.ticket) as late:
            answers = [await late.receive() for _ in range(2)]
            error = next(each.message for each in answers if isinstance(each, Numbered) and each.seq)
            assert isinstance(error, v1.Error)
            assert (error.code, error.field) == ("resume_failed", "resume_token")


async def test_a_game_that_says_goodbye_is_over_at_once() -> None:
    async with (
        open_talking_house(away_seconds=PATIENT) as house,
        house.v1_game() as game,
        guest(house, game) as caller,
    ):
        await game.client.aclose()
        await caller.caller.is_hung_up_on("the game left")
        assert game.code not in house.phonegame.switchboard.active


async def test_where_nobody_is_waited_for_a_lost_game_is_over() -> None:
    async with open_talking_house(away_seconds=0) as house, lost(house) as (game, cable), guest(house, game) as caller:
        assert game.welcome.away_seconds == 0
        cable.cut()
        await caller.caller.is_hung_up_on("the game left")


async def test_the_text_protocol_waits_for_nobody() -> None:
    async with (
        open_talking_house(away_seconds=PATIENT) as house,
        lay_cable(house.address) as cable,
        house.game(cable=cable) as game,
        house.phone() as caller,
    ):
        await caller.phone.key(game.code)
        await game.joined()
        cable.cut()
        await caller.is_hung_up_on("the game left")


async def test_a_connection_that_seemed_alive_is_closed_when_the_game_comes_over_another() -> None:
    async with open_talking_house() as house, house.v1_game() as game, guest(house, game) as caller:
        old = game.client
        async with house.resumed(game):
            while not isinstance(end := await old.receive(), Closed):
                pass
            assert (end.code, end.reason) == (1000, "the game has come back over another connection")
            await caller.says("still here")
            await hears_out(game, caller, "still here")
            assert "game away" not in house.events


async def test_a_call_that_ends_while_the_game_is_away_is_told_with_all_that_was_open() -> None:
    async with open_talking_house() as house, lost(house) as (game, cable):
        async with guest(house, game) as caller:
            await game.client.say(words(60), say_id="long", interruptible=False)
            await game.gets(v1.SayStarted)
            cable.cut()
            await caller.says("bye")
        await house.phonegame.calls.wait_until_empty()
        async with house.resumed(game):
            await game.gets(v1.CallEnded)
            assert heard_from(game, caller) == ["bye"]
            assert [each.dropped and each.dropped.value for each in game.all_of(v1.SayFinished)] == ["call_ended"]


async def test_a_server_that_goes_down_waits_for_no_game_that_is_away() -> None:
    async with open_talking_house(away_seconds=PATIENT) as house, lost(house) as (game, cable):
        async with guest(house, game) as caller:
            cable.cut()
            await is_away(house)
            house.phonegame.end_nowait()
            await caller.caller.is_hung_up_on("the server is going down")
        await house.phonegame.wait_until_empty()


GAMES, TOGETHER, CALLERS, TIMES = 20, 5, 2, 5
"""`TOGETHER` at once: where one process cannot keep up with its phones, Deepgram falls behind, and words are lost."""
WORDS = 12
COARSE = Quirks(frame_bytes=(5 * FRAME_BYTES,))
"""A fifth of the messages: phones and all else are in this one process."""


@pytest.mark.slow
@pytest.mark.timeout(150)
async def test_twenty_games_cut_again_and_again_miss_no_word_and_no_receipt() -> None:
    # all is in this one process: where the machine is busy, audio comes in bursts
    patient: dict[str, Any] = {"limits": Limits(burst_seconds=60), "away_seconds": PATIENT, "seconds": 140}
    house_of_games = open_talking_house(interrupt="never", codes="10-99", **patient)
    async with house_of_games as house, trio.open_nursery() as nursery:
        limiter = trio.CapacityLimiter(TOGETHER)
        for number in range(GAMES):
            nursery.start_soon(lives_through_cuts, house, number, limiter)


async def lives_through_cuts(house: House, number: int, limiter: trio.CapacityLimiter) -> None:
    rng = random.Random(SEED + number)
    async with limiter, lay_cable(house.address) as cable, house.v1_game(cable=cable) as game:
        await game.client.accept(CALLERS)
        async with guest(house, game, quirks=COARSE) as one, guest(house, game, quirks=COARSE) as two:
            said = {each.call_id: [f"g{number}p{each.player}r{at}" for at in range(WORDS)] for each in (one, two)}
            async with trio.open_nursery() as talk:
                for each in (one, two):
                    talk.start_soon(says_all, each, said[each.call_id])
                say_ids = await says_something_and_is_cut(game, cable, 0, rng)
                for time in range(1, TIMES):
                    async with house.resumed(game, cable=cable):
                        say_ids += await says_something_and_is_cut(game, cable, time, rng)
            async with house.resumed(game):
                for each in (one, two):
                    await hears_out(game, each, " ".join(said[each.call_id]))
                await game.reads_until(lambda: receipts_of(game).total() >= CALLERS * len(say_ids))
                await game.is_in_step()
        calls = (one.call_id, two.call_id)
        assert receipts_of(game) == Counter((say_id, call_id) for say_id in say_ids for call_id in calls)
        assert {outcome(each)[1:] for each in game.all_of(v1.SayFinished)} == {(False, None)}


async def says_all(guest: Guest, said: Sequence[str]) -> None:
    for word in said:
        await guest.says(word)


async def says_something_and_is_cut(game: V1Game, cable: Cable, time: int, rng: random.Random) -> list[str]:
    """At any moment after the server has taken what was said. Gives the ids."""
    say_ids = [f"{time}-{at}" for at in range(3)]
    for say_id in say_ids:
        await game.client.say("hello", say_id=say_id)
    await game.is_in_step()
    with trio.move_on_after(rng.uniform(0, 0.4)):
        await game.reads_until(lambda: False)
    cable.cut()
    return say_ids
