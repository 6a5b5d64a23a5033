"""Callers whom characters remember: on real calls, with a real file, over restarts of the server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
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
from tests.characters.fake_brain import FakeBrain, Step, act
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
        house.phonegame.casting = replace(casting, find_brain=lambda persona: brain, own=own)
        yield house
        assert house.errors == []


@dataclass
class Talk:
    """What the character says is told by its receipts: a busy machine may tear the words that a phone hears."""

    director: Director
    caller: Caller

    @property
    def said(self) -> list[str]:
        return [event.text for event in self.director.events if isinstance(event, Said)]

    async def says(self, text: str) -> str:
        """Gives the answer."""
        number = len(self.said)
        await self.caller.says(text)
        return (await self.director.gets(Said, number + 1)).text


@asynccontextmanager
async def call(house: House, game: str = "", number: str = NUMBER, **fields: Any) -> AsyncIterator[Talk]:
    """With a game's character, which has said its first words."""
    async with house.phonegame.switchboard.open_seat(lambda event: director.take(event), game=game) as seat:
        director = Director(seat)
        async with house.phone(from_number=number) as caller:
            await caller.phone.key(seat.code)
            await director.gets(CallStarted)
            director.plays(**fields)
            await director.gets(Said)
            yield Talk(director, caller)


@pytest.mark.parametrize("restarts", [True, False])
async def test_a_script_goes_on_where_it_ended(path: Path, restarts: bool) -> None:
    fields: dict[str, Any] = {"greeting": "", "script": SCRIPT, "actions": ()}

    async def call_again(house: House) -> None:
        async with call(house, **fields) as again, call(house, number="+12025550199", **fields) as another:
            assert (again.said, another.said) == (["again market four"], ["gate five"])

    async with house_of(ScriptBrain(), path) as house:
        async with call(house, **fields) as first:
            assert first.said == ["gate five"]
            assert await first.says("pay") == "market four"
        if not restarts:
            await call_again(house)
    if restarts:
        async with house_of(ScriptBrain(), path) as house:
            await call_again(house)


def thoughts(*steps: Sequence[Step]) -> FakeBrain:
    return FakeBrain(steps)


def callers_words(brain: FakeBrain) -> list[str]:
    """As far as the brain was shown them, the last time."""
    return [entry.text for entry in brain.requests[-1].entries if isinstance(entry, CallerSaid)]


async def test_a_model_is_shown_what_was_said_in_the_call_before(path: Path) -> None:
    brain = thoughts(["w00"], ["w01"])
    for text in ("one", "two"):
        async with house_of(brain, path) as house, call(house) as talk:
            await talk.says(text)
    entries = brain.requests[-1].entries
    assert sum(isinstance(entry, CallBegan) for entry in entries) == 2
    assert callers_words(brain) == ["one", "two"]
    assert CharacterSaid("w00") in entries


async def test_the_server_s_own_character_remembers_too(path: Path) -> None:
    brain = thoughts(["w00", act("hang_up")], ["w01", act("hang_up")])
    async with house_of(brain, path, persona(greeting="")) as house:
        for _ in range(2):
            async with house.phone(from_number=NUMBER) as caller:
                await caller.is_hung_up_on("the character hung up")
        assert CharacterSaid("w00") in brain.requests[-1].entries
        # and no game's character of that name knows of it
        house.phonegame.casting = replace(house.phonegame.casting, own=None)
        async with call(house) as talk:
            await talk.says("one")
        assert CharacterSaid("w00") not in brain.requests[-1].entries


async def test_nobody_is_remembered_who_withholds_the_number_or_without_a_file(path: Path) -> None:
    for file, number in ((path, "Anonymous"), (None, NUMBER)):
        brain = thoughts(["w00"], ["w01"])
        async with house_of(brain, file) as house:
            for text in ("one", "two"):
                async with call(house, number=number) as talk:
                    await talk.says(text)
        assert callers_words(brain) == ["two"]


async def test_a_server_that_is_stopped_in_the_midst_of_a_call_has_kept_it(path: Path) -> None:
    async with house_of(thoughts(["w00"]), path) as house, call(house) as talk:
        await talk.says("one")
        house.phonegame.end_nowait()
        await talk.caller.phone.wait_ended()
    brain = thoughts(["w01"])
    async with house_of(brain, path) as house, call(house) as talk:
        await talk.says("two")
    assert callers_words(brain) == ["one", "two"]


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
        async with call(house) as talk:
            await talk.says("one")
            await all_is_saved(house)
            wrong = await trio.to_thread.run_sync(lambda: forget(path, NUMBER))
            assert (wrong.returncode, "made with another PHONEGAME_NUMBER_KEY" in wrong.stderr) == (1, True)
            done = await trio.to_thread.run_sync(lambda: forget(path, "+1 (202) 555-0123", key="planted-key"))
            assert (done.returncode, done.stdout, done.stderr) == (0, "1 conversation deleted.\n", "")
            # what is going on is not torn apart by that
            await talk.says("two")
            assert callers_words(brain) == ["one", "two"]
        async with call(house) as talk:
            await talk.says("three")
    assert callers_words(brain) == ["three"]


async def test_games_share_no_memories(path: Path) -> None:
    brain = FakeBrain(
        think_of=lambda request: [f"n{sum(isinstance(entry, CallerSaid) for entry in request.entries):02}"]
    )
    answers = []
    async with house_of(brain, path) as house:
        for game, name in (("a", "X"), ("b", "X"), ("a", "Y"), ("a", "X"), ("", "X"), ("b", "X")):
            async with call(house, game, name=name) as talk:
                answers.append(await talk.says("one"))
    assert answers == ["n01", "n01", "n01", "n02", "n01", "n02"]


async def test_an_empty_purse_of_the_day_lets_nobody_talk_even_after_a_restart(path: Path) -> None:
    limits: dict[str, Any] = {"day_tokens": 10, "prompt_day_tokens": "w90 w91"}
    brain = thoughts(["w00"])
    async with house_of(brain, path, **limits) as house:
        house.phonegame.day.spend(Limit.TOKENS, 10)
    async with house_of(brain, path, persona(), **limits) as house, house.phone(from_number=NUMBER) as caller:
        await caller.is_hung_up_on("the character's time was up")
    async with house_of(brain, path, **limits) as house, call(house) as talk:
        assert talk.said == ["w90 w91"]
        assert (await talk.director.gets(CharacterEnded)).reason == "limit_day_tokens"
    assert brain.requests == []
