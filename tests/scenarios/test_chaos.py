"""Many calls and games at once: everybody comes and goes as they like, and no two of them are ever mixed up."""

from __future__ import annotations

import os
import random
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from functools import partial

import pytest
import trio

from phonegame.local.phone import HungUpError, Quirks
from phonegame.local.speech.marker import encode_speech, encode_word
from phonegame.local.speech.script import CloseAfter, Plan, Script, refuse
from phonegame.local.text_game import Closed
from tests.house import Caller, Game, House, open_house
from tests.leftovers import back_to, holdings
from tests.raw_websocket import connect, open_raw

SEED = int(os.environ.get("PHONEGAME_TEST_SEED", "20260101"))
VISITS = 200
AT_ONCE = 16

# every end of a call that is Deepgram's doing; most calls have none
PLANS = (
    *[Plan()] * 14,
    Plan(drop_after=0.35),
    Plan(drop_after=0.5),
    Plan(close_after=CloseAfter(0.4)),
    Plan(lose_finals=True),
    Plan(ignore_close=True),
    refuse(503),
    refuse(401),
)
# what is logged at error level where Deepgram refuses for good, and nothing else is
OURS = {"Deepgram cannot be used; the call ends"}


async def talk(caller: Caller, game: Game, sentence: str = "hello") -> None:
    """Key, join, talk; Deepgram may spoil it at any moment, and then the call is over."""
    await caller.phone.key(game.code)
    await caller.says(sentence, pause_ms=100)


async def caller_hangs_up(house: House) -> None:
    async with house.game() as game, house.phone() as caller:
        await talk(caller, game)


async def caller_hangs_up_during_a_word(house: House) -> None:
    async with house.game() as game, house.phone() as caller:
        await talk(caller, game)
        await caller.phone.play(encode_word("pizza", 200)[:800])


async def caller_is_cut_off(house: House) -> None:
    async with house.game() as game, house.phone() as caller:
        await talk(caller, game)
        caller.phone.abort()


async def caller_closes_without_a_stop(house: House) -> None:
    async with house.game() as game, house.phone(Quirks(stop=False)) as caller:
        await talk(caller, game)


async def caller_goes_before_the_start(house: House) -> None:
    async with house.phone(Quirks(starts=0)) as caller:
        await caller.phone.pause(0.1)


async def caller_goes_at_once(house: House) -> None:
    async with house.phone():
        pass


async def caller_is_cut_off_at_once(house: House) -> None:
    async with open_raw(house.twilio_address, "/twilio") as socket:
        socket.abort()


async def caller_goes_before_the_upgrade(house: House) -> None:
    async with connect(house.twilio_address) as socket:
        await socket.write(b"GET /twilio HTTP/1.1\r\nHost: ")
        socket.abort()


async def caller_has_wrong_codes_only(house: House) -> None:
    async with house.phone() as caller:
        with suppress(HungUpError):
            await caller.phone.key("1#2#3#")
        await caller.phone.wait_ended()


async def caller_is_cancelled(house: House) -> None:
    async with house.game() as game:
        with trio.move_on_after(0.3):
            async with house.phone() as caller:
                await caller.phone.key(game.code + "#")
                await caller.phone.play(encode_speech("cancelled", word_ms=2000))


async def game_leaves(house: House) -> None:
    async with house.phone() as caller:
        async with house.game() as game:
            await talk(caller, game)
        await caller.phone.wait_ended()


async def game_is_cut_off(house: House) -> None:
    async with house.phone() as caller:
        async with open_raw(house.address, "/game") as socket:
            _, code = await socket.receive(), await socket.receive()
            await caller.phone.key(f"{code}#")
            socket.abort()
        await caller.phone.wait_ended()


async def game_is_cut_off_at_once(house: House) -> None:
    async with open_raw(house.address, "/game") as socket:
        socket.abort()


async def game_comes_and_goes(house: House) -> None:
    async with house.game():
        pass


async def game_says_too_much(house: House) -> None:
    async with house.game() as game:
        await game.client.say("x" * 20_000)
        closed = await game.next()
        assert isinstance(closed, Closed)
        assert closed.code == 1009


async def game_and_caller_leave_together(house: House) -> None:
    async with house.game() as game, house.phone() as caller:
        await talk(caller, game)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(caller.phone.hang_up)
            nursery.start_soon(game.client.aclose)


async def second_caller_finds_it_busy(house: House) -> None:
    async with house.game() as game, house.phone() as first:
        await talk(first, game)
        async with house.phone() as second:
            await second.phone.key(game.code + "#")
            await second.phone.pause(0.1)


async def callers_follow_each_other(house: House) -> None:
    async with house.game() as game:
        for _ in range(2):
            async with house.phone() as caller:
                await talk(caller, game)


WAYS: tuple[Callable[[House], Awaitable[None]], ...] = (
    caller_hangs_up,
    caller_hangs_up_during_a_word,
    caller_is_cut_off,
    caller_closes_without_a_stop,
    caller_goes_before_the_start,
    caller_goes_at_once,
    caller_is_cut_off_at_once,
    caller_goes_before_the_upgrade,
    caller_has_wrong_codes_only,
    caller_is_cancelled,
    game_leaves,
    game_is_cut_off,
    game_is_cut_off_at_once,
    game_comes_and_goes,
    game_says_too_much,
    game_and_caller_leave_together,
    second_caller_finds_it_busy,
    callers_follow_each_other,
)


async def visit(house: House, way: Callable[[House], Awaitable[None]], done: list[str]) -> None:
    # Deepgram may have refused the call, or the game's caller
    with suppress(HungUpError), trio.fail_after(20):
        await way(house)
    done.append(way.__name__)


@pytest.mark.slow
async def test_nothing_is_left_after_two_hundred_visits_with_every_ending() -> None:
    print(f"PHONEGAME_TEST_SEED={SEED}")
    rng = random.Random(SEED)
    ways = [WAYS[number % len(WAYS)] for number in range(VISITS)]
    rng.shuffle(ways)
    script = Script([rng.choice(PLANS) for _ in range(2 * VISITS)])
    async with open_house(script=script, codes="10-99", wrong_codes=3, code_seconds=4, seconds=55) as house:
        await caller_hangs_up(house)
        await house.phonegame.wait_until_empty()
        before = await back_to(holdings())
        done: list[str] = []
        await at_most(AT_ONCE, [partial(visit, house, way, done) for way in ways])
        await house.phonegame.wait_until_empty()
        assert len(done) == VISITS
        assert len(house.phonegame.calls) == len(house.phonegame.games) == len(house.phonegame.switchboard.active) == 0
        assert await back_to(before) <= before
        assert set(house.errors) <= OURS


async def at_most(width: int, jobs: Iterable[Callable[[], Awaitable[None]]]) -> None:
    """All jobs, in order, so many at a time."""
    left = iter(jobs)

    async def work() -> None:
        for job in left:
            await job()

    async with trio.open_nursery() as nursery:
        for _ in range(width):
            nursery.start_soon(work)


@pytest.mark.slow
async def test_no_transcript_comes_to_a_wrong_game_or_out_of_order() -> None:
    callers, utterances = 20, 6
    async with open_house() as house, trio.open_nursery() as nursery:
        for caller in range(callers):
            sentences = [f"caller{caller} utterance{number}" for number in range(utterances)]
            nursery.start_soon(hears_its_caller_only, house, sentences)


async def hears_its_caller_only(house: House, sentences: list[str]) -> None:
    async with house.game() as game:
        async with house.phone() as caller:
            await caller.joins(game)
            await caller.tries(*sentences)
        await game.hears_words(" ".join(sentences).split())
        # the next call of the same game begins behind the last words of this one
        async with house.phone() as caller:
            await caller.joins(game)
