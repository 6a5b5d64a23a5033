"""Characters of a phonegame.v1 game, over real sockets: scripts, the server's files, a model's stand-in."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio

from phonegame.local.model import Answer as Reply
from phonegame.local.model import Call, ModelConfig, ModelService, Script, serve_model
from phonegame.wire import v1
from tests.house import Caller, House, V1Game
from tests.scenarios.conversation import Conversation, agree, conversation, join, open_talking_house

PIZZERIA = """
name = "Guido"
patience = 0.5
else = ["w90", "w91"]
silence = ["w80", "w81", { say = "w82", hang_up = true }]

[[actions]]
name = "bake"
takes = { count = "integer", topping = "string" }
seconds = 30

[lists]
topping = ["margherita", "pepperoni"]

[states.hello]
say = "a00 a01"
[[states.hello.listen]]
hear = "{count:number} [large] {topping}"
say = "a02"
do = "bake"
with = { count = "{count}", topping = "{topping}" }
done = { say = "a03 {result.minutes}", go = "bye" }
failed = { say = "a04" }

[states.bye]
say = "a05"
listen = [{ hear = "goodbye", say = "a06", hang_up = true }]
"""
ORDER = "two large margherita"


async def says(game: V1Game, text: str, *, cut_off: bool = False) -> None:
    """Its character, next."""
    said = await game.gets(v1.CharacterSaid)
    assert (said.text, said.cut_off) == (text, cut_off)


def in_order(caller: Caller, *words: str) -> bool:
    """Whether it has heard these, and nothing else."""
    return caller.heard_words == list(words)


async def is_asked(talk: Conversation[V1Game]) -> v1.ActionAsked:
    """To bake what the caller orders."""
    await talk.game.client.character(script=PIZZERIA)
    await says(talk.game, "a00 a01")
    await talk.caller.says(ORDER)
    await says(talk.game, "a02")
    return next(iter(talk.game.all_of(v1.ActionAsked)), None) or await talk.game.gets(v1.ActionAsked)


async def test_a_pizza_is_ordered_from_a_script() -> None:
    async with conversation() as talk:
        asked = await is_asked(talk)
        assert (asked.name, asked.arguments) == ("bake", {"count": 2, "topping": "margherita"})
        assert (asked.call_id, asked.player) == (talk.game.all_of(v1.CallStarted)[0].call_id, 1)
        await talk.game.client.action_result(asked.action_id, {"minutes": "w20"})
        await says(talk.game, "a03 w20 a05")
        await talk.caller.says("goodbye")
        await says(talk.game, "a06")
        assert (await talk.game.gets(v1.CharacterEnded)).reason == "hung_up"
        assert (await talk.game.gets(v1.CallEnded)).reason == "character_hung_up"
        await talk.caller.is_hung_up_on("the character hung up")
        assert in_order(talk.caller, "a00", "a01", "a02", "a03", "w20", "a05", "a06")
        assert talk.house.errors == []


async def test_what_the_game_could_not_do_is_told_to_the_caller() -> None:
    async with conversation() as talk:
        asked = await is_asked(talk)
        await talk.game.client.action_result(asked.action_id, "the oven is cold", failed=True, call_id=asked.call_id)
        await says(talk.game, "a04")
        await talk.game.client.action_result(asked.action_id)
        error = await talk.game.gets(v1.Error)
        assert (error.code, error.field, error.in_reply_to) == ("no_such_action", "action_id", "action_result")


async def test_the_caller_speaks_over_the_greeting() -> None:
    async with conversation() as talk:
        await talk.game.client.character(script=PIZZERIA, greeting=" ".join(f"w{number:02}" for number in range(60)))
        await talk.caller.reaches("w01")
        await talk.caller.says("goodbye")
        said = await talk.game.gets(v1.CharacterSaid)
        assert said.cut_off
        assert agree(said.text, talk.caller.heard_words)
        await says(talk.game, "w90")


async def test_a_script_goes_on_speaking_into_silence_until_it_hangs_up() -> None:
    async with conversation() as talk:
        await talk.game.client.character(script=PIZZERIA, silence_seconds=0.2)
        for text in ("a00 a01", "w80", "w81", "w82"):
            await says(talk.game, text)
        assert (await talk.game.gets(v1.CallEnded)).reason == "character_hung_up"


async def test_later_callers_get_it_too_until_it_is_stopped() -> None:
    async with open_talking_house() as house, house.v1_game() as game:
        await game.client.character(script=PIZZERIA)
        for _ in range(2):
            async with house.phone() as caller:
                await join(caller, game)
                await says(game, "a00 a01")
            await game.gets(v1.CallEnded)
        await game.client.character_stop()
        await game.is_in_step()
        async with house.phone() as caller:
            await join(caller, game)
            await caller.says(ORDER)
            await game.hears(ORDER)
        assert len(game.all_of(v1.CharacterSaid)) == 2


async def test_it_is_for_those_callers_that_it_is_meant_for() -> None:
    async with open_talking_house() as house, house.v1_game() as game:
        await game.client.accept(2)
        async with house.phone(from_number="+15550001") as first, house.phone(from_number="+15550002") as second:
            await join(first, game)
            await join(second, game)
            await game.client.character(2, script=PIZZERIA)
            assert (await game.gets(v1.CharacterSaid)).player == 2
            await game.client.character_stop(2)
            assert (await game.gets(v1.CharacterEnded)).reason == "stopped"
            await game.client.character(3, script=PIZZERIA)
            assert (await game.gets(v1.Error)).code == "no_such_call"
        assert first.heard_words == []


async def test_a_script_with_faults_is_told_whole_and_nothing_plays() -> None:
    async with conversation() as talk:
        broken = PIZZERIA.replace('go = "bye"', 'go = "by"').replace("topping = [", "toping = [")
        await talk.game.client.character(script=broken, actions=())
        error = await talk.game.gets(v1.Error)
        assert (error.code, error.field, error.in_reply_to) == ("bad_character", "script", "character")
        assert "there is no state 'by'; did you mean 'bye'?" in error.message
        assert len(error.message.splitlines()) > 1
        await talk.game.is_in_step()
        assert talk.game.all_of(v1.CharacterSaid) == []


async def test_without_a_model_one_without_a_script_is_refused() -> None:
    async with conversation() as talk:
        await talk.game.client.character(name="Guido", persona="You are a cook.")
        error = await talk.game.gets(v1.Error)
        assert (error.code, error.in_reply_to, error.call_id) == ("character_refused", "character", None)
        assert "PHONEGAME_MODEL" in error.message
        await talk.game.client.say("a00")
        assert (await talk.game.gets(v1.SayFinished)).heard == "a00"


async def test_words_that_have_no_room_are_told() -> None:
    async with conversation() as talk:
        await talk.game.client.vocabulary([f"x{number}" for number in range(98)])
        await talk.game.client.character(script=PIZZERIA, vocabulary=("basil", "Oregano", "thyme"))
        error = await talk.game.gets(v1.Error)
        assert (error.code, error.message.rpartition(": ")[2]) == ("vocabulary_refused", "thyme")
        await says(talk.game, "a00 a01")


async def test_a_game_that_comes_back_gets_what_its_character_has_said_and_wants() -> None:
    async with open_talking_house() as house, house.v1_game() as game, house.phone() as caller:
        await join(caller, game)
        await game.client.character(script=PIZZERIA)
        await says(game, "a00 a01")
        await game.client.vanish()
        await caller.says(ORDER)
        await caller.hears_words("a02")
        async with house.resumed(game):
            asked = await game.gets(v1.ActionAsked)
            await game.client.action_result(asked.action_id, {"minutes": "w20"})
            await game.reads_until(lambda: len(game.all_of(v1.CharacterSaid)) == 3)
            assert [said.text for said in game.all_of(v1.CharacterSaid)] == ["a00 a01", "a02", "a03 w20 a05"]


async def test_with_the_game_goes_its_character() -> None:
    async with open_talking_house() as house, house.phone() as caller:
        async with house.v1_game() as game:
            await join(caller, game)
            await game.client.character(script=PIZZERIA)
            await says(game, "a00 a01")
        await caller.is_hung_up_on("the game left")


async def test_it_lets_the_server_say_first_that_the_caller_is_in() -> None:
    async with open_talking_house(prompt_joined="b00") as house, house.v1_game() as game, house.phone() as caller:
        await game.client.character(script=PIZZERIA)
        await game.is_in_step()
        await join(caller, game)
        await caller.hears_words("b00", "a00", "a01")


# the server's files


async def test_one_of_the_server_s_files_is_used_and_outlives_the_game(tmp_path: Path) -> None:
    (tmp_path / "guido.toml").write_text(PIZZERIA)
    async with open_talking_house(characters=tmp_path) as house, house.phone() as caller:
        async with house.v1_game() as game:
            await join(caller, game)
            await game.client.character(use="guido")
            await says(game, "a00 a01")
        await caller.says(ORDER)
        await caller.hears_words("a05")
        await caller.says("goodbye")
        await caller.is_hung_up_on("the character hung up")


async def test_a_file_that_changes_counts_at_the_next_turn(tmp_path: Path) -> None:
    file = tmp_path / "guido.toml"
    file.write_text(PIZZERIA)
    async with conversation(characters=tmp_path) as talk:
        await talk.game.client.character(use="guido")
        await says(talk.game, "a00 a01")
        file.write_text(PIZZERIA.replace('"w90"', '"w70 w71"'))
        await talk.caller.says("what")
        await says(talk.game, "w70 w71")


async def test_a_file_that_is_not_there_or_cannot_be_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("name = 5")
    async with conversation(characters=tmp_path) as talk:
        for name in ("other", "../broken", "broken"):
            await talk.game.client.character(use=name)
            error = await talk.game.gets(v1.Error)
            assert (error.code, error.field) == ("bad_character", "use")
        assert "broken.toml: name: " in talk.game.all_of(v1.Error)[-1].message


# a model


@asynccontextmanager
async def modelled(*replies: Reply, **settings: Any) -> AsyncIterator[tuple[House, ModelService]]:
    async with trio.open_nursery() as nursery:
        model: ModelService = await nursery.start(serve_model, ModelConfig(script=Script(replies)))
        async with open_talking_house(model="local", model_url=model.openai_url, **settings) as house:
            yield house, model
        nursery.cancel_scope.cancel()


GUIDO: dict[str, Any] = {
    "name": "Guido",
    "persona": "You are a cook.",
    "greeting": "a00",
    "patience": 0.1,
    "filler": "",
    "actions": [{"name": "bake", "parameters": {"type": "object", "properties": {"count": {"type": "integer"}}}}],
}


async def plays_guido(game: V1Game, caller: Caller) -> None:
    await join(caller, game)
    await game.client.send_text(json.dumps({"type": "character", **GUIDO}))
    await says(game, "a00")


async def test_a_model_plays_a_character_and_has_an_action_carried_out() -> None:
    replies = (Reply(text="a01.", calls=(Call("bake", {"count": 2}),)), Reply(text="a02."))
    async with modelled(*replies) as (house, model), house.v1_game() as game, house.phone() as caller:
        await plays_guido(game, caller)
        await caller.says("two pizzas please")
        asked = await game.gets(v1.ActionAsked)
        assert asked.arguments == {"count": 2}
        await game.client.action_result(asked.action_id, {"minutes": 20})
        await game.reads_until(lambda: len(game.all_of(v1.CharacterSaid)) == 3)
        assert [said.text for said in game.all_of(v1.CharacterSaid)] == ["a00", "a01.", "a02."]
        assert '{"minutes":20}' in str((await model.request(1)).body)
        assert house.errors == []


async def test_a_model_that_fails_is_an_error_and_the_character_goes_on() -> None:
    replies = (Reply(status=500), Reply(text="a02."))
    async with modelled(*replies) as (house, _), house.v1_game() as game, house.phone() as caller:
        await plays_guido(game, caller)
        await caller.says("hello")
        assert (await game.gets(v1.Error)).code == "character_failed"
        await caller.says("again")
        await game.reads_until(lambda: game.all_of(v1.CharacterSaid)[-1].text == "a02.")
