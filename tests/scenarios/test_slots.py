"""Several phones in one game: each has a slot, and nobody gets what is somebody else's."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import trio

from phonegame.audio import SILENCE
from phonegame.local.speech.marker import encode_speech
from phonegame.wire import v1
from tests.house import V1Game
from tests.scenarios.conversation import WORD_MS, is_silent_but_for, open_talking_house, outcome, words
from tests.scenarios.party import Guest, finds_it_busy, guest, heard_from, hears_out, party

ANNA, BERT = "+4915112345678", "+4915187654321"
ANONYMOUS = "+266696687"

WHOM: list[Any] = [
    pytest.param(lambda guests: guests[1].call_id, [2], id="one call"),
    pytest.param(lambda guests: 3, [3], id="one slot"),
    pytest.param(lambda guests: [1, 3], [1, 3], id="two slots"),
    pytest.param(lambda guests: [3, 9, 1, 3], [1, 3], id="slots twice and empty ones"),
    pytest.param(lambda guests: None, [1, 2, 3], id="all"),
]
To = Callable[[Sequence[Guest]], Any]


async def receipts(game: V1Game, count: int) -> list[v1.SayFinished]:
    """So many, and no more by the time at which the server has obeyed all that it was sent."""
    await game.reads_until(lambda: len(game.all_of(v1.SayFinished)) >= count)
    await game.is_in_step()
    finished = game.all_of(v1.SayFinished)
    assert len(finished) == count
    return finished


async def test_three_callers_have_three_slots_and_a_fourth_is_told_that_it_is_busy() -> None:
    async with (
        open_talking_house() as house,
        house.v1_game() as game,
        party(house, game, 3) as guests,
        house.phone() as fourth,
    ):
        assert [each.player for each in guests] == [1, 2, 3]
        assert len({each.call_id for each in guests}) == 3
        await finds_it_busy(fourth, game)
        await game.is_in_step()
        # of whom the game learns nothing
        assert len(game.all_of(v1.CallStarted)) == 3


@pytest.mark.parametrize(("to", "reached"), WHOM)
async def test_a_sentence_reaches_those_whom_it_is_for(to: To, reached: list[int]) -> None:
    async with open_talking_house() as house, house.v1_game() as game, party(house, game, 3) as guests:
        await game.client.say("hello", to=to(guests), say_id="a")
        finished = await receipts(game, len(reached))
        assert sorted(each.player or 0 for each in finished) == reached
        assert {(each.say_id, *outcome(each)) for each in finished} == {("a", "hello", False, None)}
        calls = {each.call_id: each.player for each in guests}
        assert all(calls[each.call_id or ""] == each.player for each in finished)
        assert all(calls[each.call_id] == each.player for each in game.all_of(v1.SayStarted))
        assert [each.caller.heard_words for each in guests] == [
            ["hello"] if each.player in reached else [] for each in guests
        ]


@pytest.mark.parametrize(("to", "reached"), WHOM)
async def test_a_clip_reaches_those_whom_it_is_for(to: To, reached: list[int]) -> None:
    clip = encode_speech("ding dong", word_ms=WORD_MS)
    async with open_talking_house() as house, house.v1_game() as game, party(house, game, 3) as guests:
        await game.client.play(clip, form="mulaw", to=to(guests))
        finished = await receipts(game, len(reached))
        assert sorted(each.player or 0 for each in finished) == reached
        for each in guests:
            heard = each.caller.phone.heard
            assert is_silent_but_for(heard, clip) if each.player in reached else not heard.strip(SILENCE)


@pytest.mark.parametrize(("to", "reached"), WHOM)
async def test_a_clear_reaches_those_whom_it_is_for(to: To, reached: list[int]) -> None:
    said = words(6)
    async with open_talking_house() as house, house.v1_game() as game, party(house, game, 3) as guests:
        await game.client.say(said)
        await game.reads_until(lambda: len(game.all_of(v1.SayStarted)) == 3)
        await game.client.clear(to(guests))
        finished = await receipts(game, 3)
        dropped = {each.player: each.dropped and each.dropped.value for each in finished}
        assert dropped == {player: "cleared" if player in reached else None for player in (1, 2, 3)}
        assert {each.heard for each in finished if each.dropped is None} <= {said}


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "when all is said"])
@pytest.mark.parametrize(("to", "reached"), WHOM)
async def test_a_hangup_reaches_those_whom_it_is_for(to: To, reached: list[int], at_once: bool) -> None:
    async with open_talking_house() as house, house.v1_game() as game, party(house, game, 3) as guests:
        await game.client.say("bye")
        await game.client.hangup(to(guests), at_once=at_once)
        await game.reads_until(lambda: len(game.all_of(v1.CallEnded)) == len(reached))
        finished = await receipts(game, 3)
        gone = [each for each in guests if each.player in reached]
        for each in gone:
            await each.caller.is_hung_up_on("the game hung up")
        assert sorted(each.player for each in game.all_of(v1.CallEnded)) == reached
        assert {each.reason for each in game.all_of(v1.CallEnded)} == {"game_hung_up"}
        assert [each.caller.phone.ended for each in guests if each not in gone] == [None] * (3 - len(gone))
        cut = {each.player for each in finished if each.dropped is not None}
        assert cut == (set(reached) if at_once else set())


@pytest.mark.parametrize("order", ["clear", "hangup"])
async def test_an_order_for_somebody_who_is_not_there_is_an_error(order: str) -> None:
    async with open_talking_house() as house, house.v1_game() as game, party(house, game, 2):
        await game.client.send_text(f'{{"type": "{order}", "players": [3]}}')
        error = await game.gets(v1.Error)
        assert (error.code, error.in_reply_to) == ("no_such_call", order)
        # to all, it is just as well that there is nobody
        await game.client.send_text(f'{{"type": "{order}"}}')
        await game.is_in_step()
        assert len(game.all_of(v1.Error)) == 1


async def test_what_callers_say_at_the_same_time_is_not_mixed_up() -> None:
    rng = random.Random(7)
    async with open_talking_house() as house, house.v1_game() as game, party(house, game, 3) as guests:
        said = {
            each.call_id: [f"{each.player}{rng.choice('abcdefgh')}{number}" for number in range(8)] for each in guests
        }
        async with trio.open_nursery() as nursery:
            for each in guests:
                nursery.start_soon(each.says, " ".join(said[each.call_id]))
        for each in guests:
            await hears_out(game, each, " ".join(said[each.call_id]))
        for transcript in game.all_of(v1.Transcript):
            assert set(transcript.text.split()) <= set(said[transcript.call_id])
            assert transcript.text.startswith(str(transcript.player)) or not transcript.text


async def test_keys_name_who_has_pressed_them() -> None:
    async with open_talking_house() as house, house.v1_game() as game, party(house, game, 3) as guests:
        async with trio.open_nursery() as nursery:
            for each in guests:
                nursery.start_soon(each.caller.phone.key, str(each.player))
            await game.reads_until(lambda: len(game.all_of(v1.Dtmf)) == 3)
        assert all(each.digit == str(each.player) for each in game.all_of(v1.Dtmf))


async def test_what_one_caller_says_interrupts_nobody_else() -> None:
    said = words(8)
    async with open_talking_house() as house, house.v1_game() as game, party(house, game, 2) as (loud, quiet):
        await game.client.say(said)
        await game.reads_until(lambda: len(game.all_of(v1.SayStarted)) == 2)
        await loud.caller.phone.wait_heard(0.04)
        await loud.says("stop")
        finished = {each.call_id: each for each in await receipts(game, 2)}
        assert finished[loud.call_id].interrupted
        assert outcome(finished[quiet.call_id]) == (said, False, None)
        assert quiet.caller.phone.clears == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [ANNA, "+49 151 1234-5678"], ids=["as before", "written otherwise"])
async def test_who_drops_and_calls_again_has_the_same_slot(number: str) -> None:
    async with open_talking_house() as house, house.v1_game() as game:
        await game.client.accept(3)
        async with guest(house, game, BERT) as first:
            async with guest(house, game, ANNA) as anna:
                anna.caller.phone.abort()
                await game.gets(v1.CallEnded)
            # a slot is kept, so somebody else gets another one
            async with guest(house, game) as stranger, guest(house, game, number) as again:
                assert (first.player, anna.player, stranger.player, again.player) == (1, 2, 3, 2)
                assert again.call_id != anna.call_id
                assert again.started.caller == anna.started.caller == "+4***78"
                await game.client.say("again", to=2)
                assert (await game.gets(v1.SayFinished)).call_id == again.call_id


@pytest.mark.slow
@pytest.mark.parametrize("number", [None, ANONYMOUS, "", "Anonymous", "12"])
async def test_who_withholds_the_number_is_nobody_who_could_return(number: str | None) -> None:
    async with open_talking_house() as house, house.v1_game() as game:
        await game.client.accept(2)
        async with guest(house, game, number) as first:
            assert first.started.caller is None
        await game.gets(v1.CallEnded)
        async with guest(house, game, BERT) as other, guest(house, game, number) as second:
            assert (first.player, other.player, second.player) == (1, 1, 2)


@pytest.mark.slow
async def test_a_game_that_accepts_fewer_keeps_those_who_are_there() -> None:
    async with open_talking_house() as house, house.v1_game() as game, party(house, game, 2) as (first, second):
        await game.client.accept(1)
        await game.is_in_step()
        await second.says("still here")
        await hears_out(game, second, "still here")
        await second.caller.phone.hang_up()
        await game.gets(v1.CallEnded)
        async with house.phone() as turned_away:
            await finds_it_busy(turned_away, game)
        await first.caller.phone.hang_up()
        await game.gets(v1.CallEnded)
        async with guest(house, game) as third:
            assert third.player == 1
            assert heard_from(game, third) == []


async def test_a_text_game_takes_one_caller_at_a_time_as_ever() -> None:
    async with open_talking_house() as house, house.game() as game, house.phone() as first, house.phone() as second:
        await first.phone.key(game.code)
        await game.joined()
        await finds_it_busy(second, game)


async def test_sixteen_callers_share_a_game() -> None:
    async with open_talking_house() as house, house.v1_game() as game, party(house, game, 16) as guests:
        assert [each.player for each in guests] == list(range(1, 17))
        # a clip, which does not come bit by bit from a voice that many ask for at once
        await game.client.play(encode_speech("hello", word_ms=WORD_MS), form="mulaw")
        assert {outcome(each) for each in await receipts(game, 16)} == {("", False, None)}
        assert [each.caller.heard_words for each in guests] == [["hello"]] * 16
