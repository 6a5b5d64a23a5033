"""What happens around a thought: it is left, it is not needed, its words are never heard, a result comes late."""

from __future__ import annotations

import pytest
import trio

from phonegame.characters.brain import ActionCall, Request
from phonegame.characters.entries import (
    ActionAsked,
    ActionDone,
    CallBegan,
    CallerSaid,
    CallerSilent,
    CharacterSaid,
)
from phonegame.characters.persona import HANG_UP, Persona
from tests.characters.script.talker import talker
from tests.characters.script.test_conversation import ACTING, TWO, listening

COUNTING = listening('[[states.only.listen]]\nhear = "more"\nadd = { n = 1 }\nsay = "{n}"')
ORDER = """
[states.order]
say = "Yes?"
listen = [{ hear = "{count:number} [large] pizza[s]", say = "{count} pizzas.", go = "bye" }]
else = "Sorry?"
[states.bye]
say = "Bye."
hang_up = true
"""


async def test_what_was_never_answered_is_taken_back() -> None:
    """A caller who only seemed to have finished: the next request has the whole of what was said instead."""
    async with talker(TWO) as caller:
        await caller.call()
        await caller.think([*caller.entries, CallerSaid("go to the kitchen")])
        await caller.think([*caller.entries, CallerSaid("go to the kitchen")])
        assert await caller.say("go to the kitchen later") == "This is the kitchen. Visit 1."


async def test_the_same_words_twice_in_a_row_are_answered_twice() -> None:
    script = COUNTING
    async with talker(script) as caller:
        await caller.call()
        assert [await caller.say("more"), await caller.say("more")] == ["1", "2"]
        await caller.think([*caller.entries, CallerSaid("more")])
        assert await caller.say("more") == "3"


async def test_a_thought_that_is_left_early_has_never_been() -> None:
    """An action in it may not have been asked for."""
    async with talker(ACTING) as caller:
        await caller.call()
        said = [*caller.entries, CallerSaid("open the left door")]
        request = Request(Persona(name="Test", script=ACTING), said, (), 300)
        before = caller.mind.state
        async with caller.mind.think(request) as pieces:
            await anext(pieces)
            with trio.CancelScope() as scope:
                scope.cancel()
                async for _ in pieces:
                    pytest.fail("cancelled, and goes on")
        assert scope.cancelled_caught
        assert caller.mind.state == before
        assert await caller.say("open the left door") == "I'll try."
        assert len(caller.asked) == 1


async def test_turns_of_which_nothing_was_heard_in_between_are_one() -> None:
    async with talker(ORDER) as caller:
        await caller.call()
        caller.entries.append(CallerSaid("two"))
        await caller.think(caller.entries)  # "Sorry?", which is cut before its first sound
        assert await caller.say("large pizzas") == "2 pizzas. Bye."


async def test_a_turn_that_has_no_answer_is_not_heard_twice() -> None:
    script = listening('listen = [{ hear = "up", add = { n = 1 } }, { hear = "how high", say = "{n}" }]')
    async with talker(script) as caller:
        await caller.call()
        await caller.say("up")
        await caller.say("up")
        assert await caller.say("how high") == "2"


async def test_a_caller_who_speaks_over_the_goodbye_is_still_in_the_call() -> None:
    async with talker(ORDER) as caller:
        await caller.call()
        caller.entries.append(CallerSaid("one pizza"))
        (call,) = [piece for piece in await caller.think(caller.entries) if isinstance(piece, ActionCall)]
        assert caller.mind.state["ended"]
        caller.entries += [
            CharacterSaid("1", cut_off=True),
            ActionAsked(call.action_id, HANG_UP, {}),
            ActionDone(call.action_id, "the caller spoke", failed=True),
        ]
        assert (await caller.say("no, three pizzas")).startswith("3 pizzas.")


async def test_results_that_come_together_are_all_told() -> None:
    async with talker(ACTING.replace('go = "room"', "")) as caller:
        await caller.call()
        await caller.say("open the left door")
        await caller.say("open the right door")
        first, second = (call.action_id for call in caller.asked)
        caller.entries += [ActionDone(first, "{}"), ActionDone(second, "stuck", failed=True)]
        assert await caller.say("mumble") == "Open since . It won't: stuck."
        assert await caller.say("mumble") == "Sorry? Well?"


async def test_what_is_said_while_an_action_is_carried_out_is_answered_first() -> None:
    async with talker(ACTING + '[[anywhere]]\nhear = "hello"\nsay = "A moment."') as caller:
        await caller.call()
        await caller.say("open the left door")
        caller.entries.append(ActionDone(caller.asked[0].action_id, '{"hour": 8}'))
        assert await caller.say("hello?") == "A moment. Open since 8. A room."


async def test_what_others_say_to_a_silent_caller_takes_nothing_back() -> None:
    async with talker(TWO) as caller:
        await caller.call()
        await caller.say("go to the kitchen")
        caller.entries += [CallerSilent(10), CharacterSaid("Are you still there?")]
        assert await caller.say("back") == "You are in the hall."


async def test_a_request_without_entries_begins_the_call() -> None:
    async with talker(TWO) as caller:
        assert len(await caller.think([])) == 1
        assert len(await caller.think([CallBegan()])) == 1
