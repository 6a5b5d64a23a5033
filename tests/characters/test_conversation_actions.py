from __future__ import annotations

from typing import Any

import pytest
from trio.testing import MockClock

from phonegame.characters.brains.script.brain import ScriptBrain
from phonegame.characters.entries import ActionAsked, ActionDone, CallerSaid, CharacterSaid
from phonegame.characters.persona import Action
from phonegame.characters.reply import MAX_CALLS, MAX_ROUNDS
from phonegame.characters.setting import End
from tests.characters.fake_brain import act
from tests.characters.phone_talk import Talk, talk

ORDER = Action(
    name="order",
    parameters={"type": "object", "properties": {"size": {"enum": ["big", "small"]}}, "required": ["size"]},
    seconds=3,
)
RING = Action(name="ring")
BIG = '{"size": "big"}'


def asks(*thoughts: Any, **more: Any) -> Any:
    return talk(*thoughts, actions=(ORDER, RING), **more)


def answers(call: Talk, result: str = "17", *, failed: bool = False) -> None:
    call.game.answer = lambda asked: call.conversation.result_nowait(asked.action_id, result, failed=failed)


async def test_the_game_is_asked_and_the_brain_told(autojump_clock: MockClock) -> None:
    async with asks(["I will order it. ", act("order", BIG, "a-1")], ["It is number 17."]) as call:
        answers(call)
        await call.until(1.0)
        call.says("A big one.")
        await call.until(4.0)
        assert call.entries[2:] == (
            CallerSaid("A big one."),
            CharacterSaid("I will order it."),
            ActionAsked("a-1", "order", {"size": "big"}),
            ActionDone("a-1", "17"),
            CharacterSaid("It is number 17."),
        )
        assert call.brain.requests[1].entries == call.entries[:-1]
        # the game does it while the caller still hears that it will be done
        assert call.game.told[1:] == [
            (1.0, "action order {'size': 'big'}"),
            (1.8, "said I will order it."),
            (2.6, "said It is number 17."),
        ]


async def test_two_at_a_time(autojump_clock: MockClock) -> None:
    async with asks([act("order", BIG, "a"), act("ring", "", "b")], ["Done."]) as call:
        await call.until(1.0)
        call.says("A big one.")
        await call.until(1.5)
        assert call.conversation.result_nowait("b", "rings", failed=False) is None
        await call.until(2.0)
        assert call.conversation.result_nowait("a", '{"number": 17}', failed=False) is None
        await call.until(3.0)
        asked = ActionAsked("a", "order", {"size": "big"}), ActionAsked("b", "ring", {})
        done = ActionDone("b", "rings"), ActionDone("a", '{"number": 17}')
        assert call.entries[3:] == (*asked, *done, CharacterSaid("Done."))


async def test_what_is_not_answered_in_time_has_failed(autojump_clock: MockClock) -> None:
    async with asks([act("order", BIG, "a")], ["Sorry."], filler="") as call:
        await call.until(1.0)
        call.says("A big one.")
        await call.until(3.99)
        assert len(call.brain.requests) == 1
        await call.until(4.5)
        assert call.entries[4:] == (ActionDone("a", "no answer in time", failed=True), CharacterSaid("Sorry."))


async def test_a_late_result_an_unknown_and_a_second_one_change_nothing(autojump_clock: MockClock) -> None:
    async with asks([act("order", BIG, "a")], ["Sorry."], filler="") as call:
        await call.until(1.0)
        call.says("A big one.")
        await call.until(5.0)
        before = call.entries
        for action_id in ("a", "b", ""):
            why = call.conversation.result_nowait(action_id, "17", failed=False)
            assert why is not None
            assert f"no action {action_id!r} waits for a result" in why
        assert call.entries == before


async def test_a_result_that_is_too_long_has_failed(autojump_clock: MockClock) -> None:
    async with asks([act("order", BIG, "a")], ["Sorry."]) as call:
        await call.until(1.0)
        call.says("A big one.")
        await call.until(1.1)
        assert "at most 8000" in str(call.conversation.result_nowait("a", "x" * 8001, failed=False))
        await call.until(1.5)
        assert call.entries[4] == ActionDone("a", "the result was too long to be read", failed=True)


async def test_what_is_refused_does_not_reach_the_game(autojump_clock: MockClock) -> None:
    calls = act("order", '{"size": "huge"}', "a"), act("order", "[1", "b"), act("fly", "{}", "c")
    async with asks([*calls], ["Sorry."]) as call:
        await call.until(1.0)
        call.says("A huge one.")
        await call.until(3.0)
        assert call.game.asked == []
        done = [entry for entry in call.entries if isinstance(entry, ActionDone)]
        assert [each.result for each in done] == [
            "refused: size: 'huge' is not one of ['big', 'small']",
            "refused: the arguments are no JSON object",
            "refused: there is no action of this name; there are: order, ring, hang_up",
        ]
        assert all(each.failed for each in done)
        assert call.entries[-1] == CharacterSaid("Sorry.")


async def test_the_caller_speaks_while_the_game_is_at_work(autojump_clock: MockClock) -> None:
    """What was asked for is done all the same; the next reply waits for its result, which stands where it belongs."""
    async with asks(["I will order it. ", act("order", BIG, "a")], ["It is number 17."]) as call:
        await call.until(1.0)
        call.says("A big one.")
        await call.until(1.5)
        call.begins("quick")
        call.says("Quick!")
        await call.until(2.5)
        assert len(call.brain.requests) == 1
        call.conversation.result_nowait("a", "17", failed=False)
        await call.until(4.0)
        assert call.entries[2:] == (
            CallerSaid("A big one."),
            CharacterSaid("I will", cut_off=True),
            ActionAsked("a", "order", {"size": "big"}),
            ActionDone("a", "17"),
            CallerSaid("Quick!"),
            CharacterSaid("It is number 17."),
        )


async def test_an_action_waits_until_the_turn_is_over(autojump_clock: MockClock) -> None:
    async with asks([act("ring", "{}", "a")], ["Rings."], patience=2) as call:
        answers(call)
        await call.until(1.0)
        call.says("I would like")
        await call.until(2.9)
        assert call.game.asked == []
        await call.until(4.0)
        assert call.game.told[1] == (3.0, "action ring {}")


async def test_actions_without_an_end(autojump_clock: MockClock) -> None:
    async with asks(*[[act("ring")] for _ in range(20)]) as call:
        answers(call)
        await call.until(1.0)
        call.says("Ring!")
        await call.until(5.0)
        assert len(call.brain.requests) == len(call.game.asked) == MAX_ROUNDS


async def test_too_many_actions_at_once(autojump_clock: MockClock) -> None:
    async with asks([act("ring")] * 100, ["Done."]) as call:
        answers(call)
        await call.until(1.0)
        call.says("Ring!")
        await call.until(3.0)
        assert len(call.game.asked) == MAX_CALLS
        assert len({asked.action_id for asked in call.game.asked}) == MAX_CALLS
        assert call.entries[-1] == CharacterSaid("Done.")


async def test_without_a_game_it_is_noted(autojump_clock: MockClock) -> None:
    async with asks([act("ring", "{}", "a")], ["Done."], with_game=False) as call:
        await call.until(1.0)
        call.says("Ring!")
        await call.until(3.0)
        assert call.entries[4:] == (ActionDone("a", "noted"), CharacterSaid("Done."))


async def test_what_has_no_result_when_the_call_ends_has_failed(autojump_clock: MockClock) -> None:
    async with asks([act("ring", "{}", "a")]) as call:
        await call.until(1.0)
        call.says("Ring!")
        await call.until(2.0)
        call.conversation.stop_nowait(End.CALL_ENDED)
        await call.ended.wait()
        assert call.entries[-1] == ActionDone("a", "the conversation has ended", failed=True)


# hanging up


async def test_hanging_up_waits_until_the_goodbye_has_been_heard(autojump_clock: MockClock) -> None:
    async with asks(["Good night.", act("hang_up", "", "a")]) as call:
        await call.until(1.0)
        call.says("Good night.")
        await call.ended.wait()
        assert (call.now, call.end) == (1.55, End.HUNG_UP)
        assert call.entries[3:] == (
            CharacterSaid("Good night."),
            ActionAsked("a", "hang_up", {}),
            ActionDone("a", "done"),
        )


async def test_without_a_word_the_goodbye_is_the_persona_s(autojump_clock: MockClock) -> None:
    async with asks([act("hang_up")], goodbye="Bye.") as call:
        await call.until(1.0)
        call.says("Good night.")
        await call.ended.wait()
        assert (call.now, call.end) == (1.2, End.HUNG_UP)
        assert call.game.notes[-1] == "said Bye."


async def test_whoever_speaks_over_it_is_not_hung_up_on(autojump_clock: MockClock) -> None:
    async with asks(["Good night, and good luck.", act("hang_up", "", "a")], ["Yes?"]) as call:
        await call.until(1.0)
        call.says("Good night.")
        await call.until(2.0)
        call.says("Wait.")
        await call.until(4.0)
        assert call.end is None
        assert ActionDone("a", "the caller spoke: the call goes on", failed=True) in call.entries
        assert call.entries[-2:] == (CallerSaid("Wait."), CharacterSaid("Yes?"))


TWO_AT_ONCE = """
[states.hello]
[[states.hello.listen]]
hear = "order"
do = "bake"
done = { say = "Baked {result}." }
failed = { say = "Not baked." }
go = "drink"

[states.drink]
say = "One moment."
do = "pour"
done = { say = "Poured {result}." }
failed = { say = "Not poured." }
"""


@pytest.mark.parametrize("in_order", [True, False], ids=["in order", "in another"])
@pytest.mark.parametrize("failed", [True, False], ids=["one failed", "both done"])
async def test_a_script_tells_the_results_of_all_its_actions(
    autojump_clock: MockClock, in_order: bool, failed: bool
) -> None:
    actions = (Action(name="bake", seconds=20), Action(name="pour", seconds=20))
    async with talk(brain=ScriptBrain(1), script=TWO_AT_ONCE, actions=actions) as call:
        await call.until(1.0)
        call.says("An order.")
        await call.until(2.0)
        baked, poured = call.game.asked
        results = [(baked.action_id, "bread", failed), (poured.action_id, "wine", False)]
        for at, (action_id, result, has_failed) in enumerate(results if in_order else reversed(results)):
            await call.until(3.0 + at)
            call.conversation.result_nowait(action_id, result, failed=has_failed)
        await call.until(8.0)
        told = {"Baked bread." if not failed else "Not baked.", "Poured wine."}
        last = call.entries[-1]
        assert isinstance(last, CharacterSaid)
        assert {f"{sentence}." for sentence in last.text.rstrip(".").split(". ")} == told
