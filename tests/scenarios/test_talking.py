from __future__ import annotations

import pytest

from phonegame.audio import SILENCE
from phonegame.local.speech.marker import GAP_MS, encode_speech
from phonegame.local.speech.speaking.pace import Pace
from phonegame.speak.sentences import sentences
from phonegame.speak.sound import Sound
from phonegame.wire import v1
from tests.house import Caller
from tests.scenarios.conversation import (
    PROTOCOLS,
    WORD_MS,
    Protocol,
    conversation,
    conversation_over,
    is_silent_but_for,
    outcome,
    utterances,
    words,
)

ONE_BY_ONE = ["one pepperoni pizza", "coming up", "at table nine"]
LONG = "Good evening. Sorry, no olives! All right? So?"


def marked(text: str) -> bytes:
    """How the marker voice says it."""
    return encode_speech(text, word_ms=WORD_MS, gap_ms=GAP_MS)


def has_nothing_to_complain_of(caller: Caller) -> bool:
    return caller.phone.underruns == [] and caller.phone.complaints == [] and caller.phone.clears == []


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_what_a_game_says_is_heard(protocol: Protocol) -> None:
    async with conversation_over(protocol) as talking:
        await talking.say("one pepperoni pizza coming up")
        await talking.caller.hears_words("one", "pepperoni", "pizza", "coming", "up")
        assert has_nothing_to_complain_of(talking.caller)


async def test_a_v1_game_learns_when_it_is_heard() -> None:
    async with conversation() as talking:
        await talking.say("coming up", say_id="a")
        started = await talking.game.gets(v1.SayStarted)
        finished = await talking.game.gets(v1.SayFinished)
        assert (started.say_id, finished.say_id) == ("a", "a")
        assert (started.player, started.call_id) == (finished.player, finished.call_id)
        assert outcome(finished) == ("coming up", False, None)
        assert finished.seconds == len(marked("coming up")) / 8000
        assert talking.caller.heard_words == ["coming", "up"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_sentences_are_heard_in_order_sample_for_sample_without_a_gap(protocol: Protocol) -> None:
    async with conversation_over(protocol) as talking:
        for sentence in ONE_BY_ONE:
            await talking.say(sentence)
        await talking.caller.hears_words("at", "table", "nine")
        await talking.caller.phone.wait_silence(0.05)
        assert is_silent_but_for(talking.caller.phone.heard, b"".join(map(marked, ONE_BY_ONE)))
        assert has_nothing_to_complain_of(talking.caller)


@pytest.mark.slow
@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_what_espeak_says_is_heard_sample_for_sample_without_a_gap(protocol: Protocol) -> None:
    async with conversation_over(protocol, voice="espeak:en-us") as talking:
        await talking.say("Hi. No!")
        await talking.caller.phone.wait_heard(0.02)
        await talking.caller.phone.wait_silence(0.05)
        # from its cache: eSpeak NG never says the same twice
        voice = talking.house.phonegame.voices.find(None)
        sounds = [Sound(sentence) for sentence in ("Hi.", "No!")]
        for sound in sounds:
            await voice.speak(sound)
        assert is_silent_but_for(talking.caller.phone.heard, b"".join(sound.audio for sound in sounds))
        assert has_nothing_to_complain_of(talking.caller)


async def test_long_text_is_synthesised_sentence_by_sentence() -> None:
    async with conversation() as talking:
        await talking.say(LONG)
        assert outcome(await talking.game.gets(v1.SayFinished)) == (LONG, False, None)
        asked = utterances(talking.house)
        assert [utterance.text for utterance in asked] == sentences(LONG)
        assert is_silent_but_for(talking.caller.phone.heard, b"".join(marked(text) for text in sentences(LONG)))
        assert has_nothing_to_complain_of(talking.caller)


@pytest.mark.slow
async def test_the_first_sound_does_not_wait_for_the_last_sentence() -> None:
    # the voice takes half as long as it speaks
    async with conversation(speech={"pace": Pace(speed=2)}) as talking:
        await talking.say(f"{words(11)}. Go on. End.", say_id="a")
        await talking.caller.phone.wait_heard(0.02)
        assert "End." not in [utterance.text for utterance in utterances(talking.house)]
        await talking.game.gets(v1.SayFinished)
        assert utterances(talking.house)[-1].text == "End."


async def test_audio_does_not_run_far_ahead_of_the_caller() -> None:
    async with conversation() as talking:
        # 3 s, made at once
        await talking.say(words(60))
        await talking.caller.reaches("w05")
        assert talking.caller.phone.lead_seconds < 1


async def test_a_voice_that_is_slower_than_speech_makes_pauses_and_loses_nothing() -> None:
    async with conversation(speech={"pace": Pace(speed=0.8)}) as talking:
        said = words(5)
        await talking.say(said)
        assert outcome(await talking.game.gets(v1.SayFinished)) == (said, False, None)
        sound = bytes(talking.house.speech.speak_connections[0].audio)
        assert sound == marked(said)
        assert talking.caller.phone.heard.replace(SILENCE, b"") == sound.replace(SILENCE, b"")


async def test_text_that_nobody_can_pronounce_is_heard_as_silence() -> None:
    async with conversation(voice="espeak") as talking:
        await talking.say("\u200b", say_id="nothing")
        await talking.say("hi", say_id="something")
        finished = [await talking.game.gets(v1.SayFinished) for _ in range(2)]
        assert [(each.say_id, each.dropped) for each in finished] == [("nothing", None), ("something", None)]
