from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.deepgram.messages import parse
from phonegame.interruption import NOISE_BELOW, Interruption, Mode
from phonegame.listen.transcript import Heard
from tests.listen.deepgram_says import results

PLAYING_FROM = 10.0
WORDS, SPEECH, NEVER = (Interruption(mode) for mode in ("words", "speech", "never"))


def heard(raw: str) -> Heard:
    message = parse(raw)
    assert message is not None
    return Heard(raw, message)


def said(text: str, start: float = 11.0, *, final: bool = False, confidence: float | None = 0.9) -> Heard:
    """Half a second a word; None: the session does not tell how sure it is."""
    fields = json.loads(results(text, start, final=final))
    alternative = fields["channel"]["alternatives"][0]
    for place in (alternative, *alternative["words"]):
        place["confidence"] = confidence
        if confidence is None:
            del place["confidence"]
    return heard(json.dumps(fields))


def said_without_words(text: str, start: float, **fields: Any) -> Heard:
    alternative = {"transcript": text, **fields}
    return heard(
        json.dumps({"type": "Results", "start": start, "duration": 2, "channel": {"alternatives": [alternative]}})
    )


def speech_started(at: float) -> Heard:
    return heard(json.dumps({"type": "SpeechStarted", "timestamp": at}))


@pytest.mark.parametrize("final", [False, True], ids=["interim", "final"])
@pytest.mark.parametrize(
    "text",
    ["stop", "Stop!", "42", "4 2", "a", "m", "yeah", "oh", "ja", "はい", "mom", "uh stop", "hmm, no"],
)
def test_a_word_interrupts(text: str, final: bool) -> None:
    assert WORDS.is_meant(said(text, final=final), PLAYING_FROM)
    assert SPEECH.is_meant(said(text, final=final), PLAYING_FROM)
    assert not NEVER.is_meant(said(text, final=final), PLAYING_FROM)


@pytest.mark.parametrize(
    "text",
    [
        *("mhm", "Mhm.", "mm-hmm", "mmm", "hm", "hmm", "uh", "um", "umm", "uhm", "uh-huh", "er", "erm", "ah", "huh?"),
        *("äh", "ähm", "euh", "uh um mhm", "", "...", "?", "- -"),
    ],
)
def test_a_cough_does_not(text: str) -> None:
    assert not WORDS.is_meant(said(text), PLAYING_FROM)
    assert not SPEECH.is_meant(said(text), PLAYING_FROM)


@pytest.mark.parametrize(
    ("text", "start", "interrupts"),
    [
        pytest.param("stop", 10.0, True, id="with the first sound"),
        pytest.param("stop", 9.99, False, id="just before it"),
        pytest.param("i am here", 8.0, False, id="a late final of what was said before"),
        pytest.param("hold on please", 9.4, True, id="begun before and gone on"),
        pytest.param("hold on", 9.4, False, id="a word that reaches into it"),
        pytest.param("pizza mhm", 9.6, False, id="said before, and a cough over it"),
    ],
)
@pytest.mark.parametrize("final", [False, True], ids=["interim", "final"])
def test_what_began_before_the_playback_is_not_meant_for_it(
    text: str, start: float, interrupts: bool, final: bool
) -> None:
    # words of half a second: "hold on please" at 9.4 has its third word at 10.4
    assert WORDS.is_meant(said(text, start, final=final), PLAYING_FROM) is interrupts


@pytest.mark.parametrize(
    ("text", "start", "interrupts"),
    [
        ("stop", 11, False),
        ("stop please", 11, True),
        ("stop please now", 11, True),
        ("uh stop", 11, False),
        ("stop - !", 11, False),
        ("please stop", 9.6, False),
        ("oh please stop", 9.6, True),
    ],
)
def test_it_may_take_two_words(text: str, start: float, interrupts: bool) -> None:
    assert Interruption("words", 2).is_meant(said(text, start), PLAYING_FROM) is interrupts


@pytest.mark.parametrize(
    ("confidence", "interrupts"),
    [(0.01, False), (NOISE_BELOW - 0.01, False), (NOISE_BELOW, True), (0, True), (None, True)],
)
def test_what_deepgram_hardly_believes_is_noise_and_what_it_does_not_say_is_none(
    confidence: float | None, interrupts: bool
) -> None:
    assert WORDS.is_meant(said("stop", confidence=confidence), PLAYING_FROM) is interrupts
    without = {} if confidence is None else {"confidence": confidence}
    assert WORDS.is_meant(said_without_words("stop", 11, **without), PLAYING_FROM) is interrupts


def test_each_word_counts_by_its_own_confidence() -> None:
    fields = json.loads(said("stop it", confidence=0.9).raw)
    words = fields["channel"]["alternatives"][0]["words"]
    words[0]["confidence"] = 0.1
    assert WORDS.is_meant(heard(json.dumps(fields)), PLAYING_FROM)
    words[1]["confidence"] = 0.1
    assert not WORDS.is_meant(heard(json.dumps(fields)), PLAYING_FROM)
    del words[1]["confidence"]
    assert WORDS.is_meant(heard(json.dumps(fields)), PLAYING_FROM)


@pytest.mark.parametrize(("start", "interrupts"), [(10, True), (12.5, True), (9.9, False), (8.5, False)])
def test_words_without_times_count_where_the_whole_result_lies_behind_the_beginning(
    start: float, interrupts: bool
) -> None:
    assert WORDS.is_meant(said_without_words("stop", start), PLAYING_FROM) is interrupts


def test_words_without_times_may_be_a_cough() -> None:
    assert not WORDS.is_meant(said_without_words("mhm, uh.", 11), PLAYING_FROM)


@pytest.mark.parametrize(("at", "interrupts"), [(9.99, False), (10, True), (10.4, True)])
def test_speech_interrupts_where_that_is_asked_for(at: float, interrupts: bool) -> None:
    assert SPEECH.is_meant(speech_started(at), PLAYING_FROM) is interrupts
    assert not WORDS.is_meant(speech_started(at), PLAYING_FROM)
    assert not NEVER.is_meant(speech_started(at), PLAYING_FROM)


@pytest.mark.parametrize("raw", ['{"type":"UtteranceEnd","last_word_end":11}', '{"type":"Metadata"}', '{"type":"Hm"}'])
@pytest.mark.parametrize("mode", ["words", "speech", "never"])
def test_no_other_message_interrupts(mode: Mode, raw: str) -> None:
    assert not Interruption(mode).is_meant(heard(raw), PLAYING_FROM)


@given(st.text(), st.floats(0, 100), st.integers(1, 3))
def test_whatever_is_heard_gets_an_answer(text: str, start: float, words: int) -> None:
    said_now = said_without_words(text, start)
    assert Interruption("words", words).is_meant(said_now, start + 1) is False
    assert Interruption("speech", words).is_meant(said_now, start) in (True, False)
