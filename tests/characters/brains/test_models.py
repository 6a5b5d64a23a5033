"""What every brain that is a model's does, besides what every brain does: it asks somebody else, who takes time."""

from __future__ import annotations

import json
import logging

import pytest
import trio

from phonegame.characters.brain import Brain, BrainError, Text, Usage
from phonegame.local.model import Answer
from tests.characters.brains.asking import ask, request_of, text_of
from tests.characters.brains.benches import ModelBench, every_model
from tests.leftovers import back_to, holdings

SECRET = "xylophone"
"""Said by the caller, and by nobody else."""


@every_model
async def test_a_reply_is_whole(bench: ModelBench) -> None:
    async with bench.open(Answer(text="Good evening!  What would you like?")) as stage:
        pieces = await ask(stage.brain, "hello")
    assert text_of(pieces) == "Good evening!  What would you like?"
    assert len([piece for piece in pieces if isinstance(piece, Text)]) > 1


@every_model
async def test_pieces_come_while_the_reply_is_made(bench: ModelBench) -> None:
    async with bench.open(Answer(text="one two three", stall_after=2)) as stage:
        async with stage.brain.open() as mind, mind.think(request_of("hello")) as pieces:
            assert [await anext(pieces), await anext(pieces)] == [Text("one"), Text(" two")]
            asked = await stage.request(0)
            assert asked.outcome is None
        assert await asked.wait_over() == "client gone"


@every_model
@pytest.mark.parametrize("first_token", [0, 3600], ids=["within the reply", "before its first word"])
async def test_cancelled_the_request_ends_at_once(bench: ModelBench, first_token: float) -> None:
    async with bench.open(Answer(text="one", first_token=first_token, stall_after=0)) as stage:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask, stage.brain, "hello")
            asked = await stage.request(0)
            nursery.cancel_scope.cancel()
        assert await asked.wait_over() == "client gone"


@every_model
@pytest.mark.slow
async def test_leaving_takes_no_time_and_leaves_nothing(bench: ModelBench) -> None:
    async with bench.open(*[Answer(text="one two", stall_after=1)] * 9) as stage:
        await _begin(stage.brain)
        before = holdings()
        for _ in range(8):
            await _begin(stage.brain)
        assert await back_to(before) <= before


async def _begin(brain: Brain) -> None:
    async with brain.open() as mind, mind.think(request_of("hello")) as pieces:
        await anext(pieces)


@every_model
async def test_the_cost_comes_last(bench: ModelBench) -> None:
    async with bench.open(Answer(text="one two three")) as stage:
        cost = (await ask(stage.brain, "hello"))[-1]
    assert isinstance(cost, Usage)
    assert cost.output_tokens == 3
    assert cost.input_tokens > 0


@every_model
async def test_the_tools_are_the_actions(bench: ModelBench) -> None:
    async with bench.open() as stage:
        await ask(stage.brain, "hello")
        tools = json.dumps((await stage.request(0)).body["tools"])
    assert "bake" in tools
    assert "hang_up" in tools


@every_model
async def test_a_reply_that_breaks_off_is_an_error_that_tells_nothing_said(
    bench: ModelBench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with bench.open(Answer(text="one two three", cut_after=2)) as stage:
        async with stage.brain.open() as mind, mind.think(request_of(SECRET)) as pieces:
            assert [await anext(pieces), await anext(pieces)] == [Text("one"), Text(" two")]
            with pytest.raises(BrainError) as caught:
                await anext(pieces)
        assert stage.requests.count == 1
    assert SECRET not in f"{caught.value!r} {caught.value.__cause__} {caplog.text}"


@every_model
async def test_one_that_stalls_holds_up_no_other(bench: ModelBench) -> None:
    async with bench.open(Answer(said="wait", text="one", stall_after=0)) as stage, trio.open_nursery() as nursery:
        nursery.start_soon(ask, stage.brain, "wait")
        await stage.request(0)
        assert text_of(await ask(stage.brain, "hello")) == "You said: hello"
        nursery.cancel_scope.cancel()


@every_model
async def test_it_has_nothing_to_remember(bench: ModelBench) -> None:
    async with bench.open() as stage, stage.brain.open({"of": "another brain"}) as mind:
        async with mind.think(request_of("hello")) as pieces:
            assert text_of([piece async for piece in pieces]) == "You said: hello"
        assert mind.state is None
