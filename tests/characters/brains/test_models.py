"""What every brain that is a model's does."""

from __future__ import annotations

import json
import logging

import pytest
import trio

from phonegame.characters.brain import ActionCall, Brain, BrainError, Text, Usage
from phonegame.characters.entries import ActionAsked, ActionDone, CharacterSaid, Entry
from phonegame.local.model import Answer, Call
from tests.characters.brains.asking import ask, request_of, text_of
from tests.characters.brains.benches import Bench, every
from tests.leftovers import back_to, holdings

SECRET = "xylophone"
"""Said by the caller, and by nobody else."""


@every
async def test_a_reply_is_whole(bench: Bench) -> None:
    async with bench.open(Answer(text="Good evening!  What would you like?")) as stage:
        pieces = await ask(stage.brain, "hello")
    assert text_of(pieces) == "Good evening!  What would you like?"
    assert len([piece for piece in pieces if isinstance(piece, Text)]) > 1


@every
async def test_pieces_come_while_the_reply_is_made(bench: Bench) -> None:
    async with bench.open(Answer(text="one two three", stall_after=2)) as stage:
        async with stage.brain.open() as mind, mind.think(request_of("hello")) as pieces:
            assert [await anext(pieces), await anext(pieces)] == [Text("one"), Text(" two")]
            asked = await stage.request(0)
            assert asked.outcome is None
        assert await asked.wait_over() == "client gone"


@every
@pytest.mark.parametrize("first_token", [0, 3600], ids=["within the reply", "before its first word"])
async def test_cancelled_the_request_ends_at_once(bench: Bench, first_token: float) -> None:
    async with bench.open(Answer(text="one", first_token=first_token, stall_after=0)) as stage:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask, stage.brain, "hello")
            asked = await stage.request(0)
            nursery.cancel_scope.cancel()
        assert await asked.wait_over() == "client gone"


@every
@pytest.mark.slow
async def test_leaving_takes_no_time_and_leaves_nothing(bench: Bench) -> None:
    async with bench.open(*[Answer(text="one two", stall_after=1)] * 9) as stage:
        await _begin(stage.brain)
        before = holdings()
        for _ in range(8):
            await _begin(stage.brain)
        assert await back_to(before) <= before


async def _begin(brain: Brain) -> None:
    async with brain.open() as mind, mind.think(request_of("hello")) as pieces:
        await anext(pieces)


@every
async def test_calls_of_actions_come_behind_the_text(bench: Bench) -> None:
    calls = (Call("bake", {"size": 30}), Call("bake", {"size": 45}), Call("hang_up"))
    async with bench.open(Answer(text="Very well.", calls=calls)) as stage:
        pieces = await ask(stage.brain, "two pizzas")
    asked = [piece for piece in pieces if isinstance(piece, ActionCall)]
    assert text_of(pieces) == "Very well."
    assert [(call.name, json.loads(call.arguments)) for call in asked] == [
        ("bake", {"size": 30}),
        ("bake", {"size": 45}),
        ("hang_up", {}),
    ]
    assert len({call.action_id for call in asked}) == 3


@every
async def test_a_reply_may_be_calls_alone_or_nothing(bench: Bench) -> None:
    async with bench.open(Answer(calls=(Call("hang_up"),)), Answer()) as stage:
        first, second = await ask(stage.brain, "bye"), await ask(stage.brain, "bye")
    assert [type(piece) for piece in first] == [ActionCall, Usage]
    assert [type(piece) for piece in second] == [Usage]


@every
async def test_the_cost_comes_last(bench: Bench) -> None:
    async with bench.open(Answer(text="one two three")) as stage:
        cost = (await ask(stage.brain, "hello"))[-1]
    assert isinstance(cost, Usage)
    assert cost.output_tokens == 3
    assert cost.input_tokens > 0


@every
async def test_results_of_actions_are_taken(bench: Bench) -> None:
    async with bench.open() as stage:
        entries: list[Entry | str] = [ActionAsked("x", "bake", {"size": 3}), ActionDone("x", "no dough", failed=True)]
        assert "no dough" in text_of(await ask(stage.brain, "a pizza", *entries))
        again = [*entries, CharacterSaid("Sorry, no", cut_off=True), "why not?"]
        assert "why not?" in text_of(await ask(stage.brain, "a pizza", *again))


@every
async def test_the_tools_are_the_actions(bench: Bench) -> None:
    async with bench.open() as stage:
        await ask(stage.brain, "hello")
        tools = json.dumps((await stage.request(0)).body["tools"])
    assert "bake" in tools
    assert "hang_up" in tools


@every
async def test_a_reply_that_breaks_off_is_an_error_that_tells_nothing_said(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with bench.open(Answer(text="one two three", cut_after=2)) as stage:
        async with stage.brain.open() as mind, mind.think(request_of(SECRET)) as pieces:
            assert [await anext(pieces), await anext(pieces)] == [Text("one"), Text(" two")]
            with pytest.raises(BrainError) as caught:
                await anext(pieces)
        assert stage.requests.count == 1
    assert SECRET not in f"{caught.value!r} {caught.value.__cause__} {caplog.text}"


@every
async def test_many_conversations_at_once(bench: Bench) -> None:
    heard: dict[int, str] = {}

    async def talk(number: int) -> None:
        heard[number] = text_of(await ask(stage.brain, f"I am {number}"))

    async with bench.open() as stage:
        async with trio.open_nursery() as nursery:
            for number in range(40):
                nursery.start_soon(talk, number)
        assert stage.requests.count == 40
    assert heard == {number: f"You said: I am {number}" for number in range(40)}


@every
async def test_one_that_stalls_holds_up_no_other(bench: Bench) -> None:
    async with bench.open(Answer(said="wait", text="one", stall_after=0)) as stage, trio.open_nursery() as nursery:
        nursery.start_soon(ask, stage.brain, "wait")
        await stage.request(0)
        assert text_of(await ask(stage.brain, "hello")) == "You said: hello"
        nursery.cancel_scope.cancel()


@every
async def test_an_error_of_the_reader_passes_as_it_is(bench: Bench) -> None:
    async def read(brain: Brain) -> None:
        async with brain.open() as mind, mind.think(request_of("hello")) as pieces:
            await anext(pieces)
            raise ValueError("planted")

    async with bench.open(Answer(text="one two", stall_after=1)) as stage:
        with pytest.raises(ValueError, match="planted"):
            await read(stage.brain)


@every
async def test_it_has_a_name_and_nothing_to_remember(bench: Bench) -> None:
    async with bench.open() as stage, stage.brain.open({"of": "another brain"}) as mind:
        assert stage.brain.name.startswith(f"{bench.name}:")
        assert mind.state is None
