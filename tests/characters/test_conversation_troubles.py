from __future__ import annotations

import pytest
from trio.testing import MockClock

from phonegame.characters.brain import BrainRefused
from phonegame.characters.entries import CallerSaid, CallerSilent, CharacterSaid
from phonegame.characters.reply import FILLER_SECONDS, FIRST_PIECE_SECONDS, MAX_CHARACTERS, NEXT_PIECE_SECONDS
from phonegame.characters.setting import End
from phonegame.speak.saying import Saying
from tests.characters.fake_brain import FakeBrain
from tests.characters.phone_talk import talk
from tests.speak.fake_voice import FakeVoice, audio_of


async def test_a_slow_brain_gets_a_filler_which_is_not_remembered(autojump_clock: MockClock) -> None:
    async with talk([4.0, "Which one?"]) as call:
        await call.until(1.0)
        call.says("A pizza.")
        await call.until(6.0)
        assert call.entries[2:] == (CallerSaid("A pizza."), CharacterSaid("Which one?"))
        started = [at - call.began for at, event, _ in call.twilio.sent if event == "mark"]
        assert call.twilio.played == b"".join(map(audio_of, ("Hello.", "One moment.", "Which one?")))
        assert started[1] >= 1.0 + FILLER_SECONDS


async def test_a_brain_that_fails_is_excused_and_the_game_is_told(autojump_clock: MockClock) -> None:
    async with talk([BrainRefused("no credit is left")], ["Here I am."], excuse="Sorry.") as call:
        await call.until(1.0)
        call.says("A pizza.")
        await call.until(3.0)
        call.says("Hello?")
        await call.until(5.0)
        assert call.game.notes[1:] == ["character_failed: no credit is left", "said Sorry.", "said Here I am."]
        assert call.end is None


async def test_the_second_failure_in_a_row_is_the_last(autojump_clock: MockClock) -> None:
    failing = [BrainRefused("no credit is left")]
    async with talk(failing, failing, excuse="Sorry.") as call:
        for at in (1.0, 3.0):
            await call.until(at)
            call.says("A pizza.")
        await call.ended.wait()
        assert call.end is End.FAILED
        assert call.game.notes[-1] == "said Goodbye."


async def test_an_error_of_a_brain_is_a_failure_too(autojump_clock: MockClock) -> None:
    async with talk([ZeroDivisionError("of all things")], excuse="Sorry.") as call:
        await call.until(1.0)
        call.says("A pizza.")
        await call.until(3.0)
        assert call.game.notes[1:] == [
            "character_failed: the brain failed; the server's log tells why",
            "said Sorry.",
        ]


@pytest.mark.parametrize(
    ("thought", "seconds", "heard"),
    [([60.0, "x"], FIRST_PIECE_SECONDS, []), (["Well, it is so. And", 60.0], NEXT_PIECE_SECONDS, ["Well, it is so."])],
    ids=["nothing", "in the midst"],
)
async def test_a_brain_that_stalls(
    autojump_clock: MockClock, thought: list[str | float], seconds: float, heard: list[str]
) -> None:
    async with talk(thought, excuse="Sorry.", filler="") as call:
        await call.until(1.0)
        call.says("A pizza.")
        await call.until(1.0 + seconds + 0.01)
        assert call.brain.stopped == [call.began + 1.0 + seconds]
        await call.until(1.0 + seconds + 1)
        assert [note for note in call.game.notes[1:] if note.startswith("said")] == [
            *(f"said {text}" for text in heard),
            "said Sorry.",
        ]


async def test_a_brain_that_cannot_be_had(autojump_clock: MockClock) -> None:
    async with talk(brain=FakeBrain(opens=BrainRefused("the key is wrong"))) as call:
        await call.ended.wait()
        assert call.end is End.FAILED
        assert call.game.notes == ["character_failed: the key is wrong"]


async def test_a_brain_that_talks_forever(autojump_clock: MockClock) -> None:
    async with talk(["And so on. "] * 10_000, greeting="", silence_seconds=0) as call:
        await call.until(200)
        [_, said, excuse] = call.entries
        assert isinstance(said, CharacterSaid)
        assert excuse == CharacterSaid("I am sorry, I cannot think of anything to say.")
        assert call.game.notes[1].startswith("character_failed: the model goes on and on")
        assert MAX_CHARACTERS <= len(said.text.replace(" ", "")) + said.text.count(" ") <= MAX_CHARACTERS * 1.2
        assert not said.cut_off


async def test_a_brain_that_says_nothing(autojump_clock: MockClock) -> None:
    async with talk([" *smiles* "]) as call:
        await call.until(1.0)
        call.says("A pizza.")
        await call.until(4.0)
        assert call.entries[2:] == (CallerSaid("A pizza."),)


# silence


async def test_the_brain_may_be_asked_what_to_say_into_silence(autojump_clock: MockClock) -> None:
    async with talk(["Still there, my friend?"], silence_prompt="", silence_seconds=3) as call:
        await call.until(6.0)
        assert call.brain.requests[0].entries[-1] == CallerSilent(3)
        assert call.entries[-1] == CharacterSaid("Still there, my friend?")


async def test_whoever_answers_the_prompt_is_not_hung_up_on(autojump_clock: MockClock) -> None:
    async with talk(["Good."], silence_seconds=3) as call:
        await call.until(5.0)
        call.says("Yes.")
        await call.until(9.5)
        assert call.game.notes[-2:] == ["said Good.", "said Are you still there?"]


async def test_whoever_speaks_over_the_goodbye_goes_on(autojump_clock: MockClock) -> None:
    async with talk(["Good."], silence_seconds=3, goodbye="Goodbye then, and call again.") as call:
        await call.until(8.0)
        call.says("I am here.")
        await call.until(9.0)
        assert call.end is None
        assert call.game.notes[-2:] == ["said Goodbye then, --", "said Good."]


async def test_a_key_counts_as_a_word(autojump_clock: MockClock) -> None:
    async with talk(silence_seconds=3) as call:
        await call.until(3.0)
        call.conversation.key_nowait()
        await call.until(5.9)
        assert call.game.notes == ["said Hello."]


async def test_silence_is_none_while_the_game_speaks(autojump_clock: MockClock) -> None:
    async with talk(silence_seconds=3) as call:
        await call.until(1.0)
        call.speech.say(Saying(say_id="1", text="x" * 80))
        await call.until(7.9)
        assert call.game.notes == ["said Hello."]
        await call.until(9.1)
        assert call.game.notes == ["said Hello.", "said Are you still there?"]


# voices


async def test_a_voice_that_cannot_be_had_is_replaced_by_the_server_s_own(autojump_clock: MockClock) -> None:
    async with talk(["Yes?"], voice_name="nobody") as call:
        await call.until(1.0)
        assert call.game.notes == ["voice_failed: there is no voice; set PHONEGAME_VOICE", "said Hello."]


async def test_without_any_voice_the_character_gives_up(autojump_clock: MockClock) -> None:
    voice = FakeVoice()
    async with talk(["Yes?"], ["Yes?"], voice=voice) as call:
        await call.until(1.0)
        voice.fails_at = 0
        call.says("Are you there?")
        await call.until(2.0)
        call.says("Hello?")
        await call.ended.wait()
        assert (call.now, call.end) == (2.0, End.FAILED)
        assert call.game.notes == ["said Hello.", *["voice_failed: out of order"] * 2]
