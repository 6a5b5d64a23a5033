"""What sounds like a word, and is none, stops the character: it goes on by itself, from the phrase that was cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import trio
from trio.testing import MockClock

from phonegame.characters.brains.script.brain import ScriptBrain
from phonegame.characters.entries import ActionAsked, ActionDone, CallerSaid, CallerSilent, CharacterSaid, Entry
from phonegame.characters.persona import HANG_UP, Action
from phonegame.characters.setting import End
from phonegame.interruption import Interruption
from phonegame.speak.saying import Priority, Saying
from tests.characters.caller_says import eager, final, interim, resumed, speech_started
from tests.characters.fake_brain import act
from tests.characters.phone_talk import Talk, talk
from tests.speak.fake_voice import audio_of

MENU = "We have pizza, pasta and wine. What can I bring you?"
CUT = CharacterSaid("We have pizza, pasta and", cut_off=True)
REST = CharacterSaid("pasta and wine. What can I bring you?")
"""Behind the phrase that was heard whole."""


async def noise(call: Talk, at: float, *, until: float = 0.4) -> None:
    """At that time Deepgram takes it for a word, and so much later for nothing."""
    await call.until(at)
    call.begins("the")
    await call.until(at + until)
    call.hear(final("", at - 0.5))


async def asks_and_hears_noise(call: Talk) -> None:
    await call.until(1.0)
    call.says("Hello there.")
    await noise(call, 2.2)


def said_of(call: Talk) -> Sequence[Entry]:
    return call.entries[3:]


async def test_it_goes_on_as_soon_as_that_is_known(autojump_clock: MockClock) -> None:
    async with talk([MENU]) as call:
        await asks_and_hears_noise(call)
        await call.until(6.0)
        assert said_of(call) == (CUT, REST)
        assert call.game.told[1:] == [
            (2.2, "said We have pizza, pasta and --"),
            (pytest.approx(2.6 + len("pasta and wine.What can I bring you?") / 20), f"said {REST.text}"),
        ]
        assert len(call.brain.requests) == 1
        assert call.twilio.played.endswith(audio_of("pasta and wine.") + audio_of("What can I bring you?"))


async def test_where_any_sound_stops_it_too(autojump_clock: MockClock) -> None:
    async with talk([MENU], interruption=Interruption("speech")) as call:
        await call.until(1.0)
        call.says("Hello there.")
        await call.until(2.2)
        call.hear(speech_started(call.now))
        assert not call.speech.is_speaking
        await call.until(3.6)
        assert not call.speech.is_speaking
        await call.until(7.0)
        assert said_of(call) == (CUT, REST)


async def test_what_is_hardly_a_word_leaves_it_silent_for_a_moment_only(autojump_clock: MockClock) -> None:
    """Deepgram is surer of the word than of the sentence: it stops the character, and begins no turn."""
    async with talk([MENU]) as call:
        await call.until(1.0)
        call.says("Hello there.")
        await call.until(2.2)
        call.hear(interim("the", 1.7, confidence=0.2, word_confidence=0.6))
        assert not call.speech.is_speaking
        await call.until(7.0)
        assert said_of(call) == (CUT, REST)


async def test_with_flux_a_turn_that_has_no_words_at_its_end(autojump_clock: MockClock) -> None:
    async with talk([MENU], ["Which one?"]) as call:
        await call.until(1.0)
        call.says("Hello there.")
        await call.until(2.2)
        call.begins("the")
        call.hear(eager("the"))
        await call.until(2.4)
        call.hear(resumed())
        await call.until(2.6)
        call.hear(final("", 1.7))
        await call.until(6.0)
        assert said_of(call) == (CUT, REST)


async def test_words_that_come_after_all_are_answered(autojump_clock: MockClock) -> None:
    async with talk([MENU], ["No wine then."], interruption=Interruption("speech")) as call:
        await call.until(1.0)
        call.says("Hello there.")
        await call.until(2.2)
        call.hear(speech_started(call.now))
        await call.until(3.0)
        call.begins("no")
        await call.until(5.0)
        call.says("no wine.")
        await call.until(8.0)
        assert said_of(call) == (CUT, CallerSaid("no wine."), CharacterSaid("No wine then."))


async def test_words_behind_the_noise_are_answered(autojump_clock: MockClock) -> None:
    async with talk([MENU], ["No wine then."]) as call:
        await asks_and_hears_noise(call)
        await call.until(2.7)
        call.says("no wine.")
        await call.until(6.0)
        assert said_of(call)[-2:] == (CallerSaid("no wine."), CharacterSaid("No wine then."))
        assert call.game.notes[-1] == "said No wine then."


async def test_a_greeting_goes_on_from_its_sentence(autojump_clock: MockClock) -> None:
    async with talk(greeting="Welcome to Guido's. What can I bring you?") as call:
        await noise(call, 1.5)
        await call.until(6.0)
        assert call.entries[1:] == (
            CharacterSaid("Welcome to Guido's. What can I", cut_off=True),
            CharacterSaid("What can I bring you?"),
        )


async def test_what_was_not_yet_thought_is_thought_anew(autojump_clock: MockClock) -> None:
    """The brain had been stopped in the midst of it, and knows how much the caller has heard."""
    async with talk(["We have pizza, ", 5.0, "and wine."], ["and pasta."]) as call:
        await call.until(1.0)
        call.says("Hello there.")
        await noise(call, 1.5)
        await call.until(4.0)
        assert said_of(call) == (CharacterSaid("We have", cut_off=True), CharacterSaid("and pasta."))
        assert call.brain.requests[1].entries[-1] == CharacterSaid("We have", cut_off=True)


async def test_before_its_first_sound_it_thinks_anew(autojump_clock: MockClock) -> None:
    async with talk([1.0, "Which one?"], ["Which one then?"]) as call:
        await call.until(1.0)
        call.says("A pizza.")
        await noise(call, 1.5)
        await call.until(4.0)
        assert said_of(call) == (CharacterSaid("Which one then?"),)


@pytest.mark.parametrize(
    ("after", "rest"),
    [(0.1, ["one moment please. There is."]), (5.0, ["one moment please.", "There is."])],
    ids=["there already", "late"],
)
async def test_the_result_of_an_action_is_told_behind_it(
    autojump_clock: MockClock, after: float, rest: list[str]
) -> None:
    thoughts = (["Let me look, one moment please.", act("look", action_id="1")], ["There is."])
    async with talk(*thoughts, actions=(Action(name="look", seconds=20),)) as call:
        await call.until(1.0)
        call.says("Any wine?")
        await call.until(1.0 + min(after, 0.1))
        if after < 1:
            call.conversation.result_nowait("1", "wine", failed=False)
        await noise(call, 1.65)
        if after > 1:
            await call.until(1.0 + after)
            call.conversation.result_nowait("1", "wine", failed=False)
        await call.until(8.0)
        assert said_of(call) == (
            CharacterSaid("Let me look,", cut_off=True),
            ActionAsked("1", "look", {}),
            ActionDone("1", "wine"),
            *map(CharacterSaid, rest),
        )
        assert len(call.brain.requests) == 2


async def test_it_hangs_up_behind_its_goodbye(autojump_clock: MockClock) -> None:
    async with talk(["Good night to you.", act(HANG_UP)]) as call:
        await call.until(1.0)
        call.says("Bye.")
        await noise(call, 1.5)
        await call.ended.wait()
        assert (call.end, call.now) == (End.HUNG_UP, 2.8)
        said = [entry for entry in said_of(call) if isinstance(entry, CharacterSaid)]
        assert said == [CharacterSaid("Good", cut_off=True), CharacterSaid("Good night to you.")]


async def test_to_who_is_silent_it_says_goodbye_all_the_same(autojump_clock: MockClock) -> None:
    async with talk(silence_seconds=2, goodbye="Goodbye to you.") as call:
        await noise(call, 2.9)
        await noise(call, 6.9)
        await call.ended.wait()
        assert call.end is End.CALLER_SILENT
        assert call.entries[2:] == (
            CallerSilent(2),
            CharacterSaid("Are you", cut_off=True),
            CharacterSaid("Are you still there?"),
            CallerSilent(2),
            CharacterSaid("Goodbye to", cut_off=True),
            CharacterSaid("Goodbye to you."),
        )


async def test_noise_and_again_noise(autojump_clock: MockClock) -> None:
    async with talk([MENU]) as call:
        await asks_and_hears_noise(call)
        await noise(call, 3.2)
        await call.until(8.0)
        assert said_of(call) == (CUT, CharacterSaid("pasta and", cut_off=True), REST)


async def test_and_noise_before_it_can_go_on(autojump_clock: MockClock) -> None:
    async with talk([MENU]) as call:
        await call.until(1.0)
        call.says("Hello there.")
        await call.until(2.2)
        call.begins("the")
        await call.until(2.6)
        call.hear(final("", 1.7))
        call.hear(interim("the", 2.2))
        await call.until(3.0)
        call.hear(final("", 2.2))
        await call.until(8.0)
        assert said_of(call) == (CUT, REST)


async def test_noise_without_end_is_left_to_the_caller(autojump_clock: MockClock) -> None:
    async with talk([MENU], silence_seconds=0) as call:
        await call.until(1.0)
        call.says("Hello there.")
        for number in range(6):
            await noise(call, 2.2 + number)
        await call.until(20.0)
        assert [entry.cut_off for entry in said_of(call) if isinstance(entry, CharacterSaid)] == [True] * 4


SILENCE = Saying(say_id="1", text="Silence!", priority=Priority.NOW, interruptible=False)
TAKES_THE_WORD: dict[str, Callable[[Talk], None]] = {
    "clear": lambda call: call.speech.clear(),
    "say": lambda call: call.speech.say(SILENCE),
}
takes_the_word = pytest.mark.parametrize("take", TAKES_THE_WORD.values(), ids=TAKES_THE_WORD)


@takes_the_word
async def test_what_the_game_has_cut_off_stays_so(autojump_clock: MockClock, take: Callable[[Talk], None]) -> None:
    async with talk([MENU]) as call:
        await call.until(1.0)
        call.says("Hello there.")
        await call.until(2.0)
        take(call)
        await noise(call, 2.2)
        await call.until(8.0)
        assert [entry.cut_off for entry in said_of(call) if isinstance(entry, CharacterSaid)] == [True]


@takes_the_word
async def test_and_so_does_what_it_was_about_to_go_on_with(
    autojump_clock: MockClock, take: Callable[[Talk], None]
) -> None:
    async with talk([MENU], ["Pizza, then."]) as call:
        await call.until(1.0)
        call.says("Hello there.")
        await call.until(2.2)
        call.begins("the")
        await call.until(2.4)
        take(call)
        await call.until(2.6)
        call.hear(final("", 1.7))
        await call.until(8.0)
        assert said_of(call) == (CUT,)
        call.says("A pizza.")
        await call.until(12.0)
        assert said_of(call) == (CUT, CallerSaid("A pizza."), CharacterSaid("Pizza, then."))


@takes_the_word
async def test_also_at_the_very_moment(autojump_clock: MockClock, take: Callable[[Talk], None]) -> None:
    async with talk([MENU]) as call:
        await asks_and_hears_noise(call)
        take(call)
        await call.until(8.0)
        assert said_of(call) == (CUT,)


@takes_the_word
async def test_and_where_no_word_of_it_was_heard(autojump_clock: MockClock, take: Callable[[Talk], None]) -> None:
    async with talk([MENU], [MENU]) as call:
        await call.until(1.0)
        call.says("Hello there.")
        await call.until(1.02)
        call.begins("the")
        take(call)
        await call.until(1.4)
        call.hear(final("", 0.52))
        await call.until(8.0)
        assert said_of(call) == ()
        assert len(call.brain.requests) == 1


@takes_the_word
async def test_and_a_greeting(autojump_clock: MockClock, take: Callable[[Talk], None]) -> None:
    async with talk(greeting="Welcome to Guido's. What can I bring you?") as call:
        await call.until(1.5)
        call.begins("the")
        take(call)
        await call.until(1.9)
        call.hear(final("", 1.0))
        await call.until(8.0)
        assert call.entries[1:] == (CharacterSaid("Welcome to Guido's. What can I", cut_off=True),)


async def test_before_it_hangs_up_a_game_waits_for_its_own_words_only(autojump_clock: MockClock) -> None:
    async with talk([MENU]) as call, trio.open_nursery() as nursery:
        await call.until(1.0)
        call.says("Hello there.")
        await call.until(2.2)
        call.begins("the")
        call.speech.say(Saying(say_id="1", text="It is time to say goodbye.", interruptible=False))
        nursery.start_soon(call.speech.wait_said)
        await call.until(2.6)
        call.hear(final("", 1.7))
        await call.until(8.0)
        assert said_of(call) == (CUT,)


async def test_a_stopped_character_goes_on_with_nothing(autojump_clock: MockClock) -> None:
    async with talk([MENU]) as call:
        await asks_and_hears_noise(call)
        call.conversation.stop_nowait(End.STOPPED)
        await call.ended.wait()
        assert (call.end, call.now, said_of(call)) == (End.STOPPED, 2.6, (CUT,))


async def test_an_answer_that_is_still_being_thought_is_not_the_game_s_to_take(autojump_clock: MockClock) -> None:
    async with talk([3.0, "Which one?"], ["Which one?"]) as call:
        await call.until(1.0)
        call.says("A pizza.")
        await call.until(1.5)
        call.begins("the")
        call.speech.clear()
        await call.until(1.9)
        call.hear(final("", 1.0))
        await call.until(8.0)
        assert said_of(call)[-1:] == (CharacterSaid("Which one?"),)


async def test_noise_while_an_action_is_carried_out_is_not_answered_on_top(autojump_clock: MockClock) -> None:
    actions = (Action(name="look", seconds=20),)
    async with talk(["Let me look.", act("look")], ["There is."], ["Yes?"], actions=actions) as call:
        await call.until(1.0)
        call.says("Any wine?")
        await noise(call, 2.5)
        await call.until(4.0)
        [asked] = call.game.asked
        call.conversation.result_nowait(asked.action_id, "wine", failed=False)
        await call.until(8.0)
        assert call.entries[-1] == CharacterSaid("There is.")
        assert len(call.brain.requests) == 2


SCRIPT = """
[states.hello]
listen = [
    { hear = "story", say = "SAY", go = "told" },
    { hear = "order", say = "Let me see what we have.", do = "look", done = { say = "We have {result}." } },
]

[states.told]
else = "That was all."
"""
STORY = [f"This is sentence number {number}." for number in range(30)]


def scripted(text: str) -> str:
    return SCRIPT.replace("SAY", text)


async def test_a_script_s_long_story_goes_on_to_its_end(autojump_clock: MockClock) -> None:
    async with talk(brain=ScriptBrain(1), script=scripted(" ".join(STORY)), with_game=False) as call:
        await call.until(1.0)
        call.says("A story.")
        await noise(call, 4.0)
        await call.until(45.0)
        call.says("And then?")
        await call.until(48.0)
        assert said_of(call) == (
            CharacterSaid(f"{STORY[0]} {STORY[1]} This is", cut_off=True),
            CharacterSaid(" ".join(STORY[2:])),
            CallerSaid("And then?"),
            CharacterSaid("That was all."),
        )


async def test_a_script_tells_what_has_come_of_an_action(autojump_clock: MockClock) -> None:
    actions = (Action(name="look", seconds=20),)
    async with talk(brain=ScriptBrain(1), script=scripted("-"), actions=actions) as call:
        await call.until(1.0)
        call.says("An order.")
        await noise(call, 2.0)
        await call.until(6.0)
        [asked] = call.game.asked
        call.conversation.result_nowait(asked.action_id, "wine", failed=False)
        await call.until(8.0)
        assert [entry for entry in said_of(call) if isinstance(entry, CharacterSaid)] == [
            CharacterSaid("Let me see what we", cut_off=True),
            CharacterSaid("Let me see what we have."),
            CharacterSaid("We have wine."),
        ]
