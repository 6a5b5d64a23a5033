"""The words that a game expects reach Deepgram, for every call, in every session."""

from __future__ import annotations

import pytest

from phonegame.listen import vocabulary
from phonegame.local.speech.marker import encode_speech
from phonegame.local.speech.record import ConnectionRecord
from phonegame.local.speech.script import Plan, Script
from phonegame.wire import v1
from tests.house import House, open_house
from tests.scenarios.conversation import WORD_MS, conversation, open_talking_house, outcome
from tests.scenarios.party import Guest, guest, heard_from, hears_out, party

OWN = "&keyterm=pizza&keyterm=extra%20cheese"
MUCH = [f"xylophonic{number}" for number in range(100)]


def configured(record: ConnectionRecord) -> list[list[str]]:
    """The keyterms of each Configure of this session."""
    messages = [stamped.message for stamped in record.controls]
    terms = [message["keyterms"] for message in messages if message["type"] == "Configure"]
    return [list(each) for each in terms if isinstance(each, list)]


def keyterms_of(record: ConnectionRecord) -> list[str]:
    """Of its URL."""
    assert record.options is not None
    return list(record.options.keyterms)


async def is_told(house: House, number: int, *words: str) -> None:
    """The session of this number is told these words, and these alone, the last time."""
    record = await house.speech.connection(number)
    await record.wait_until(lambda record: configured(record)[-1:] == [list(words)])


async def test_it_reaches_the_session_that_is_open_and_can_be_changed_and_cleared() -> None:
    async with conversation() as talking:
        for words in (["pepperoni", "mushroom"], ["anchovy"], []):
            await talking.game.client.vocabulary(words)
            await is_told(talking.house, 0, *words)
        assert len(talking.house.speech.connections) == 1
        assert talking.game.all_of(v1.Error) == []


async def test_it_reaches_all_callers_and_those_who_come_later() -> None:
    async with open_talking_house() as house, house.v1_game() as game, party(house, game, 2):
        await game.client.vocabulary(["pepperoni"])
        await is_told(house, 0, "pepperoni")
        await is_told(house, 1, "pepperoni")
        await game.client.accept(3)
        async with guest(house, game):
            await is_told(house, 2, "pepperoni")


async def test_it_may_come_before_anybody_has_called() -> None:
    async with open_talking_house() as house, house.v1_game() as game:
        await game.client.vocabulary(["pepperoni"])
        async with guest(house, game):
            await is_told(house, 0, "pepperoni")


async def test_it_is_one_games_alone() -> None:
    async with open_talking_house() as house, house.v1_game() as game, house.v1_game() as other:
        await game.client.vocabulary(["pepperoni"])
        await game.is_in_step()
        async with guest(house, other) as neighbour, guest(house, game):
            await is_told(house, 1, "pepperoni")
            await neighbour.says("hello")
            await hears_out(other, neighbour, "hello")
            assert configured(await house.speech.connection(0)) == []


async def test_the_urls_own_keyterms_stay() -> None:
    async with conversation(keyterms=OWN) as talking:
        await talking.game.client.vocabulary(["pepperoni", "pizza"])
        await is_told(talking.house, 0, "pizza", "extra cheese", "pepperoni")
        await talking.game.client.vocabulary([])
        await is_told(talking.house, 0, "pizza", "extra cheese")


@pytest.mark.slow
async def test_the_next_session_has_it_from_the_start() -> None:
    async with conversation(keyterms=OWN, script=Script([Plan(drop_after=1.0)])) as talking:
        await talking.game.client.vocabulary(["pepperoni"])
        await is_told(talking.house, 0, "pizza", "extra cheese", "pepperoni")
        after = await talking.house.speech.connection(1)
        await after.wait_until(lambda record: record.audio_bytes > 0)
        assert keyterms_of(after) == ["pizza", "extra cheese", "pepperoni"]
        assert configured(after) == []


async def test_too_much_is_refused_and_the_words_before_stay() -> None:
    async with conversation() as talking:
        await talking.game.client.vocabulary(["pepperoni"])
        await is_told(talking.house, 0, "pepperoni")
        await talking.game.client.vocabulary(MUCH)
        error = await talking.game.gets(v1.Error)
        assert (error.code, error.player) == ("vocabulary_refused", 1)
        assert "500" in error.message
        assert configured(await talking.house.speech.connection(0)) == [["pepperoni"]]
        await talking.say("hello")
        assert outcome(await talking.game.gets(v1.SayFinished)) == ("hello", False, None)
        assert talking.house.errors == []


REFUSING = [
    pytest.param(Plan(refuse_configure="CONFIGURE_KEYTERMS_NOT_SUPPORTED"), id="not supported"),
    pytest.param(Plan(refuse_configure="CONFIGURE_INTERNAL_ERROR"), id="fails"),
    pytest.param(Plan(ignore_configure=True), id="no answer"),
]


@pytest.mark.slow
@pytest.mark.parametrize("plan", REFUSING)
async def test_a_deepgram_that_takes_no_configure_gets_another_session_and_no_word_is_lost(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vocabulary, "ANSWER_SECONDS", 0.2)
    said = [f"word{number}" for number in range(16)]
    async with conversation(script=Script(then=plan)) as talking:
        caller = Guest(talking.caller, talking.game.all_of(v1.CallStarted)[0])
        await talking.game.client.vocabulary(["pepperoni"])
        for word in said:
            # a pause after each, in one of which the session is left
            await talking.caller.phone.play(encode_speech(word, word_ms=WORD_MS, pause_ms=80))
        await hears_out(talking.game, caller, " ".join(said))
        after = await talking.house.speech.connection(1)
        assert keyterms_of(after) == ["pepperoni"]
        assert talking.game.all_of(v1.Error) == []
        assert talking.house.errors == []


async def test_what_deepgram_refuses_after_all_is_told_and_the_call_goes_on() -> None:
    script = Script(then=Plan(refuse_configure=vocabulary.LIMIT_EXCEEDED))
    async with conversation(script=script) as talking:
        await talking.game.client.vocabulary(["pepperoni"])
        assert (await talking.game.gets(v1.Error)).code == "vocabulary_refused"
        caller = Guest(talking.caller, talking.game.all_of(v1.CallStarted)[0])
        await caller.says("still here")
        await hears_out(talking.game, caller, "still here")
        assert len(talking.house.speech.connections) == 1
        assert heard_from(talking.game, caller) == ["still", "here"]


async def test_it_stays_while_the_game_is_away() -> None:
    async with open_talking_house() as house, house.v1_game() as game:
        await game.client.vocabulary(["pepperoni"])
        await game.is_in_step()
        async with house.resumed(game), guest(house, game):
            await is_told(house, 0, "pepperoni")


async def test_a_refusal_is_told_also_where_the_words_came_before_the_call() -> None:
    async with open_house() as house, house.v1_game() as game:
        await game.client.vocabulary(f"Zzyxw{number:03}qvbl" * 6 for number in range(100))
        async with house.phone() as caller:
            await caller.joins(game)
            assert (await game.gets(v1.Error)).code == "vocabulary_refused"
