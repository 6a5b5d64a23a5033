"""What every brain does: the contract of brain.py, on each of them in the same play."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
import trio

from phonegame.characters.brain import ActionCall, Brain, BrainError, Mind, Piece, Request, Text, Usage
from phonegame.characters.entries import (
    ActionAsked,
    ActionDone,
    CallBegan,
    CallerSaid,
    CallerSilent,
    CharacterSaid,
    Entry,
    Summary,
)
from phonegame.characters.persona import HANG_UP, Persona
from tests.characters.brains.asking import ask, request_of, text_of
from tests.characters.brains.benches import KEY, Bench, Stage, every
from tests.characters.brains.play import ACTIONS, GREETING
from tests.characters.talker import Talker
from tests.leftovers import back_to, holdings

SECRET = "xylophone"
"""Said by the caller, and by nobody else."""


@asynccontextmanager
async def talking(bench: Bench, state: Any = None) -> AsyncIterator[Talker]:
    async with bench.play() as stage, caller_of(stage, state) as caller:
        yield caller


@asynccontextmanager
async def caller_of(stage: Stage, state: Any = None) -> AsyncIterator[Talker]:
    async with stage.brain.open(state) as mind:
        yield Talker(mind, stage.persona, ACTIONS)


# --- what is answered ---


@every
async def test_it_begins_the_call_and_answers_each_turn(bench: Bench) -> None:
    async with talking(bench) as caller:
        assert await caller.call() == GREETING
        assert await caller.say("hello") == "You said: hello"
        assert await caller.say("and again") == "You said: and again"
        assert await caller.say("and again") == "You said: and again"


@every
async def test_it_may_have_been_greeted_by_somebody_else(bench: Bench) -> None:
    async with talking(bench) as caller:
        caller.entries += [CallBegan("outgoing", at="2026-11-26T09:00"), CharacterSaid("Guess who.")]
        assert await caller.say("hello") == "You said: hello"


@every
async def test_it_has_something_to_say_to_a_caller_who_is_silent(bench: Bench) -> None:
    async with talking(bench) as caller:
        await caller.call()
        assert await caller.wait()
        assert await caller.say("hello") == "You said: hello"


@every
async def test_the_last_entry_is_answered_whatever_went_before(bench: Bench) -> None:
    before: list[Entry] = [
        Summary("They have met."),
        CallBegan(),
        CharacterSaid("Yes?", cut_off=True),
        CallerSaid("two pizzas"),
        ActionAsked("of another call", "bake", {"size": 30}),
        ActionDone("of another call", "no dough", failed=True),
        CallerSilent(10),
        CharacterSaid("Are you still there?"),
        CallerSaid("goodbye"),
        ActionAsked("has no result", HANG_UP, {}),
        CallBegan(),
        CharacterSaid(GREETING),
    ]
    async with talking(bench) as caller:
        caller.entries += before
        assert await caller.say("hello") == "You said: hello"


@every
@pytest.mark.parametrize("said", ["", " ", "?!", "(aside)", "{heard}", "\x00\x1b", "\U0001f600 \u202e", "word " * 2000])
async def test_whatever_is_said_is_answered(bench: Bench, said: str) -> None:
    async with talking(bench) as caller:
        await caller.call()
        await caller.say(said)
        assert await caller.say("hello") == "You said: hello"


@every
async def test_there_may_be_no_actions(bench: Bench) -> None:
    async with bench.play() as stage, stage.brain.open() as mind:
        assert await Talker(mind, stage.persona).say("hello") == "You said: hello"


@every
async def test_the_character_may_be_another_one_from_one_request_to_the_next(bench: Bench) -> None:
    async with bench.play() as stage, stage.brain.open() as mind:
        before = Talker(mind, stage.persona, ACTIONS)
        await before.call()
        changed = msgspec.structs.replace(stage.persona, name="Mario", script=stage.persona.script and _OTHER)
        after = Talker(mind, changed, ACTIONS)
        after.entries = before.entries
        assert await after.say("hello") == "You said: hello"


_OTHER = 'else = "You said: {heard}"\n[states.cellar]'


# --- the pieces of a reply ---


@every
async def test_pieces_come_in_their_order_and_what_they_cost_comes_last(bench: Bench) -> None:
    async with bench.play() as stage:
        pieces = await ask(stage.brain, "two pizzas", persona=stage.persona)
    kinds = [type(piece) for piece in pieces]
    assert text_of(pieces) == "Very well."
    calls = [piece for piece in pieces if isinstance(piece, ActionCall)]
    assert [(call.name, json.loads(call.arguments)) for call in calls] == [
        ("bake", {"size": 30}),
        ("bake", {"size": 45}),
    ]
    assert len({call.action_id for call in calls}) == 2
    assert kinds.index(ActionCall) == kinds.count(Text)
    assert kinds.count(Usage) <= 1
    assert Usage not in kinds[:-1]


@every
@pytest.mark.parametrize(("said", "calls"), [("quietly", 1), ("ignore me", 0)])
async def test_a_reply_may_have_no_words(bench: Bench, said: str, calls: int) -> None:
    async with talking(bench) as caller:
        await caller.call()
        assert await caller.say(said) == ""
        assert len(caller.asked) == calls


@every
async def test_whoever_is_asked_for_a_reply_is_asked_once(bench: Bench) -> None:
    sent: list[str] = []
    async with bench.play() as stage, stage.brain.open() as mind:
        request = request_of("hello", persona=stage.persona, sent=lambda: sent.append("request"))
        async with mind.think(request) as pieces:
            assert text_of([piece async for piece in pieces]) == "You said: hello"
        assert len(sent) == stage.requests.count <= 1


# --- actions ---


@every
@pytest.mark.parametrize("failed", [False, True])
async def test_the_result_of_an_action_is_answered(bench: Bench, failed: bool) -> None:
    async with talking(bench) as caller:
        await caller.call()
        await caller.say("quietly")
        said = await caller.answer("no dough", failed=failed)
        assert said.startswith("You said: ")
        assert said.endswith("no dough")
        assert await caller.say("hello") == "You said: hello"


@every
async def test_the_caller_may_speak_before_there_is_a_result(bench: Bench) -> None:
    async with talking(bench) as caller:
        await caller.call()
        await caller.say("quietly")
        assert "hello" in await caller.say("hello")
        assert "no dough" in await caller.answer("no dough")


@every
async def test_ids_of_actions_are_never_used_again(bench: Bench) -> None:
    async with bench.play() as stage:
        ids: list[str] = []
        for _ in range(2):
            async with caller_of(stage) as caller:
                await caller.call()
                await caller.say("two pizzas")
                await caller.say("quietly")
                ids += [call.action_id for call in caller.asked]
    assert len(set(ids)) == len(ids) == 6


@every
async def test_it_says_goodbye_and_goes_on_when_the_caller_speaks_over_that(bench: Bench) -> None:
    async with talking(bench) as caller:
        await caller.call()
        assert await caller.say("goodbye") == "Good night."
        assert caller.hung_up
        asked = caller.entries[-1]
        assert isinstance(asked, ActionAsked)
        assert (asked.name, asked.arguments) == (HANG_UP, {})
        caller.entries[-2] = CharacterSaid("Good", cut_off=True)
        caller.entries.append(ActionDone(asked.action_id, "the caller spoke: the call goes on", failed=True))
        assert await caller.say("no, wait") == "You said: no, wait"


# --- what counts as said ---

until = pytest.mark.parametrize(
    "until", [None, Text, ActionCall], ids=["before its first piece", "in its words", "in its actions"]
)


async def _take(pieces: AsyncIterator[Piece], until: type[Piece] | None) -> None:
    while until is not None and not isinstance(await anext(pieces), until):
        pass


@every
@until
async def test_a_reply_that_is_left_has_never_been(bench: Bench, until: type[Piece] | None) -> None:
    async with talking(bench) as caller:
        await caller.call()
        before = caller.mind.state
        request = caller.request(*caller.entries, CallerSaid("two pizzas"))
        async with caller.mind.think(request) as pieces:
            await _take(pieces, until)
        assert caller.mind.state == before
        assert await caller.say("two pizzas") == "Very well."
        assert len(caller.asked) == 2


@every
async def test_a_reply_that_the_next_request_does_not_know_has_never_been(bench: Bench) -> None:
    async with bench.play() as stage, caller_of(stage) as caller, caller_of(stage) as other:
        await caller.call()
        await caller.think([*caller.entries, CallerSaid("two pizzas")])
        assert await caller.say("quietly") == ""
        await other.call()
        await other.say("quietly")
        assert caller.mind.state == other.mind.state


@every
@until
async def test_cancelled_it_gives_no_further_piece(bench: Bench, until: type[Piece] | None) -> None:
    async with talking(bench) as caller:
        await caller.call()
        before = caller.mind.state
        request = caller.request(*caller.entries, CallerSaid("two pizzas"))
        with trio.CancelScope() as scope:
            async with caller.mind.think(request) as pieces:
                await _take(pieces, until)
                scope.cancel()
                await anext(pieces)
                pytest.fail("cancelled, and goes on")
        assert scope.cancelled_caught
        assert caller.mind.state == before
        assert await caller.say("two pizzas") == "Very well."


@every
async def test_an_error_of_the_reader_passes_as_it_is(bench: Bench) -> None:
    async with bench.play() as stage:
        with pytest.raises(ValueError, match="planted"):
            await _read_and_fail(stage.brain, stage.persona)


async def _read_and_fail(brain: Brain, persona: Persona) -> None:
    async with brain.open() as mind, mind.think(request_of("two pizzas", persona=persona)) as pieces:
        await anext(pieces)
        raise ValueError("planted")


# --- what it needs to go on in another call ---


@every
async def test_it_goes_on_from_its_state_in_another_call(bench: Bench) -> None:
    async with bench.play() as stage:
        async with caller_of(stage) as first:
            await first.call()
            await first.say("goodbye")
            state = json.loads(json.dumps(first.mind.state, allow_nan=False))
        async with caller_of(stage, state) as second:
            second.entries = first.entries
            assert await second.call() == GREETING
            assert await second.say("hello") == "You said: hello"


@every
@pytest.mark.parametrize("state", [3, "hall", [], {}, {"of": "another brain"}, {"state": 3}], ids=repr)
async def test_a_state_that_it_cannot_use_is_as_good_as_none(bench: Bench, state: Any) -> None:
    async with talking(bench, state) as caller:
        assert await caller.call() == GREETING
        assert await caller.say("hello") == "You said: hello"


# --- when it cannot ---


@every
async def test_what_fails_says_so_tells_nothing_that_was_said_and_can_be_asked_again(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with bench.play() as stage, stage.brain.open() as mind:
        failing = request_of(f"break off, {SECRET}", persona=stage.broken)
        with pytest.raises(BrainError) as caught:
            await _read(mind, failing)
        with pytest.raises(BrainError, match=re.escape(str(caught.value))):
            await _read(mind, failing)
        assert await Talker(mind, stage.persona, ACTIONS).say("hello") == "You said: hello"
    assert str(caught.value)
    assert SECRET not in f"{caught.value!r} {caught.value.__cause__} {caplog.text}"


async def _read(mind: Mind, request: Request) -> None:
    async with mind.think(request) as pieces:
        async for _ in pieces:
            pass


# --- one for the whole process ---


@every
async def test_many_conversations_at_once(bench: Bench) -> None:
    heard: dict[int, str] = {}

    async def talk(number: int) -> None:
        async with caller_of(stage) as caller:
            await caller.call()
            heard[number] = await caller.say(f"I am {number}")

    async with bench.play() as stage, trio.open_nursery() as nursery:
        for number in range(40):
            nursery.start_soon(talk, number)
        await trio.lowlevel.checkpoint()
    assert heard == {number: f"You said: I am {number}" for number in range(40)}


@every
@pytest.mark.slow
async def test_it_keeps_nothing_of_conversations_that_are_over(bench: Bench) -> None:
    async with bench.play() as stage:
        await ask(stage.brain, "two pizzas", persona=stage.persona)
        before = holdings()
        for _ in range(8):
            await ask(stage.brain, "two pizzas", persona=stage.persona)
        assert await back_to(before) <= before


@every
async def test_its_name_is_for_logs(bench: Bench) -> None:
    async with bench.play() as stage:
        assert stage.brain.name.startswith(bench.name)
        assert KEY not in stage.brain.name
