"""What a phonegame.v1 game may ask of its sayings: when, in which voice, to whom, and that they stop."""

from __future__ import annotations

import audioop
import io
import math
import struct
import wave

import pytest

from phonegame.local.speech.marker import encode_speech
from phonegame.local.speech.speaking.pace import Pace
from phonegame.speak.running_order import MAX_SAYINGS
from phonegame.speak.saying import Dropped, Priority
from phonegame.wire import v1
from tests.house import V1Game
from tests.scenarios.conversation import (
    WORD_MS,
    agree,
    conversation,
    conversation_over,
    is_silent_but_for,
    outcome,
    utterances,
    words,
)

HEARD = ("", False, None)


async def receipts(game: V1Game, count: int) -> dict[str, v1.SayFinished]:
    """The next ones, in order."""
    finished = [await game.gets(v1.SayFinished) for _ in range(count)]
    by_id = {each.say_id: each for each in finished}
    assert len(by_id) == count
    return by_id


async def test_now_cuts_what_plays_and_next_comes_before_what_waits() -> None:
    async with conversation() as talking:
        await talking.say(words(30, "a"), say_id="long")
        await talking.game.gets(v1.SayStarted)
        await talking.say(words(1, "d"), say_id="queued")
        await talking.say(words(1, "c"), say_id="next", priority=Priority.NEXT)
        await talking.caller.reaches("a03")
        await talking.say(words(1, "b"), say_id="now", priority=Priority.NOW)
        finished = await receipts(talking.game, 4)
        assert list(finished) == ["long", "now", "next", "queued"]
        assert [each.dropped for each in finished.values()] == [Dropped.REPLACED, None, None, None]
        assert talking.caller.heard_words[-3:] == ["b00", "c00", "d00"]
        heard = talking.caller.heard_words[:-3]
        assert agree(finished["long"].heard, heard)
        assert len(talking.caller.phone.clears) == 1


@pytest.mark.slow
async def test_now_waits_for_what_is_not_interruptible() -> None:
    async with conversation() as talking:
        await talking.say(words(12, "a"), say_id="firm", interruptible=False)
        await talking.say("d00", say_id="queued")
        await talking.game.gets(v1.SayStarted)
        await talking.say("b00", say_id="now", priority=Priority.NOW)
        assert list(await receipts(talking.game, 3)) == ["firm", "now", "queued"]
        assert talking.caller.heard_words == [*words(12, "a").split(), "b00", "d00"]


@pytest.mark.slow
async def test_what_cannot_start_in_time_is_dropped_without_a_sound() -> None:
    async with conversation() as talking:
        await talking.say(words(10), say_id="long")
        await talking.say("too late", say_id="late", start_within=0.01)
        await talking.say("in time", say_id="early", start_within=60)
        finished = await receipts(talking.game, 3)
        assert list(finished) == ["late", "long", "early"]
        assert outcome(finished["late"]) == ("", False, "expired")
        assert talking.caller.heard_words == [*words(10).split(), "in", "time"]


async def test_clear_stops_everything_interruptible_or_not() -> None:
    async with conversation() as talking:
        await talking.say(words(30), say_id="plays", interruptible=False)
        await talking.say("later", say_id="waits")
        await talking.caller.reaches("w02")
        await talking.game.client.clear()
        await talking.caller.phone.wait_cleared()
        finished = await receipts(talking.game, 2)
        assert [each.dropped for each in finished.values()] == [Dropped.CLEARED, Dropped.CLEARED]
        assert len(talking.caller.heard_words) - len(finished["plays"].heard.split()) in (0, 1)
        # and the next one plays
        await talking.say("after all")
        await talking.caller.hears_words("after", "all")


async def test_what_is_cleared_is_synthesised_no_further() -> None:
    async with conversation(speech={"pace": Pace(speed=2)}) as talking:
        await talking.say(words(60), say_id="plays")
        await talking.caller.reaches("w00")
        await talking.game.client.clear()
        await talking.game.gets(v1.SayFinished)
        [record] = talking.house.speech.speak_connections
        await record.wait_until(lambda record: bool(record.clears))
        assert record.utterances[0].bytes < len(encode_speech(words(60), word_ms=WORD_MS))


@pytest.mark.parametrize(("rate", "channels"), [(44100, 2), (8000, 1), (48000, 1)])
async def test_a_wav_is_heard_whatever_its_rate(rate: int, channels: int) -> None:
    tone = [round(8000 * math.sin(2 * math.pi * 440 * at / rate)) for at in range(rate // 5)]
    async with conversation() as talking:
        await talking.game.client.play(_wav(tone, rate, channels), say_id="ding")
        finished = await talking.game.gets(v1.SayFinished)
        assert (outcome(finished), finished.seconds) == (HEARD, 0.2)
        heard = audioop.ulaw2lin(talking.caller.phone.heard, 2)
        # as loud as it was, and as high: a tone of 440 Hz crosses zero 880 times a second
        assert 7500 < audioop.max(heard, 2) < 8600
        assert audioop.cross(heard, 2) == pytest.approx(0.2 * 880, abs=4)
        assert talking.caller.phone.underruns == []


async def test_a_mulaw_clip_is_heard_sample_for_sample_between_two_sentences() -> None:
    async with conversation() as talking:
        clip = encode_speech("ding dong", word_ms=55) + b"\x30\x31\x32"
        await talking.say("before")
        await talking.game.client.play(clip, form="mulaw")
        await talking.say("after")
        await receipts(talking.game, 3)
        sound = encode_speech("before", word_ms=WORD_MS) + clip + encode_speech("after", word_ms=WORD_MS)
        assert is_silent_but_for(talking.caller.phone.heard, sound)


async def test_a_sentence_may_name_its_voice() -> None:
    async with conversation() as talking:
        await talking.say("one", voice="aura-2-zeus-en")
        await talking.say("two")
        await talking.say("three", voice="espeak:en-gb")
        finished = await receipts(talking.game, 3)
        assert [each.heard for each in finished.values()] == ["one", "two", "three"]
        assert all(each.dropped is None for each in finished.values())
        assert {record.options.model for record in talking.house.speech.speak_connections if record.options} == {
            "aura-2-zeus-en",
            "aura-2-thalia-en",
        }


@pytest.mark.parametrize("voice", ["nobody", "espeak:", "polly:", "espeak:../../secret", "aura-2-nobody-en"])
async def test_an_unknown_voice_is_an_error_and_a_receipt(voice: str) -> None:
    async with conversation() as talking:
        await talking.say("in vain", say_id="a", voice=voice)
        assert outcome(await talking.game.gets(v1.SayFinished)) == ("", False, "voice_failed")
        error = await talking.game.gets(v1.Error)
        assert (error.code, error.say_id) == ("voice_failed", "a")
        await talking.say("here", say_id="b")
        await talking.caller.hears_words("here")


async def test_hangup_waits_until_all_is_said() -> None:
    async with conversation() as talking:
        await talking.say("that was")
        await talking.say("all folks")
        await talking.game.client.hangup()
        await talking.caller.is_hung_up_on("the game hung up")
        assert talking.caller.heard_words == ["that", "was", "all", "folks"]
        assert [each.dropped for each in (await receipts(talking.game, 2)).values()] == [None, None]
        assert (await talking.game.gets(v1.CallEnded)).reason == "game_hung_up"


async def test_hangup_at_once_cuts() -> None:
    async with conversation() as talking:
        await talking.say(words(40), say_id="a")
        await talking.caller.reaches("w02")
        await talking.game.client.hangup(at_once=True)
        await talking.caller.is_hung_up_on("the game hung up")
        heard, interrupted, dropped = outcome(await talking.game.gets(v1.SayFinished))
        assert (interrupted, dropped) == (False, "call_ended")
        assert len(talking.caller.heard_words) - len(heard.split()) in (0, 1)
        assert (await talking.game.gets(v1.CallEnded)).reason == "game_hung_up"


async def test_what_is_said_behind_a_hangup_is_said_too() -> None:
    async with conversation() as talking:
        await talking.say(words(4), say_id="a")
        await talking.game.client.hangup()
        await talking.say("and this", say_id="b")
        await talking.caller.is_hung_up_on("the game hung up")
        assert {say_id: each.dropped for say_id, each in (await receipts(talking.game, 2)).items()} == {
            "a": None,
            "b": None,
        }


async def test_what_is_said_after_the_call_has_its_receipt() -> None:
    async with conversation() as talking:
        await talking.game.client.hangup(at_once=True)
        await talking.game.gets(v1.CallEnded)
        await talking.say("hello", say_id="a")
        finished = await talking.game.gets(v1.SayFinished)
        assert (finished.call_id, outcome(finished)) == (None, ("", False, "no_call"))


async def test_a_caller_who_hangs_up_in_the_middle_of_a_sentence_leaves_a_receipt_for_each() -> None:
    async with conversation() as talking:
        await talking.say(words(40), say_id="a")
        await talking.say("later", say_id="b")
        await talking.caller.reaches("w02")
        await talking.caller.phone.hang_up()
        finished = await receipts(talking.game, 2)
        assert [each.dropped for each in finished.values()] == [Dropped.CALL_ENDED, Dropped.CALL_ENDED]
        assert agree(finished["a"].heard, talking.caller.heard_words)
        assert not finished["b"].heard
        # whoever gets a receipt may still look up the call
        assert not [message for message in talking.game.skipped if isinstance(message, v1.CallEnding)]
        await talking.game.gets(v1.CallEnding)
        await talking.game.gets(v1.CallEnded)


async def test_nothing_more_is_synthesised_for_a_caller_who_has_hung_up() -> None:
    async with conversation(speech={"pace": Pace(speed=2)}) as talking:
        await talking.say(words(60))
        await talking.caller.reaches("w00")
        await talking.caller.phone.hang_up()
        assert (await talking.game.gets(v1.SayFinished)).dropped is Dropped.CALL_ENDED
        [record] = talking.house.speech.speak_connections
        await record.wait_until(lambda record: bool(record.clears))
        assert record.utterances[0].bytes < len(encode_speech(words(60), word_ms=WORD_MS))


async def test_of_a_thousand_sentences_a_few_wait_and_each_has_its_receipt() -> None:
    async with conversation() as talking:
        # nothing of it is over before the last one is refused
        await talking.say(words(60), say_id="long")
        for number in range(1000):
            await talking.say("x", say_id=str(number))
        finished = await receipts(talking.game, 1001 - MAX_SAYINGS)
        assert {each.dropped for each in finished.values()} == {Dropped.QUEUE_FULL}
        await talking.game.client.clear()
        cleared = await receipts(talking.game, MAX_SAYINGS)
        assert {each.dropped for each in cleared.values()} == {Dropped.CLEARED}
        assert finished.keys() | cleared.keys() == {"long", *map(str, range(1000))}
        errors = [message for message in talking.game.skipped if isinstance(message, v1.Error)]
        assert {error.code for error in errors} == {"queue_full"}
        assert {error.say_id for error in errors} >= finished.keys() - {errors[-1].say_id}
        # no more than the one that plays and the one behind it was ever synthesised
        assert len(utterances(talking.house)) <= 2
        await talking.say("still here")
        await talking.caller.hears_words("still", "here")


async def test_a_text_game_with_a_thousand_sentences_does_no_harm() -> None:
    async with conversation_over("text") as talking:
        await talking.say(words(60))
        for _ in range(1000):
            await talking.say("x")
        await talking.caller.reaches("w00")
        # which sweeps away what waits
        await talking.caller.phone.play(encode_speech("stop", word_ms=WORD_MS, pause_ms=120))
        await talking.game.hears("stop")
        await talking.say("still here")
        await talking.caller.hears_words("still", "here")
        assert "x" not in talking.caller.heard_words
        assert talking.house.errors == []


def _wav(tone: list[int], rate: int, channels: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(b"".join(struct.pack("<h", sample) * channels for sample in tone))
    return file.getvalue()
