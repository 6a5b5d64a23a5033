"""Callers whom characters remember: on real calls, with a real file, over restarts of the server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import trio

from phonegame.characters.brain import Brain
from phonegame.characters.brains.script.brain import ScriptBrain
from phonegame.characters.budget import Limit
from phonegame.characters.entries import CallBegan, CallerSaid, CharacterSaid
from phonegame.characters.keeping import keeper
from phonegame.characters.persona import Persona
from phonegame.switchboard import CallStarted, CharacterEnded
from phonegame.switchboard import CharacterSaid as Said
from tests.characters.fake_brain import FakeBrain, Step
from tests.house import Caller, House
from tests.scenarios.conversation import open_talking_house
from tests.scenarios.test_characters import Director, persona

NUMBER = "+12025550123"
SCRIPT = """
calling_again = "resume"
welcome_back = "again"
[variables]
coins = "five"
[states.gate]
say = "gate {coins}"
[[states.gate.listen]]
hear = "pay"
set = { coins = "four" }
go = "market"
[states.market]
say = "market {coins}"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "memory.sqlite"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy this machine is, nothing is left out."""
    monkeypatch.setattr(keeper, "RECALL_SECONDS", 20)


@asynccontextmanager
async def house_of(brain: Brain, path: Path | None, own: Persona | None = None, **more: Any) -> AsyncIterator[House]:
    async with open_talking_house(memory=path, **more) as house:
        casting = house.phonegame.casting
        house.phonegame.casting = replace(casting, find_brain=lambda persona: brain, own=own or persona())
        yield house
        assert house.errors == []


async def calls(house: House, *said_and_heard: tuple[str, str], number: str | None = NUMBER) -> Caller:
    """Says each, once it has heard the other; then hangs up."""
    async with house.phone(from_number=number) as caller:
        for said, heard in said_and_heard:
            await caller.hears_words(*heard.split())
            if said:
                await caller.says(said)
    return caller


@pytest.mark.parametrize("restarts", [True, False])
async def test_a_script_goes_on_where_it_ended(path: Path, restarts: bool) -> None:
    own = persona(greeting="", script=SCRIPT, actions=())
    async with house_of(ScriptBrain(), path, own) as house:
        await calls(house, ("pay", "gate five"), ("", "market four"))
        if not restarts:
            await calls(house, ("", "again market four"))
    if restarts:
        async with house_of(ScriptBrain(), path, own) as house:
            await calls(house, ("", "again market four"))
            await calls(house, ("", "gate five"), number="+12025550199")


def thoughts(*steps: Sequence[Step]) -> FakeBrain:
    return FakeBrain(steps)


async def test_a_model_is_shown_what_was_said_in_the_call_before(path: Path) -> None:
    brain = thoughts(["w00"], ["w01"])
    async with house_of(brain, path) as house:
        await calls(house, ("one", "hello"), ("", "w00"))
    async with house_of(brain, path) as house:
        await calls(house, ("two", "hello"), ("", "w01"))
    before, again = (
        [entry for entry in brain.requests[-1].entries if isinstance(entry, kind)] for kind in (CallBegan, CallerSaid)
    )
    assert len(before) == 2
    assert again == [CallerSaid("one"), CallerSaid("two")]
    assert CharacterSaid("w00") in brain.requests[-1].entries


async def test_nobody_is_remembered_who_withholds_the_number_or_without_a_file(path: Path) -> None:
    for file, number in ((path, "Anonymous"), (None, NUMBER)):
        brain = thoughts(["w00"], ["w01"])
        async with house_of(brain, file) as house:
            for _ in range(2):
                await calls(house, ("one", "hello"), ("", "w01" if brain.requests else "w00"), number=number)
        assert [entry for entry in brain.requests[-1].entries if isinstance(entry, CallerSaid)] == [CallerSaid("one")]


async def test_a_server_that_is_stopped_in_the_midst_of_a_call_has_kept_it(path: Path) -> None:
    async with house_of(thoughts(["w00"]), path) as house, house.phone(from_number=NUMBER) as caller:
        await caller.hears_words("hello")
        await caller.says("one")
        await caller.hears_words("w00")
        house.phonegame.end_nowait()
        await caller.phone.wait_ended()
    brain = thoughts(["w01"])
    async with house_of(brain, path) as house:
        await calls(house, ("two", "hello"), ("", "w01"))
    assert CallerSaid("one") in brain.requests[-1].entries


async def all_is_saved(house: House) -> None:
    """Who recalls something has to wait for that."""
    assert house.phonegame.keeper is not None
    somebody = house.phonegame.keeper.recollection("somebody", "", "")
    assert somebody is not None
    nothing: Any = SimpleNamespace(recall=lambda entries, state: None)
    await somebody.recall(nothing)


def forget(path: Path, *arguments: str, key: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "phonegame", "forget", *arguments],
        env={"PHONEGAME_MEMORY": str(path), "PHONEGAME_NUMBER_KEY": key},
        cwd=path.parent,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
async def test_a_caller_is_forgotten_while_on_the_phone(path: Path) -> None:
    brain = thoughts(["w00"], ["w01"], ["w02"])
    async with house_of(brain, path, number_key="planted-key") as house:
        async with house.phone(from_number=NUMBER) as caller:
            await caller.hears_words("hello")
            await caller.says("one")
            await caller.hears_words("w00")
            await all_is_saved(house)
            wrong = await trio.to_thread.run_sync(lambda: forget(path, NUMBER))
            assert (wrong.returncode, "made with another PHONEGAME_NUMBER_KEY" in wrong.stderr) == (1, True)
            done = await trio.to_thread.run_sync(lambda: forget(path, "+1 (202) 555-0123", key="planted-key"))
            assert (done.returncode, done.stdout, done.stderr) == (0, "1 conversation deleted.\n", "")
            await caller.says("two")
            await caller.hears_words("w01")
        await calls(house, ("three", "hello"), ("", "w02"))
    assert [entry for entry in brain.requests[-1].entries if isinstance(entry, CallerSaid)] == [CallerSaid("three")]


async def in_game(house: House, game: str, **fields: Any) -> list[str]:
    """What a game's character says, to a caller who says a word and hangs up when that is answered."""
    async with house.phonegame.switchboard.open_seat(lambda event: director.take(event), game=game) as seat:
        director = Director(seat)
        async with house.phone(from_number=NUMBER) as caller:
            await caller.phone.key(seat.code)
            await director.gets(CallStarted)
            director.plays(**fields)
            await director.gets(Said)
            await caller.says("one")
            await director.gets(Said, 2)
        return [event.text for event in director.events if isinstance(event, Said)]


async def test_games_share_no_memories(path: Path) -> None:
    brain = FakeBrain(
        think_of=lambda request: [f"n{sum(isinstance(entry, CallerSaid) for entry in request.entries):02}"]
    )
    async with open_talking_house(memory=path) as house:
        house.phonegame.casting = replace(house.phonegame.casting, find_brain=lambda persona: brain)
        said = [
            await in_game(house, game, name=name)
            for game, name in (("a", "X"), ("b", "X"), ("a", "Y"), ("a", "X"), ("", "X"), ("b", "X"))
        ]
    assert [answer for _, answer in said] == ["n01", "n01", "n01", "n02", "n01", "n02"]


async def test_an_empty_purse_of_the_day_lets_nobody_talk_even_after_a_restart(path: Path) -> None:
    limits: dict[str, Any] = {"day_tokens": 10, "prompt_day_tokens": "w90 w91"}
    async with house_of(thoughts(), path, **limits) as house:
        house.phonegame.day.spend(Limit.TOKENS, 10)
    async with house_of(thoughts(), path, **limits) as house:
        async with house.phone(from_number=NUMBER) as caller:
            await caller.is_hung_up_on("the character's time was up")
        assert caller.heard_words == ["w90", "w91"]


async def test_a_game_is_told_that_the_day_is_over() -> None:
    brain = thoughts()
    async with open_talking_house(day_minutes=1) as house:
        house.phonegame.casting = replace(house.phonegame.casting, find_brain=lambda persona: brain)
        house.phonegame.day.learn(house.phonegame.day.take_unsaved()[0], {"limit_day_minutes": 1.0})
        async with house.phonegame.switchboard.open_seat(lambda event: director.take(event)) as seat:
            director = Director(seat)
            async with house.phone() as caller:
                await caller.phone.key(seat.code)
                await director.gets(CallStarted)
                director.plays()
                assert (await director.gets(CharacterEnded)).reason == "limit_day_minutes"
        assert brain.requests == []
