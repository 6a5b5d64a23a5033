from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from phonegame.characters.brain import BrainRefused, Request
from phonegame.characters.entries import (
    ActionAsked,
    ActionDone,
    CallBegan,
    CallerSaid,
    CharacterSaid,
    Entry,
    Summary,
)
from phonegame.characters.memory import Memory, Spoken
from phonegame.characters.tokens import tokens_of_entries
from tests.characters.fake_brain import FakeBrain, Step
from tests.characters.phone_talk import Talk, talk

OLD = "Something that was said long ago. " * 4


def exchange(number: int) -> list[Entry]:
    action_id = f"a-{number}"
    return [
        CallerSaid(f"{number} {OLD}"),
        CharacterSaid("I will see."),
        ActionAsked(action_id, "look", {}),
        ActionDone(action_id, "nothing"),
        CharacterSaid("There is nothing."),
    ]


def test_the_oldest_exchanges_are_cut() -> None:
    entries = [CallBegan(), *(entry for number in range(10) for entry in exchange(number))]
    memory = Memory(entries, most_tokens=400)
    memory.shorten()
    assert 0 < tokens_of_entries(memory.entries) <= 400
    assert memory.entries == tuple(entries[-len(memory.entries) :])
    assert memory.entries[0] == exchange(10 - len(memory.entries) // 5)[0]


def test_the_present_one_is_never_cut() -> None:
    memory = Memory(exchange(1), most_tokens=1)
    memory.shorten()
    assert list(memory.entries) == exchange(1)


def test_a_summary_outlives_what_comes_after_it() -> None:
    memory = Memory([Summary("Before."), *exchange(1), *exchange(2)], most_tokens=150)
    memory.shorten()
    assert memory.entries == (Summary("Before."), *exchange(2))


def test_what_is_being_said_counts_as_heard_until_it_is_over() -> None:
    memory, spoken = Memory(), Spoken()
    memory.add(spoken)
    assert not memory.entries
    spoken.phrases += ["One,", "two."]
    assert list(memory.entries) == [CharacterSaid("One, two.")]
    spoken.heard, spoken.cut_off, spoken.is_over = ["One,", ""], True, True
    assert list(memory.entries) == [CharacterSaid("One,", cut_off=True)]


def test_a_result_goes_behind_its_action() -> None:
    asked = [ActionAsked("a", "look", {}), ActionAsked("b", "look", {})]
    memory = Memory([*asked, CallerSaid("Well?")])
    for action_id in ("b", "a", "unknown"):
        memory.settle(ActionDone(action_id, "nothing"))
    assert memory.entries == (*asked, ActionDone("b", "nothing"), ActionDone("a", "nothing"), CallerSaid("Well?"))


actions = st.sampled_from(["a", "b", "c"])
entries = st.lists(
    st.one_of(
        st.builds(CallerSaid, st.text(max_size=200)),
        st.builds(CharacterSaid, st.text(max_size=200)),
        st.builds(lambda action_id: [ActionAsked(action_id, "x", {}), ActionDone(action_id, "y")], actions),
    ),
    max_size=20,
)


@given(entries, st.integers(0, 300))
def test_no_action_is_separated_from_its_result(entries: list[Entry | list[Entry]], most_tokens: int) -> None:
    memory = Memory(most_tokens=most_tokens)
    for entry in entries:
        for each in entry if isinstance(entry, list) else [entry]:
            memory.add(each)
    memory.shorten()
    kept = memory.entries
    asked = [entry.action_id for entry in kept if isinstance(entry, ActionAsked)]
    assert asked == [entry.action_id for entry in kept if isinstance(entry, ActionDone)]
    assert tokens_of_entries(kept) <= most_tokens or sum(isinstance(each, CallerSaid) for each in kept) <= 1


# summed up


def sums_up(*steps: Step) -> FakeBrain:
    def think(request: Request) -> list[Step]:
        return list(steps) if request.persona.name == "notes" else ["Yes."]

    return FakeBrain(think_of=think)


def notes(call: Talk) -> list[Request]:
    return [request for request in call.brain.requests if request.persona.name == "notes"]


REMEMBERED = [entry for number in range(8) for entry in exchange(number)]


async def test_what_is_long_ago_is_summed_up_between_turns(autojump_clock: MockClock) -> None:
    async with talk(brain=sums_up(0.5, "They looked."), remembered=REMEMBERED, most_tokens=1200) as call:
        await call.until(1.0)
        call.says("Hello.")
        await call.until(2.0)
        assert call.entries[0] == Summary("They looked.")
        assert call.entries[-2:] == (CallerSaid("Hello."), CharacterSaid("Yes."))
        [asked] = notes(call)
        [question] = asked.entries
        assert isinstance(question, CallerSaid)
        assert question.text.startswith(f"Caller: 0 {OLD}\nYou: I will see.\nYou did: look {{}}\nIts result: nothing")


async def test_a_reply_does_not_wait_for_it(autojump_clock: MockClock) -> None:
    async with talk(brain=sums_up(5.0, "They looked."), remembered=REMEMBERED, most_tokens=1200) as call:
        for at in (1.0, 3.0):
            await call.until(at)
            call.says("Hello.")
        await call.until(3.5)
        assert [times.as_milliseconds()["first_frame"] for times in call.game.times] == [0, 0]
        assert len(notes(call)) == 2
        await call.until(8.5)
        assert call.entries[0] == Summary("They looked.")


async def test_a_brain_that_cannot_is_not_asked_again(autojump_clock: MockClock) -> None:
    async with talk(brain=sums_up(BrainRefused("no")), remembered=REMEMBERED, most_tokens=1200) as call:
        for at in (1.0, 3.0):
            await call.until(at)
            call.says("Hello.")
        await call.until(5.0)
        assert len(notes(call)) == 1
        assert call.game.notes[1:] == ["said Yes.", "said Yes."]
        assert not any(isinstance(entry, Summary) for entry in call.entries)
