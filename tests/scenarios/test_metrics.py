"""`GET /metrics` of a server on which there are a call, a game, a character, and troubles."""

from __future__ import annotations

from collections import defaultdict

from prometheus_client.parser import text_string_to_metric_families

from phonegame.characters.brains.failures import unreachable
from phonegame.characters.timing import STAGES
from phonegame.switchboard import CallProblem, CharacterSaid
from tests.house import House
from tests.http_client import bearer, fetch
from tests.scenarios.conversation import conversation, open_talking_house
from tests.scenarios.test_characters import on_set
from tests.twilio_side import OPERATOR_KEY


async def metrics(house: House) -> dict[str, float]:
    """Those of its workers, added up."""
    found = defaultdict[str, float](float)
    for address in {house.address, house.twilio_address}:
        answer = await fetch(address, "GET", "/metrics", [bearer(OPERATOR_KEY)])
        assert answer.status == 200
        assert answer.header("content-type") == ["text/plain; version=0.0.4; charset=utf-8"]
        for family in text_string_to_metric_families(answer.text):
            for sample in family.samples:
                found[" ".join([sample.name, *sample.labels.values()])] += sample.value
    return dict(found)


async def test_a_conversation_is_counted_turn_by_turn() -> None:
    async with on_set(["w00 w01 w02"], ["w03"], operator_key=OPERATOR_KEY) as on:
        on.game.plays()
        await on.game.gets(CharacterSaid)
        await on.caller.says("one two")
        await on.game.gets(CharacterSaid, 2)
        await on.caller.says("three")
        await on.game.gets(CharacterSaid, 3)
        during = await metrics(on.house)
        assert (during["phonegame_calls_now incoming"], during["phonegame_calls_now outgoing"]) == (1, 0)
        await on.caller.phone.hang_up()
        await on.house.phonegame.calls.wait_until_empty()
        found = await metrics(on.house)
    assert found["phonegame_calls_now incoming"] == 0
    assert found["phonegame_calls_total incoming hung_up"] == 1
    assert found["phonegame_character_turns_total"] == 2
    assert found["phonegame_character_letters_total"] == len("hello" + "w00 w01 w02" + "w03")
    assert found["phonegame_turn_seconds_count"] == found["phonegame_turn_ours_seconds_count"] == 2
    assert [found[f"phonegame_turn_stage_seconds_count {stage}"] for stage in STAGES] == [2] * len(STAGES)
    parts = sum(found[f"phonegame_turn_stage_seconds_sum {stage}"] for stage in STAGES)
    assert abs(parts - found["phonegame_turn_seconds_sum"]) < 1e-6
    assert 0 < found["phonegame_turn_ours_seconds_sum"] < parts
    told = on.house.fields("how long the caller waited")
    assert told["turns"] == 2
    assert {"waited", "ours", *STAGES} <= told.keys()


async def test_games_are_counted() -> None:
    async with conversation(operator_key=OPERATOR_KEY) as talking:
        found = await metrics(talking.house)
    assert found["phonegame_games_now"] == 1
    assert found["process_resident_memory_bytes"] > 0


async def test_failures_are_counted() -> None:
    async with on_set([unreachable()], operator_key=OPERATOR_KEY) as on:
        on.game.plays(greeting="w00", voice="nobody")
        assert (await on.game.gets(CallProblem)).code == "voice_failed"
        await on.game.gets(CharacterSaid)
        await on.caller.says("one two")
        assert (await on.game.gets(CallProblem, 2)).code == "character_failed"
        found = await metrics(on.house)
    assert found["phonegame_voice_failures_total"] == 1
    assert found["phonegame_character_failures_total voice_failed"] == 1
    assert found["phonegame_character_failures_total character_failed"] == 1


async def test_metrics_are_the_operator_s() -> None:
    async with open_talking_house(operator_key=OPERATOR_KEY) as house:
        assert (await fetch(house.address, "GET", "/metrics")).status == 401
