"""The example that comes with phonegame, talked with from end to end."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from phonegame.characters.files import read_character
from tests.characters.script.talker import talker
from tests.characters.talker import Talker

with resources.as_file(resources.files("phonegame.characters") / "examples" / "pizzeria.toml") as path:
    EXAMINED = read_character(Path(path))


@asynccontextmanager
async def pizzeria(state: Any = None) -> AsyncGenerator[Talker, None]:
    assert EXAMINED.persona is not None
    async with talker(EXAMINED.persona.script, state) as caller:
        await caller.call()
        yield caller


def test_it_is_without_fault() -> None:
    assert EXAMINED.faults.found == []


def test_recognisers_are_told_its_words() -> None:
    assert EXAMINED.persona is not None
    assert {"pepperoni", "large pepperoni", "that's all", "repeat that"} <= set(EXAMINED.persona.vocabulary)


async def test_an_order_step_by_step() -> None:
    async with pizzeria() as caller:
        assert "{" not in await caller.say("Good evening.")
        assert "four cheese" in await caller.say("I'd like a pizza")
        assert "Small, medium or large" in await caller.say("Four cheese, please.")
        assert "drink" in await caller.say("a large one")
        assert "table" in await caller.say("beer and a cola")
        assert "none of that number" in await caller.say("99")
        assert (
            await caller.say("twelve")
            == "1 large four cheese pizza, to drink beer and cola, for table 12. Is that right?"
        )
        await caller.say("yes please")
        assert caller.asked[0].name == "order_placed"
        assert caller.arguments() == {
            "count": 1, "size": "large", "topping": "four cheese", "drinks": ["beer", "cola"], "table": 12,
        }  # fmt: skip
        assert await caller.answer({"minutes": 1}) == "It will be with you in 1 minute. Anything else?"
        assert "Ciao" in await caller.say("No, thanks.")
        assert caller.hung_up


async def confirmed(caller: Talker) -> None:
    await caller.say("two large peperoni pizzas and a coke")
    assert await caller.say("table 7") == "2 large pepperoni pizzas, to drink cola, for table 7. Is that right?"


@pytest.mark.parametrize(
    ("said", "order"),
    [
        (["no, make it hawaii"], "2 large hawaii pizzas, to drink cola, for table 7."),
        (["rather small"], "2 small pepperoni pizzas, to drink cola, for table 7."),
        (["make that three"], "3 large pepperoni pizzas, to drink cola, for table 7."),
        (["no, table 8"], "2 large pepperoni pizzas, to drink cola, for table 8."),
        (["water instead"], "2 large pepperoni pizzas, to drink water, for table 7."),
        (["no", "the size", "small"], "2 small pepperoni pizzas, to drink cola, for table 7."),
        (["change the drinks", "nothing"], "2 large pepperoni pizzas, to drink nothing, for table 7."),
        (["wrong pizza", "mushrooms"], "2 large mushroom pizzas, to drink cola, for table 7."),
    ],
)
async def test_minds_may_be_changed(said: list[str], order: str) -> None:
    async with pizzeria() as caller:
        await confirmed(caller)
        for words in said[:-1]:
            await caller.say(words)
        assert (await caller.say(said[-1])).startswith(order)


async def test_small_talk_comes_back_to_the_question() -> None:
    async with pizzeria() as caller:
        await caller.say("margherita")
        for words in ("how are you", "who are you?", "how much is it"):
            assert "Small, medium or large?" in await caller.say(words)
        assert "margherita" in await caller.say("what do you have")


async def test_who_is_silent_is_asked_and_then_left() -> None:
    async with pizzeria() as caller:
        assert (await caller.wait()).startswith("Hello?")
        assert not caller.hung_up
        await caller.wait()
        assert caller.hung_up


async def test_twenty_pizzas_are_enough() -> None:
    async with pizzeria() as caller:
        assert "twenty" in await caller.say("a hundred margherita")
        assert "Small" in await caller.say("twenty")


async def test_the_kitchen_may_say_no() -> None:
    async with pizzeria() as caller:
        await confirmed(caller)
        await caller.say("yes")
        assert "something else" in await caller.answer("no more flour", failed=True)
        assert "Is that right" in await caller.say("one hawaii")


async def test_who_calls_again_is_welcomed_back() -> None:
    async with pizzeria() as caller:
        state = caller.mind.state
    assert EXAMINED.persona is not None
    async with talker(EXAMINED.persona.script, state) as caller:
        assert (await caller.call()).startswith("Ah, it's you again!")
