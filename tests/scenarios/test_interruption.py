"""The caller speaks while something is said: what stops, what does not, and what the game learns."""

from __future__ import annotations

import pytest

from phonegame.local.phone import Quirks
from phonegame.local.speech.marker import encode_speech
from phonegame.local.speech.speaking.pace import Pace
from phonegame.speak.sound import Sound
from phonegame.speak.word_times import heard as heard_of
from phonegame.wire import v1
from tests.house import Caller
from tests.scenarios.conversation import (
    PROTOCOLS,
    WORD_MS,
    Protocol,
    agree,
    conversation,
    conversation_over,
    outcome,
    words,
)

LONG = words(60)
FIRM = words(10)
"""Long enough for the caller to say something meanwhile."""
LATER = words(1, "x")


async def speak_over(caller: Caller) -> None:
    """Returns when the server has stopped what played."""
    before = len(caller.phone.clears)
    await caller.phone.play(encode_speech("stop", word_ms=WORD_MS))
    await caller.phone.wait_cleared(before + 1)


async def mumble(caller: Caller, what: str) -> None:
    await caller.phone.play(encode_speech(what, word_ms=WORD_MS, pause_ms=120))


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_the_phone_falls_silent_when_the_caller_speaks(protocol: Protocol) -> None:
    async with conversation_over(protocol) as talking:
        await talking.say(LONG)
        await talking.caller.reaches("w01")
        await speak_over(talking.caller)
        [cleared] = talking.caller.phone.clears
        assert cleared.unplayed > 0
        # in order: nothing of it comes behind the clear
        await talking.say("x00")
        await talking.caller.hears_words("x00")
        assert talking.caller.heard_words == [*LONG.split()[: len(talking.caller.heard_words) - 1], "x00"]
        assert talking.caller.phone.complaints == []


@pytest.mark.slow
@pytest.mark.parametrize("after", ["w00", "w03", "w07"])
async def test_the_game_learns_what_was_heard_to_the_word(after: str) -> None:
    async with conversation() as talking:
        await talking.say(LONG, say_id="a")
        await talking.say(LATER, say_id="b")
        await talking.say(LATER, say_id="c", interruptible=False)
        await talking.caller.reaches(after)
        await speak_over(talking.caller)
        first, second = [await talking.game.gets(v1.SayFinished) for _ in range(2)]
        assert (first.say_id, first.interrupted, first.dropped) == ("a", True, None)
        # what is said behind it plays
        third = await talking.game.gets(v1.SayFinished)
        assert (second.say_id, outcome(second)) == ("b", ("", True, None))
        assert (third.say_id, outcome(third)) == ("c", (LATER, False, None))
        assert talking.caller.heard_words[-1:] == LATER.split()
        assert agree(first.heard, talking.caller.heard_words[:-1])
        assert LONG.startswith(first.heard)


@pytest.mark.slow
async def test_word_times_of_espeak_tell_what_was_heard() -> None:
    said = "Good evening and welcome to the restaurant at the end of the universe"
    async with conversation(voice="espeak:en-us") as talking:
        await talking.say(said)
        await talking.caller.phone.wait_heard(1.2)
        await speak_over(talking.caller)
        finished = await talking.game.gets(v1.SayFinished)
        [cleared], [begin] = talking.caller.phone.clears, talking.caller.phone.arrivals[:1]
        sound = Sound(said)
        # from the cache: the very same sound, if it was synthesised to its end
        await talking.house.phonegame.voices.find(None).speak(sound)
        played = heard_of(sound, cleared.place - round(begin.at * 8000))
        assert finished.interrupted
        assert agree(finished.heard, played.split())
        assert said.startswith(finished.heard)
        assert len(finished.heard.split()) >= 2


async def test_a_clip_stops_too() -> None:
    async with conversation() as talking:
        await talking.game.client.play(encode_speech(LONG, word_ms=WORD_MS), form="mulaw")
        await talking.caller.reaches("w01")
        await speak_over(talking.caller)
        finished = await talking.game.gets(v1.SayFinished)
        assert outcome(finished) == ("", True, None)
        assert 0 < finished.seconds < len(encode_speech(LONG, word_ms=WORD_MS)) / 8000


async def test_the_voice_is_told_to_stop() -> None:
    async with conversation(speech={"pace": Pace(speed=2)}) as talking:
        await talking.say(LONG)
        await talking.caller.reaches("w01")
        await speak_over(talking.caller)
        assert (await talking.game.gets(v1.SayFinished)).interrupted
        [record] = talking.house.speech.speak_connections
        await record.wait_until(lambda record: bool(record.clears))


@pytest.mark.slow
async def test_what_is_not_interruptible_plays_on_and_so_does_what_waits() -> None:
    async with conversation() as talking:
        await talking.say(FIRM, say_id="a", interruptible=False)
        await talking.say(LATER, say_id="b")
        await talking.caller.reaches("w01")
        await mumble(talking.caller, "stop")
        await talking.game.hears("stop")
        finished = [await talking.game.gets(v1.SayFinished) for _ in range(2)]
        assert [outcome(each) for each in finished] == [(FIRM, False, None), (LATER, False, None)]
        assert talking.caller.phone.clears == []


@pytest.mark.slow
async def test_nothing_interrupts_where_the_setting_says_never() -> None:
    async with conversation(interrupt="never") as talking:
        await talking.say(FIRM)
        await talking.caller.reaches("w01")
        await mumble(talking.caller, "stop it")
        await talking.game.hears("stop it")
        assert outcome(await talking.game.gets(v1.SayFinished)) == (FIRM, False, None)


@pytest.mark.slow
async def test_agreement_does_not_interrupt() -> None:
    async with conversation() as talking:
        await talking.say(FIRM)
        await talking.caller.reaches("w01")
        await mumble(talking.caller, "mhm")
        await talking.game.hears("mhm")
        assert outcome(await talking.game.gets(v1.SayFinished)) == (FIRM, False, None)


async def test_with_two_words_to_interrupt_one_is_not_enough() -> None:
    async with conversation(interrupt_words=2) as talking:
        await talking.say(LONG)
        await talking.caller.reaches("w01")
        await mumble(talking.caller, "well")
        await talking.game.hears("well")
        assert talking.caller.phone.clears == []
        await talking.caller.phone.play(encode_speech("stop it", word_ms=WORD_MS))
        await talking.caller.phone.wait_cleared()
        assert (await talking.game.gets(v1.SayFinished)).interrupted


def _speech_without_words() -> bytes:
    """A word that breaks off: Deepgram's voice detection hears it, its recogniser does not."""
    return encode_speech("cough", word_ms=60)[:200]


@pytest.mark.slow
async def test_a_cough_does_not_interrupt_where_words_are_asked_for() -> None:
    async with conversation() as talking:
        await talking.say(FIRM)
        await talking.caller.reaches("w01")
        await talking.caller.phone.play(_speech_without_words())
        await talking.game.gets(v1.SpeechStarted)
        assert outcome(await talking.game.gets(v1.SayFinished)) == (FIRM, False, None)


async def test_a_cough_interrupts_where_speech_is_enough() -> None:
    async with conversation(interrupt="speech") as talking:
        await talking.say(LONG)
        await talking.caller.reaches("w01")
        await talking.caller.phone.play(_speech_without_words())
        await talking.caller.phone.wait_cleared()
        assert (await talking.game.gets(v1.SayFinished)).interrupted


@pytest.mark.slow
async def test_a_game_may_answer_while_the_caller_still_speaks() -> None:
    """The words before its answer are no reason to stop it, when Deepgram reports them again."""
    async with conversation() as talking:
        await talking.caller.phone.play(encode_speech("one two three", word_ms=WORD_MS))
        await talking.game.gets(v1.Transcript)
        await talking.say(FIRM)
        await talking.caller.reaches("w00")
        # their final result comes now: behind a pause
        await talking.game.hears("one two three")
        assert outcome(await talking.game.gets(v1.SayFinished)) == (FIRM, False, None)


async def test_words_over_the_last_sentence_do_not_stop_the_answer_to_them() -> None:
    async with conversation() as talking:
        await talking.say(LONG)
        await talking.caller.reaches("w01")
        await speak_over(talking.caller)
        await talking.say(words(6, "a"), say_id="answer")
        finished = [await talking.game.gets(v1.SayFinished) for _ in range(2)]
        assert outcome(finished[1]) == (words(6, "a"), False, None)


# at every moment of a sentence


async def test_interrupted_before_the_first_sound() -> None:
    """The caller goes on while the voice is still at work: what it would say is late, and there is nothing to clear."""
    async with conversation(speech={"pace": Pace(first_byte_seconds=0.3)}) as talking:
        await talking.say(words(3), say_id="a")
        record = await talking.house.speech.speak_connection(0)
        await record.wait_until(lambda record: bool(record.utterances))
        await mumble(talking.caller, "hello")
        assert outcome(await talking.game.gets(v1.SayFinished)) == ("", True, None)
        assert talking.caller.phone.clears == []


async def test_interrupted_while_the_voice_has_fallen_behind() -> None:
    async with conversation(speech={"pace": Pace(speed=0.2)}) as talking:
        await talking.say(LONG)
        await talking.caller.reaches("w00")
        await speak_over(talking.caller)
        finished = await talking.game.gets(v1.SayFinished)
        assert finished.interrupted
        assert LONG.startswith(finished.heard)


async def test_spoken_over_after_the_last_sample_and_before_the_mark_it_counts_as_heard() -> None:
    async with conversation(quirks=Quirks(holds_marks=True)) as talking:
        await talking.say("w00 w01", say_id="a")
        await talking.caller.hears_words("w00", "w01")
        await talking.caller.phone.wait_silence(0.05)
        await talking.caller.phone.play(encode_speech("stop", word_ms=WORD_MS, pause_ms=120))
        await talking.game.hears("stop")
        await talking.caller.phone.let_marks_go()
        finished = await talking.game.gets(v1.SayFinished)
        assert outcome(finished) == ("w00 w01", False, None)


async def test_a_mark_of_what_was_cleared_confirms_nothing_that_comes_later() -> None:
    async with conversation(quirks=Quirks(holds_marks=True)) as talking:
        await talking.say(words(6, "a"), say_id="a")
        await talking.caller.reaches("a00")
        await speak_over(talking.caller)
        assert (await talking.game.gets(v1.SayFinished)).interrupted
        await talking.say(LONG, say_id="b")
        await talking.game.gets(v1.SayStarted)
        await talking.caller.phone.let_marks_go()
        await talking.caller.reaches("w01")
        await speak_over(talking.caller)
        finished = await talking.game.gets(v1.SayFinished)
        assert (finished.say_id, finished.interrupted) == ("b", True)


@pytest.mark.slow
async def test_marks_that_never_come_hold_nothing_up() -> None:
    async with conversation(quirks=Quirks(holds_marks=True)) as talking:
        await talking.say("w00", say_id="a")
        await talking.say("w01", say_id="b")
        finished = [await talking.game.gets(v1.SayFinished) for _ in range(2)]
        assert [(each.say_id, outcome(each)) for each in finished] == [
            ("a", ("w00", False, None)),
            ("b", ("w01", False, None)),
        ]
