"""Characters on real calls: a game's and the server's own, with a brain of the test's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import pytest
import trio

from phonegame.characters.brain import BrainMissing
from phonegame.characters.entries import ActionDone, CallerSaid
from phonegame.characters.persona import Action, Persona
from phonegame.characters.timing import TurnTimes
from phonegame.local.speech.script import Plan, Script
from phonegame.local.speech.script import Say as Spoken
from phonegame.speak.saying import Saying
from phonegame.switchboard import (
    ActionResult,
    CallEnded,
    CallEvent,
    CallHeard,
    CallKeyed,
    CallProblem,
    CallStarted,
    CharacterAsks,
    CharacterEnded,
    CharacterSaid,
    Expect,
    FromCall,
    PlayCharacter,
    Say,
    SayFinished,
    Seat,
    StopCharacter,
)
from tests.characters.fake_brain import FakeBrain, Step, act
from tests.house import Caller, House
from tests.scenarios.conversation import agree, open_talking_house, words
from tests.scenarios.test_vocabulary import configured

E = TypeVar("E", bound=CallEvent)
RING = Action(name="ring", parameters={"type": "object", "properties": {"times": {"type": "integer"}}}, seconds=20)


def persona(**fields: Any) -> Persona:
    return Persona(
        **{"name": "Tester", "greeting": "hello", "patience": 0.1, "filler": "", "actions": (RING,), **fields}
    )


@dataclass
class Director:
    """A game, at the switchboard: what a game's own messages will become there."""

    seat: Seat
    events: list[CallEvent] = field(default_factory=list)
    changed: trio.Event = field(default_factory=trio.Event)

    def take(self, event: FromCall) -> None:
        self.events.append(event.event)
        self.changed.set()
        self.changed = trio.Event()

    async def gets(self, kind: type[E], number: int = 1) -> E:
        """The so-manieth of its kind since the call began."""
        while len(found := [event for event in self.events if isinstance(event, kind)]) < number:
            await self.changed.wait()
        return found[number - 1]

    def plays(self, **fields: Any) -> None:
        self.seat.command_nowait(PlayCharacter(persona(**fields)))


@dataclass
class Set:
    house: House
    game: Director
    caller: Caller
    brain: FakeBrain


def cast(house: House, brain: FakeBrain, **more: Any) -> None:
    house.phonegame.casting = replace(house.phonegame.casting, find_brain=lambda persona: brain, **more)


@asynccontextmanager
async def on_set(*thoughts: Sequence[Step], **house: Any) -> AsyncIterator[Set]:
    brain = FakeBrain(thoughts)
    async with open_talking_house(**house) as opened:
        cast(opened, brain)
        async with opened.phonegame.switchboard.open_seat(lambda event: director.take(event)) as seat:
            director = Director(seat)
            async with opened.phone() as caller:
                await caller.phone.key(seat.code)
                await director.gets(CallStarted)
                yield Set(opened, director, caller, brain)
        assert opened.errors == []


async def test_a_character_of_the_game_talks_to_the_caller() -> None:
    turns: list[TurnTimes] = []
    async with on_set(["w00 w01 w02"], ["w03"]) as on:
        on.house.phonegame.casting = replace(on.house.phonegame.casting, on_turn=turns.append)
        on.game.plays()
        assert await on.game.gets(CharacterSaid) == CharacterSaid("hello", cut_off=False)
        await on.caller.says("one two")
        assert await on.game.gets(CharacterSaid, 2) == CharacterSaid("w00 w01 w02", cut_off=False)
        await on.caller.says("three")
        assert await on.game.gets(CharacterSaid, 3) == CharacterSaid("w03", cut_off=False)
        assert on.caller.heard_words == ["hello", "w00", "w01", "w02", "w03"]
        said = [entry for entry in on.brain.requests[-1].entries if isinstance(entry, CallerSaid)]
        assert said == [CallerSaid("one two"), CallerSaid("three")]
        # the game has heard the same
        heard = [event.heard.results for event in on.game.events if isinstance(event, CallHeard)]
        assert [each.best.transcript for each in heard if each and each.is_final and each.best.transcript] == [
            "one two",
            "three",
        ]


async def test_the_caller_speaks_over_it() -> None:
    async with on_set([words(60)], ["yes"]) as on:
        on.game.plays(greeting="")
        await on.caller.reaches("w01")
        await on.caller.says("stop")
        said = await on.game.gets(CharacterSaid)
        assert said.cut_off
        assert words(60).startswith(said.text)
        assert await on.game.gets(CharacterSaid, 2) == CharacterSaid("yes", cut_off=False)
        *heard, yes = on.caller.heard_words
        assert yes == "yes"
        assert agree(said.text, heard)


async def test_the_game_does_what_the_character_wants() -> None:
    async with on_set([act("ring", '{"times": 2}')], ["done"]) as on:
        on.game.plays()
        await on.game.gets(CharacterSaid)
        await on.caller.says("ring")
        asked = await on.game.gets(CharacterAsks)
        assert (asked.name, asked.arguments) == ("ring", {"times": 2})
        on.game.seat.command_nowait(ActionResult(asked.action_id, '"rings"'))
        assert await on.game.gets(CharacterSaid, 2) == CharacterSaid("done", cut_off=False)
        assert on.brain.requests[-1].entries[-1] == ActionDone(asked.action_id, '"rings"')
        on.game.seat.command_nowait(ActionResult(asked.action_id, '"again"'))
        assert (await on.game.gets(CallProblem)).code == "no_such_action"


async def test_a_character_hangs_up() -> None:
    async with on_set(["good night", act("hang_up")]) as on:
        on.game.plays()
        await on.game.gets(CharacterSaid)
        await on.caller.says("bye")
        await on.caller.is_hung_up_on("the character hung up")
        assert on.caller.heard_words == ["hello", "good", "night"]
        assert (await on.game.gets(CharacterEnded)).reason == "hung_up"
        assert (await on.game.gets(CallEnded)).reason == "character_hung_up"


async def test_to_a_silent_caller_it_says_goodbye() -> None:
    async with on_set() as on:
        on.game.plays(silence_seconds=0.3, silence_prompt="w00", goodbye="w01")
        await on.caller.is_hung_up_on("the caller said nothing any more")
        assert on.caller.heard_words == ["hello", "w00", "w01"]
        assert (await on.game.gets(CharacterEnded)).reason == "caller_silent"


async def test_a_stopped_character_leaves_the_call_to_the_game() -> None:
    async with on_set([words(60)]) as on:
        on.game.plays(greeting="")
        await on.caller.reaches("w01")
        on.game.seat.command_nowait(StopCharacter())
        assert (await on.game.gets(CharacterEnded)).reason == "stopped"
        assert (await on.game.gets(CharacterSaid)).cut_off
        on.game.seat.command_nowait(Say(Saying(say_id="1", text="a00")))
        assert (await on.game.gets(SayFinished)).receipt.heard == "a00"
        await on.caller.says("hello")
        await on.game.gets(CallHeard)
        assert len(on.brain.requests) == 1


async def test_another_character_takes_its_place() -> None:
    async with on_set([words(60)]) as on:
        on.game.plays(greeting="")
        await on.caller.reaches("w01")
        on.game.plays(greeting="a00", name="Other")
        assert (await on.game.gets(CharacterEnded)).reason == "replaced"
        assert await on.game.gets(CharacterSaid, 2) == CharacterSaid("a00", cut_off=False)


async def test_one_that_cannot_be_played_is_refused() -> None:
    async with on_set() as on:
        on.game.plays(actions=(Action(name="hang_up"),))
        problem = await on.game.gets(CallProblem)
        assert problem.code == "character_refused"
        assert "'hang_up', name: is the server's own" in problem.message


async def test_its_words_and_the_game_s_are_expected() -> None:
    async with on_set() as on:
        on.game.seat.command_nowait(Expect(("pasta",)))
        on.game.plays(vocabulary=("basil",))
        await on.game.gets(CharacterSaid)
        [record] = on.house.speech.connections
        await record.wait_until(lambda record: configured(record)[-1:] == [["pasta", "basil"]])
        on.game.seat.command_nowait(StopCharacter())
        await record.wait_until(lambda record: configured(record)[-1:] == [["pasta"]])


async def test_a_limit_ends_the_character_and_not_the_call() -> None:
    async with on_set(["yes"], ["no"], call_turns=1, prompt_limit_turns="that was all") as on:
        on.game.plays()
        await on.game.gets(CharacterSaid)
        await on.caller.says("one")
        assert (await on.game.gets(CharacterEnded)).reason == "limit_turns"
        assert on.caller.heard_words[-3:] == ["that", "was", "all"]
        on.game.seat.command_nowait(Say(Saying(say_id="1", text="a00")))
        assert (await on.game.gets(SayFinished)).receipt.heard == "a00"


# the server's own


@asynccontextmanager
async def own_character(*thoughts: Sequence[Step], brain: FakeBrain | None = None, **fields: Any) -> AsyncIterator[Any]:
    brain = brain or FakeBrain(thoughts)
    async with open_talking_house(code_seconds=0.5) as house:
        cast(house, brain, own=persona(**fields))
        async with house.phone() as caller:
            yield house, caller, brain


async def test_the_server_s_own_character_asks_for_no_code() -> None:
    async with own_character(["w00"], ["w01", act("hang_up")]) as (house, caller, brain):
        await caller.hears_words("hello")
        # a game's code means nothing here
        async with house.game() as game:
            await caller.phone.key(game.code)
            await caller.says("forty two")
            await caller.hears_words("w00")
            await caller.keeps_silent(600)
            await caller.says("bye")
            await caller.is_hung_up_on("the character hung up")
        assert caller.heard_words == ["hello", "w00", "w01"]
        assert brain.requests[0].entries[-1] == CallerSaid("forty two")
        assert house.errors == []


async def test_its_actions_are_noted() -> None:
    async with own_character([act("ring")], ["done"]) as (house, caller, _):
        await caller.hears_words("hello")
        await caller.says("ring")
        await caller.hears_words("done")
        assert house.fields("action of a character noted")["action"] == "ring"


async def test_a_call_whose_character_cannot_be_played_ends() -> None:
    async with own_character(brain=FakeBrain(opens=BrainMissing("there is no key"))) as (house, caller, _):
        await caller.is_hung_up_on("the character could not be played")
        assert house.fields("trouble with a character")["why"] == "there is no key"


async def test_it_goes_on_when_the_game_that_has_named_it_has_left() -> None:
    brain = FakeBrain([["w00"], ["w01", act("hang_up")]])
    async with open_talking_house() as house:
        cast(house, brain)
        async with house.phone() as caller:
            async with house.phonegame.switchboard.open_seat(lambda event: director.take(event)) as seat:
                director = Director(seat)
                await caller.phone.key(seat.code)
                await director.gets(CallStarted)
                seat.command_nowait(PlayCharacter(persona(), is_servers_own=True))
                await director.gets(CharacterSaid)
            await caller.says("one")
            await caller.hears_words("w00")
            await caller.says("two")
            await caller.is_hung_up_on("the character hung up")
        assert house.errors == []


async def test_a_game_s_own_character_leaves_with_it() -> None:
    brain = FakeBrain()
    async with open_talking_house() as house:
        cast(house, brain)
        async with house.phone() as caller:
            async with house.phonegame.switchboard.open_seat(lambda event: director.take(event)) as seat:
                director = Director(seat)
                await caller.phone.key(seat.code)
                await director.gets(CallStarted)
                director.plays()
                await director.gets(CharacterSaid)
            await caller.is_hung_up_on("the game left")


async def test_keys_reach_the_game_while_a_character_plays() -> None:
    async with on_set() as on:
        on.game.plays()
        await on.game.gets(CharacterSaid)
        await on.caller.phone.key("5")
        assert await on.game.gets(CallKeyed) == CallKeyed("5")


@pytest.mark.parametrize("flux", [False, True], ids=["v1", "flux"])
async def test_what_noise_has_stopped_is_gone_on_with(flux: bool) -> None:
    results = (Spoken("the", at=2.0, start=1.9, final=False), Spoken("", at=2.3, start=1.9))
    async with on_set([words(60)], script=Script([Plan(results=results)]), flux=flux) as on:
        on.game.plays(greeting="")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(on.caller.keeps_silent, 8000)
            cut = await on.game.gets(CharacterSaid)
            assert cut.cut_off
            assert words(60).startswith(cut.text)
            assert await on.game.gets(CharacterSaid, 2) == CharacterSaid(words(60), cut_off=False)
            nursery.cancel_scope.cancel()
        assert len(on.brain.requests) == 1
