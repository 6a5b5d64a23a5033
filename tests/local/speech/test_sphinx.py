"""Real speech, synthetic as it is: eSpeak NG's voice over 8 kHz mu-law. scripts/recognise.py measures with people's."""

from __future__ import annotations

import random
from collections.abc import Sequence
from importlib import resources

import pytest

from phonegame.audio import SILENCE, encode_mulaw
from phonegame.characters.files import examine
from phonegame.characters.persona import Persona
from phonegame.local.speech import Limits, SpeechConfig
from phonegame.local.speech.heard import Final, Heard, Interim, SpeechBegan
from phonegame.local.speech.sphinx.recogniser import SphinxRecogniser
from phonegame.speak.espeak import ESpeakVoice
from tests.local.speech.client import TALK, connected, finals, listening

pytestmark = pytest.mark.slow

PHRASES = ["one pepperoni pizza please", "extra cheese", "that is all thank you", "open the zyxgl door"]
SECOND = SILENCE * 8000


def say(text: str) -> bytes:
    return SECOND[:2400] + ESpeakVoice().synthesise_blocking(text) + SECOND


def hear(audio: bytes, *, chunk: int = 800, keyterms: Sequence[str] = PHRASES) -> list[Heard]:
    recogniser = SphinxRecogniser(300, keyterms=keyterms, voices="espeak")
    return [event for at in range(0, len(audio), chunk) for event in recogniser.feed(audio[at : at + chunk])]


def text(heard: list[Heard]) -> str:
    said = [event for event in heard if isinstance(event, Final)]
    return " ".join(word.text for final in said for word in final.words)


@pytest.mark.parametrize("said", [*PHRASES, "forty two", "seventeen", "zero", "ninety nine", "one two three four"])
def test_what_is_expected_is_understood(said: str) -> None:
    assert text(hear(say(said))) == said


@pytest.mark.parametrize(
    "said", ["two large margherita please", "no thanks", "table seven", "yes", "a large pepperoni", "a cola"]
)
def test_a_caller_can_order_from_the_example_s_pizzeria(said: str) -> None:
    assert text(hear(say(said), keyterms=pizzeria().vocabulary)) == said


def pizzeria() -> Persona:
    file = resources.files("phonegame.characters") / "examples" / "pizzeria.toml"
    persona = examine(file.read_text(encoding="utf-8")).persona
    assert persona is not None
    return persona


@pytest.mark.parametrize("said", ["the weather will be fine tomorrow in the mountains", "who is calling whom and why"])
def test_what_is_not_expected_does_not_become_a_number(said: str) -> None:
    assert text(hear(say(said))) == ""


def test_noise_does_not_become_a_number() -> None:
    source = random.Random(1)
    noise = b"".join(round(source.gauss(0, 1000)).to_bytes(2, "little", signed=True) for _ in range(8000))
    assert text(hear(SECOND + encode_mulaw(noise) + SECOND)) == ""


def test_an_utterance_is_noticed_guessed_at_and_final() -> None:
    began, *guesses, final = hear(say("one pepperoni pizza please"))
    assert isinstance(began, SpeechBegan)
    assert 0.2 < began.start < 0.5
    assert guesses
    for guess in guesses:
        assert isinstance(guess, Interim)
        assert " ".join(word.text for word in guess.words) in "one pepperoni pizza please"
    assert isinstance(final, Final)
    assert final.speech_final
    times = [time for word in final.words for time in (word.start, word.end)]
    assert times == sorted(times)


def test_what_is_heard_does_not_depend_on_how_the_audio_is_cut() -> None:
    audio = say("extra cheese") + say("forty two")
    assert hear(audio, chunk=80) == hear(audio, chunk=4567)


def test_keyterms_can_be_replaced_and_codes_stay() -> None:
    recogniser = SphinxRecogniser(300, codes=["acorn"], keyterms=["extra cheese"], voices="espeak")
    recogniser.expect(["turn left"])
    heard = [*recogniser.feed(say("turn left")), *recogniser.feed(say("acorn")), *recogniser.feed(say("extra cheese"))]
    assert text(heard) == "turn left acorn"


async def test_a_spoken_order_over_the_socket() -> None:
    config = SpeechConfig(voices="espeak", limits=Limits(max_speed=1e6, burst_seconds=1e6))
    query = f"{TALK}&numerals=true&punctuate=true&keyterm=extra cheese"
    async with listening(config) as service, connected(service, query) as client:
        await client.socket.send_message(say("forty two") + say("extra cheese"))
        await client.send(type="CloseStream")
        assert finals(await client.rest()) == ["42", "Extra cheese."]


async def test_a_spoken_order_in_turns() -> None:
    config = SpeechConfig(voices="espeak", limits=Limits(max_speed=1e6, burst_seconds=1e6))
    query = "model=flux-general-en&encoding=mulaw&sample_rate=8000&numerals=true&keyterm=extra cheese"
    async with listening(config) as service, connected(service, query, path="/v2/listen") as client:
        await client.socket.send_message(say("forty two") + say("extra cheese"))
        await client.send(type="CloseStream")
        await client.rest()
        assert service.connections[0].transcripts == ["42", "Extra cheese."]
