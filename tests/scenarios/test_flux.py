"""What callers and games get where Flux listens: the same, whoever the game is, and nobody is told who listens."""

from __future__ import annotations

from functools import partial

import pytest

from phonegame.local.speech.marker import encode_speech
from phonegame.local.speech.script import Plan, Say, Script
from phonegame.local.text_game import Connected, Heard
from phonegame.wire import v1
from tests.house import House, open_house
from tests.scenarios.conversation import conversation, outcome, words
from tests.scenarios.test_vocabulary import configured, is_told, keyterms_of

flux_house = partial(open_house, flux=True)
flux_conversation = partial(conversation, flux=True)
V1_TEXTS = {"KeepAlive", "Finalize"}


async def sends_nothing_of_v1(house: House) -> None:
    for record in house.speech.connections:
        assert not V1_TEXTS & set(record.control_types)


async def test_a_caller_joins_by_voice_and_the_game_hears_what_is_said_after_the_code() -> None:
    async with flux_house() as house, house.game() as game, house.phone() as caller:
        await caller.says(f"code {game.code} please")
        await game.joined()
        await game.hears("please")
        await caller.says("one pepperoni pizza")
        await game.hears("one pepperoni pizza")
        await sends_nothing_of_v1(house)


async def test_a_text_game_gets_results_and_no_interim_ones() -> None:
    async with flux_house(keyterms="&eager_eot_threshold=0.5") as house, house.game() as game, house.phone() as caller:
        await caller.phone.key(game.code + "#")
        await game.joined()
        await caller.says("extra cheese")
        types = []
        while not isinstance(event := await game.client.receive(), Heard):
            assert event != Connected()
            types.append(event)
        assert event.text == "extra cheese"
        assert len(types) == 1  # SpeechStarted
        await caller.says("no onions")
        await game.hears("no onions")


async def test_a_v1_game_gets_what_it_would_get_of_any_other_model() -> None:
    async with flux_house(keyterms="&eager_eot_threshold=0.5") as house, house.v1_game() as game:
        async with house.phone() as caller:
            await caller.joins(game)
            await caller.says("extra cheese")
            assert isinstance(await game.gets(v1.SpeechStarted), v1.SpeechStarted)
            interim = await game.gets(v1.Transcript)
            assert (interim.text, interim.is_final) == ("extra", False)
            while not (final := await game.gets(v1.Transcript)).is_final:
                assert final.text.startswith("extra")
            assert (final.text, final.speech_final) == ("extra cheese", True)
            assert [word.word for word in final.words] == ["extra", "cheese"]
            end = await game.gets(v1.UtteranceEnd)
            assert end.at == final.words[-1].end
        assert game.all_of(v1.Error) == []


async def test_a_caller_who_speaks_stops_the_phone() -> None:
    async with flux_conversation() as talking:
        await talking.say(words(60))
        await talking.caller.reaches("w03")
        await talking.caller.says("wait")
        finished = await talking.game.gets(v1.SayFinished)
        assert outcome(finished)[1]
        assert finished.heard.split()[:3] == ["w00", "w01", "w02"]


async def test_without_word_times_too() -> None:
    plan = Plan(word_times=False)
    async with flux_conversation(script=Script([plan], then=plan)) as talking:
        await talking.say(words(100))
        await talking.caller.reaches("w40")
        await talking.caller.says("wait")
        assert outcome(await talking.game.gets(v1.SayFinished))[1]
        await talking.game.hears("wait")


async def test_the_words_that_a_game_expects_reach_it() -> None:
    async with flux_conversation(keyterms="&keyterm=pizza") as talking:
        for expected in (["pepperoni"], ["anchovy"], []):
            await talking.game.client.vocabulary(expected)
            await is_told(talking.house, 0, "pizza", *expected)
        assert len(talking.house.speech.connections) == 1
        await talking.game.client.vocabulary([f"x{number}" for number in range(100)])
        error = await talking.game.gets(v1.Error)
        assert error.code == "vocabulary_refused"
        assert "101 words" in error.message


@pytest.mark.slow
async def test_a_flux_that_takes_no_configure_gets_another_session() -> None:
    script = Script([Plan(refuse_configure="CONFIGURE_INTERNAL_ERROR")])
    async with flux_conversation(script=script) as talking:
        await talking.game.client.vocabulary(["pepperoni"])
        after = await talking.house.speech.connection(1)
        assert keyterms_of(after) == ["pepperoni"]
        assert configured(after) == []
        await talking.caller.says("hello")
        await talking.game.hears("hello")


async def test_the_last_words_come_although_the_caller_hangs_up_in_the_midst_of_a_turn() -> None:
    async with flux_house(keyterms="&eot_threshold=1.0") as house, house.v1_game() as game:
        async with house.phone() as caller:
            await caller.joins(game)
            await caller.phone.play(encode_speech("good bye", word_ms=100))
        await game.hears("good bye")
        await game.gets(v1.CallEnded)
        assert (await house.speech.connection(0)).control_types == ["CloseStream"]


@pytest.mark.slow
async def test_a_flux_that_gets_stuck_in_a_turn_is_left_and_nothing_is_lost() -> None:
    script = Script([Plan(mute_after=1.4)])
    async with flux_house(script=script, keyterms="&eot_timeout_ms=500") as house, house.v1_game() as game:
        async with house.phone() as caller:
            await caller.joins(game)
            await caller.keeps_silent(500)
            await caller.phone.play(encode_speech("one two three four five six", word_ms=100))
            await game.hears("one two three four five six")
        assert len(house.speech.connections) == 2


@pytest.mark.slow
async def test_words_are_heard_once_although_sessions_are_lost() -> None:
    script = Script([Plan(drop_after=1.0), Plan(drop_after=1.5), Plan(drop_after=2.0)])
    said = [f"w{number:02}" for number in range(40)]
    async with flux_house(script=script) as house, house.v1_game() as game:
        async with house.phone() as caller:
            await caller.joins(game)
            for sentence in (said[:10], said[10:20], said[20:30], said[30:]):
                await caller.says(" ".join(sentence), pause_ms=400)
            heard: list[str] = []
            while len(heard) < len(said):
                final = await game.gets(v1.Transcript)
                heard += final.text.split() if final.is_final else []
            assert heard == said
        assert len(house.speech.connections) == 4


async def test_a_scripted_turn_that_resumes_is_one_turn_to_the_game() -> None:
    results = (
        Say("four", at=1.0, start=0.7, final=False),
        Say("four", at=1.2, start=0.7, end=1.0, speech_final=False),
        Say("two please", at=1.6, start=1.2, end=1.6),
    )
    async with flux_house(script=Script([Plan(results=results)])) as house, house.v1_game() as game:
        async with house.phone() as caller:
            await caller.joins(game)
            await caller.keeps_silent(2000)
            await game.hears("four two please")
        events = [stamped.message.get("event") for stamped in (await house.speech.connection(0)).sent]
        told = [event for event in events if event != "Update"]
        assert told == [None, "StartOfTurn", "EagerEndOfTurn", "TurnResumed", "EndOfTurn"]
