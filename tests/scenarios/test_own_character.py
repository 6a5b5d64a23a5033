"""`serve --character FILE`: calls in both directions, and no game. And calls that a game's character makes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from phonegame.characters.inline import InlineCharacter
from phonegame.local.game_client import connect_game
from phonegame.local.text_game import Closed
from phonegame.local.twilio_api import Answer, Answers, Machine
from phonegame.local.v1_client import connect_v1
from phonegame.wire import v1
from tests.scenarios.conversation import NO_PROMPTS, open_talking_house
from tests.scenarios.test_game_characters import ORDER, PIZZERIA, says
from tests.scenarios.town import TO, Town, gets_statuses, open_town

MESSAGE = 'message = "b00 b01"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "guido.toml"
    path.write_text(PIZZERIA)
    return path


async def test_callers_talk_to_it_and_need_no_code(file: Path) -> None:
    async with open_talking_house(character=file) as house, house.phone() as caller:
        await caller.hears_words("a00", "a01")
        await caller.says(ORDER)
        # what it wants done is noted, and done
        await caller.reaches("a05")
        assert house.fields("action of a character noted")["action"] == "bake"
        await caller.says("goodbye")
        await caller.is_hung_up_on("the character hung up")
        assert house.errors == []


async def test_what_it_wants_done_is_in_the_call_s_recording(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    house = open_talking_house(character=file, recordings=folder, record="always")
    async with house as opened, opened.phone() as caller:
        await caller.reaches("a01")
        await caller.says(ORDER)
        await caller.reaches("a05")
        await caller.says("goodbye")
        await caller.is_hung_up_on("the character hung up")
    (path,) = folder.glob("*.jsonl")
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    asked = [(line["name"], line["arguments"]) for line in lines if line["event"] == "action"]
    assert asked == [("bake", {"count": 2, "topping": "margherita"})]


async def test_its_file_may_be_changed_between_calls(file: Path) -> None:
    async with open_talking_house(character=file) as house:
        async with house.phone() as caller:
            await caller.hears_words("a00", "a01")
        await trio.Path(file).write_text('greeting = "b00"\n' + PIZZERIA)
        async with house.phone() as caller:
            await caller.hears_words("b00")


async def test_games_are_told_that_they_are_not_for_here(file: Path) -> None:
    async with open_talking_house(character=file) as house:
        async with connect_game(house.game_url) as client:
            closed = await client.receive()
        assert isinstance(closed, Closed)
        assert closed.code == 1008
        async with connect_v1(house.game_url) as game:
            refused = await game.receive()
        assert isinstance(refused, Closed)
        assert "talk to its own character" in str(refused.reason)


# out


@asynccontextmanager
async def own_town(answer: Answer, file: Path, **house: Any) -> AsyncIterator[Town]:
    async with open_town(answer, house={**NO_PROMPTS, "character": file, **house}) as town:
        answered = await town.asks("POST", "/call", json={"to": TO})
        assert answered.status_code == 200
        yield town


@pytest.mark.slow
async def test_whoever_answers_the_operator_s_call_talks_to_it(file: Path) -> None:
    async with own_town(Answers(rings=1, detected_after=20), file) as town:
        call, player = await town.answered()
        await player.hears_words("a00", "a01")
        await player.says("goodbye")
        await player.hears_words("w90")
        call.handset.hang_up()
        assert await call.wait_over() == "completed"


@pytest.mark.slow
@pytest.mark.parametrize(("message", "message_words"), [(MESSAGE, ["b00", "b01"]), ("", [])], ids=["with", "without"])
async def test_it_does_not_chat_with_a_machine(file: Path, message: str, message_words: list[str]) -> None:
    await trio.Path(file).write_text(message + PIZZERIA)
    async with own_town(Machine(greeting="nobody is at home", rings=1), file) as town:
        call, machine = await town.answered()
        assert await call.wait_over() == "completed"
        assert [word for word in machine.heard_words if word in ("b00", "b01")] == message_words
        assert town.house.fields("call ended")["why"] == "a machine has answered"


@pytest.mark.slow
async def test_a_game_s_character_talks_to_whom_it_has_rung_up() -> None:
    async with open_town(Answers(rings=1, detected_after=20), house=NO_PROMPTS) as town, town.house.v1_game() as game:
        # later callers have another one
        await game.client.character(script=PIZZERIA, greeting="b09")
        await game.client.dial(TO, dial_id="d", character=InlineCharacter(script=PIZZERIA))
        await gets_statuses(game, "answered")
        await says(game, "a00 a01")
        call, player = await town.answered()
        await player.says(ORDER)
        assert (await game.gets(v1.ActionAsked)).arguments == {"count": 2, "topping": "margherita"}
        call.handset.hang_up()
        await game.gets(v1.CallEnded)


@pytest.mark.slow
async def test_on_a_machine_a_game_s_character_leaves_its_message() -> None:
    machine = Machine(greeting="nobody is at home", rings=1)
    async with open_town(machine, house=NO_PROMPTS) as town, town.house.v1_game() as game:
        await game.client.dial(TO, dial_id="d", character=InlineCharacter(script=MESSAGE + PIZZERIA))
        await game.joined()
        _, phone = await town.answered()
        assert (await game.gets(v1.CharacterEnded)).reason == "machine"
        assert (await game.gets(v1.CallEnded)).reason == "machine"
        assert phone.heard_words[-2:] == ["b00", "b01"]


async def test_a_character_that_cannot_be_used_is_told_before_the_phone_rings(tmp_path: Path) -> None:
    async with open_talking_house(characters=tmp_path) as house, house.v1_game() as game:
        await game.client.dial(TO, dial_id="d", character="nobody")
        error = await game.gets(v1.Error)
        assert (error.code, error.field, error.dial_id) == ("bad_character", "character", "d")
        await game.client.dial(TO, dial_id="d", character=InlineCharacter(name="Guido"))
        error = await game.gets(v1.Error)
        assert (error.code, error.field, error.dial_id) == ("bad_character", "character.persona", "d")
