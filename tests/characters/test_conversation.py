from __future__ import annotations

from typing import Any

import pytest
from trio.testing import MockClock

from phonegame.characters.brain import Request
from phonegame.characters.entries import CallBegan, CallerSaid, CallerSilent, CharacterSaid
from phonegame.characters.setting import End
from phonegame.interruption import Interruption
from phonegame.speak.saying import Priority, Saying
from phonegame.switchboard import SayFinished
from tests.characters.caller_says import eager, final, interim, resumed, utterance_end
from tests.characters.fake_brain import FakeBrain, Step
from tests.characters.phone_talk import Talk, talk
from tests.speak.fake_voice import SAMPLES_A_CHARACTER, audio_of

LONG = "This is a rather long story, which nobody would listen to for all of its seventy seconds or more."


ANSWERS: dict[str, list[Step]] = {
    "Hello there.": ["Good evening. ", 0.4, "We have pizza, pasta and wine. What ", 0.2, "can I bring you?"],
    "a big pizza": ["Which one?"],
    "a big pizza please.": [0.25, "Certainly, a big one. With cheese?"],
    "With basil.": [0.3, "Mar", 0.1, "ghe", "rita it is. It will take a while, I am afraid, because the oven is cold."],
}


def answer(request: Request) -> list[Step]:
    last = request.entries[-1]
    assert isinstance(last, CallerSaid)
    return ANSWERS[last.text]


async def whole_conversation() -> tuple[Any, ...]:
    """The caller speaks, interrupts, goes on after a false end, agrees, and goes silent."""
    async with talk(brain=FakeBrain(think_of=answer), silence_seconds=4) as call:
        await call.until(1.5)
        call.says("Hello there.")
        await call.until(3.5)
        call.begins("a pizza")
        await call.until(4.0)
        call.says("a big pizza")
        await call.until(4.5)
        call.begins("please")
        await call.until(5.0)
        call.says("please.")
        await call.until(8.0)
        call.says("With basil.")
        await call.until(10.0)
        call.begins("mhm")
        call.says("mhm")
        await call.ended.wait()
        times = [times.as_milliseconds() for times in call.game.times]
        sent = [(round(at - call.began, 3), event, audio) for at, event, audio in call.twilio.sent]
        return call.game.told, call.entries, call.now, call.end, times, sent


async def test_a_whole_conversation_exact_to_the_millisecond(autojump_clock: MockClock) -> None:
    told, entries, now, end, times, _ = await whole_conversation()
    assert told == [
        (0.3, "said Hello."),
        (3.5, "said Good evening. We have pizza, pasta and --"),
        (6.85, "said Certainly, a big one. With cheese?"),
        (12.25, "said Margherita it is. It will take a while, I am afraid, because the oven is cold."),
        (17.25, "said Are you still there?"),
        (21.65, "said Goodbye."),
    ]
    assert entries == (
        CallBegan(),
        CharacterSaid("Hello."),
        CallerSaid("Hello there."),
        CharacterSaid("Good evening. We have pizza, pasta and", cut_off=True),
        CallerSaid("a big pizza please."),
        CharacterSaid("Certainly, a big one. With cheese?"),
        CallerSaid("With basil."),
        CharacterSaid("Margherita it is. It will take a while, I am afraid, because the oven is cold."),
        CallerSilent(4),
        CharacterSaid("Are you still there?"),
        CallerSilent(4),
        CharacterSaid("Goodbye."),
    )
    assert (now, end) == (21.65, End.CALLER_SILENT)
    waited = [(each["first_token"], each["first_phrase"], each["first_frame"]) for each in times]
    assert waited == [(0, 0, 0), (250, 250, 250), (300, 400, 400)]


async def test_and_the_same_every_time(autojump_clock: MockClock) -> None:
    first, second = await whole_conversation(), await whole_conversation()
    shift = second[0][0][0] - first[0][0][0]
    assert [(round(at + shift, 3), what) for at, what in first[0]] == second[0]
    assert first[1:5] == second[1:5]
    assert first[5] == second[5]


def heard_by_the_phone(call: Talk) -> list[CharacterSaid]:
    """Of what the character has said: each sample of it, to the last word that was heard to its end."""
    said = [entry for entry in call.entries if isinstance(entry, CharacterSaid)]
    recorded, at = call.twilio.played, 0
    for entry in said:
        assert recorded[at:].startswith(audio_of(entry.text)[:80]), entry
        at += len(entry.text) * SAMPLES_A_CHARACTER
    return said


@pytest.mark.parametrize("after", [0.12, 0.5, 0.98, 1.5, 2.02, 4.0, 4.74])
async def test_memory_is_what_the_phone_has_recorded(autojump_clock: MockClock, after: float) -> None:
    """A reply of one phrase, cut at any moment: what was played ends within the word behind the last that counts."""
    async with talk([LONG.replace(",", "")], greeting="") as call:
        await call.until(after)
        call.hear(interim("stop", call.now))
        await call.until(after + 0.5)
        [began, *said] = call.entries
        assert began == CallBegan()
        text = said[0].text if said and isinstance(said[0], CharacterSaid) else ""
        words = LONG.replace(",", "").split()
        heard = text.split()
        assert words[: len(heard)] == heard
        assert heard_by_the_phone(call) == said if not text else True
        played = len(call.twilio.played) / SAMPLES_A_CHARACTER
        assert len(text) <= played <= len(" ".join(words[: len(heard) + 1])) + 1
        assert said == ([CharacterSaid(text, cut_off=True)] if text else [])


async def test_an_interruption_stops_everything_at_once(autojump_clock: MockClock) -> None:
    async with talk(["It was a dark night. ", *(["And it rained. ", 0.5] * 40)], greeting="") as call:
        await call.until(3.0)
        call.begins("stop it")
        await call.until(3.01)
        assert call.brain.stopped == [call.began + 3.0]
        assert not call.speech.is_speaking
        assert call.twilio.events[-1] == "clear"
        assert call.game.notes == ["said It was a dark night. And it rained. And it rained. And it --"]


async def test_a_model_does_not_run_ahead_of_the_voice(autojump_clock: MockClock) -> None:
    sentences = [f"Sentence number {number} is a long one. " for number in range(40)]
    async with talk(sentences, greeting="") as call:
        await call.until(4.0)
        # the third is playing
        said = call.entries[-1]
        assert isinstance(said, CharacterSaid)
        assert said.text == "".join(sentences[:5]).strip()
        assert call.brain.stopped == []


async def test_a_turn_begins_to_be_thought_of_at_its_probable_end(autojump_clock: MockClock) -> None:
    async with talk([0.5, "Which one?"], patience=2) as call:
        await call.until(1.0)
        call.says("I would like")
        await call.until(3.2)
        assert call.brain.begun == [call.began + 1.0]
        assert call.brain.requests[0].entries[-1] == CallerSaid("I would like")
        await call.until(4.0)
        [times] = call.game.times
        assert times.as_milliseconds()["first_token"] == 500
        assert times.as_milliseconds()["first_frame"] == 2000


async def test_nothing_of_it_is_heard_before_the_end(autojump_clock: MockClock) -> None:
    async with talk(["Which one?"], patience=2) as call:
        await call.until(1.0)
        call.says("I would like")
        await call.until(2.99)
        assert not call.speech.is_speaking
        await call.until(3.01)
        assert call.speech.is_speaking


async def test_and_it_is_forgotten_where_the_caller_goes_on(autojump_clock: MockClock) -> None:
    async with talk(["Which one?"], ["A pizza!"]) as call:
        await call.until(1.0)
        call.says("I would like")
        await call.until(1.5)
        call.begins("a pizza")
        await call.until(1.8)
        call.says("a pizza.")
        await call.until(4.0)
        assert call.entries[2:] == (CallerSaid("I would like a pizza."), CharacterSaid("A pizza!"))
        assert [request.entries[-1] for request in call.brain.requests] == [
            CallerSaid("I would like"),
            CallerSaid("I would like a pizza."),
        ]


async def test_flux_says_when(autojump_clock: MockClock) -> None:
    async with talk([0.2, "Which one?"], [0.2, "A pizza!"]) as call:
        await call.until(1.0)
        call.hear(interim("I would like", 0.5))
        call.hear(eager("I would like"))
        await call.until(1.1)
        call.hear(resumed())
        await call.until(1.5)
        call.hear(interim("a pizza", 0.5))
        call.hear(eager("a pizza"))
        await call.until(1.9)
        call.hear(final("a pizza", 0.5))
        call.hear(utterance_end(1.5))
        await call.until(4.0)
        assert call.entries[2:] == (CallerSaid("a pizza"), CharacterSaid("A pizza!"))
        assert call.game.times[0].turn_ended == call.game.times[0].first_frame == call.began + 1.9


async def test_a_mind_with_a_state_is_asked_only_what_is_certain(autojump_clock: MockClock) -> None:
    async with talk(["Which one?"]) as call:
        call.brain.state = {"at": "start"}
        await call.until(1.0)
        call.says("I would like")
        await call.until(3.0)
        assert call.brain.begun == [call.began + 1.7]


async def test_who_goes_on_before_the_answer_is_heard_is_answered_as_a_whole(autojump_clock: MockClock) -> None:
    async with talk([2.0, "Which one?"], ["A big one!"]) as call:
        await call.until(1.0)
        call.says("A pizza.")
        await call.until(2.0)
        call.says("A big one.")
        await call.until(4.0)
        assert call.entries[2:] == (CallerSaid("A pizza."), CallerSaid("A big one."), CharacterSaid("A big one!"))


async def test_noise_while_it_thinks_does_not_leave_the_caller_without_an_answer(autojump_clock: MockClock) -> None:
    async with talk([1.0, "Which one?"], ["Which one then?"]) as call:
        await call.until(1.0)
        call.says("A pizza.")
        await call.until(1.5)
        call.begins("the")
        await call.until(1.9)
        call.hear(final("", 1.5, speech_final=False))
        await call.until(4.0)
        assert call.entries[2:] == (CallerSaid("A pizza."), CharacterSaid("Which one then?"))


async def test_agreement_stops_nothing(autojump_clock: MockClock) -> None:
    async with talk([LONG], ["Yes?"]) as call:
        await call.until(1.0)
        call.says("Go on.")
        await call.until(2.5)
        call.begins("mhm")
        call.says("mhm")
        await call.until(8.0)
        assert call.entries[2:] == (CallerSaid("Go on."), CharacterSaid(LONG))
        assert len(call.brain.requests) == 1


async def test_a_cough_over_it_is_not_answered(autojump_clock: MockClock) -> None:
    async with talk([LONG], ["Yes?"]) as call:
        await call.until(1.0)
        call.says("Go on.")
        await call.until(2.5)
        call.hear(interim("huh", 2.0, confidence=0.2, word_confidence=0.2))
        call.hear(final("huh", 2.0, confidence=0.2))
        await call.until(8.0)
        assert call.entries[2:] == (CallerSaid("Go on."), CharacterSaid(LONG))


async def test_where_nothing_interrupts_a_turn_is_answered_afterwards(autojump_clock: MockClock) -> None:
    async with talk(["Let me finish this sentence, please."], ["Yes?"], interruption=Interruption("never")) as call:
        await call.until(1.0)
        call.says("Go on.")
        await call.until(2.0)
        call.says("But no.")
        await call.until(4.0)
        said = CharacterSaid("Let me finish this sentence, please.")
        assert call.entries[2:] == (CallerSaid("Go on."), said, CallerSaid("But no."), CharacterSaid("Yes?"))


# beside the game


async def test_what_the_game_has_waiting_does_not_tear_a_reply_apart(autojump_clock: MockClock) -> None:
    async with talk(["One sentence, it is. Another sentence."]) as call:
        await call.until(1.0)
        call.says("Go on.")
        await call.until(1.1)
        call.speech.say(Saying(say_id="1", text="And now the game."))
        await call.until(6.0)
        texts = "Hello.", "One sentence,", "it is.", "Another sentence.", "And now the game."
        assert call.twilio.played == b"".join(map(audio_of, texts))


async def test_what_the_game_says_now_cuts_the_character_off(autojump_clock: MockClock) -> None:
    async with talk(["One sentence, it is. Another sentence."]) as call:
        await call.until(1.0)
        call.says("Go on.")
        await call.until(1.9)
        call.speech.say(Saying(say_id="1", text="Silence!", priority=Priority.NOW))
        await call.until(6.0)
        assert call.entries[-1] == CharacterSaid("One sentence, it", cut_off=True)
        assert next(event for event in call.events if isinstance(event, SayFinished)).receipt.heard == "Silence!"


async def test_to_be_stopped_is_to_be_silent_at_once(autojump_clock: MockClock) -> None:
    async with talk([LONG]) as call:
        await call.until(1.0)
        call.says("Go on.")
        await call.until(1.5)
        call.speech.say(Saying(say_id="1", text="Enough."))
        await call.until(2.0)
        call.conversation.stop_nowait(End.STOPPED)
        await call.ended.wait()
        assert (call.now, call.end) == (2.0, End.STOPPED)
        await call.until(3.0)
        assert call.game.notes[-1] == "said This is a rather --"
        assert [event.receipt.heard for event in call.events if isinstance(event, SayFinished)] == ["Enough."]
