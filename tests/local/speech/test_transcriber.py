from __future__ import annotations

from dataclasses import replace
from typing import Any

from phonegame.local.speech.heard import Final, Heard, Interim, SpeechBegan
from phonegame.local.speech.messages import Word
from phonegame.local.speech.query import ListenOptions
from phonegame.local.speech.transcriber import Transcriber

ASKED = ListenOptions(model="nova-3", interim_results=True, utterance_end_ms=1000, vad_events=True)
PIZZA = (Word("pizza", 0.5, 0.9),)


def told(*heard: Heard, until: float, options: ListenOptions = ASKED, **kwargs: Any) -> list[Any]:
    return Transcriber(options, "id", **kwargs).advance(heard, until)


def brief(messages: list[Any]) -> list[tuple[Any, ...]]:
    """(start, end, text, is_final) of Results; (type, second) of the others."""
    briefly: list[tuple[Any, ...]] = []
    for message in messages:
        if message["type"] == "Results":
            end = round(message["start"] + message["duration"], 4)
            text = message["channel"]["alternatives"][0]["transcript"]
            briefly.append((message["start"], end, text, message["is_final"]))
        else:
            briefly.append((message["type"], message.get("last_word_end", message.get("timestamp"))))
    return briefly


def test_silence_yields_empty_results_and_now_and_then_an_empty_final() -> None:
    assert brief(told(until=4.5)) == [
        (0.0, 1.0, "", False),
        (0.0, 2.0, "", False),
        (0.0, 3.0, "", True),
        (3.0, 4.0, "", False),
    ]


def test_silence_without_interim_results_yields_empty_finals_only() -> None:
    options = replace(ASKED, interim_results=False, utterance_end_ms=None)
    assert brief(told(until=6.5, options=options)) == [(0.0, 3.0, "", True), (3.0, 6.0, "", True)]


def test_an_utterance_from_its_beginning_to_its_end() -> None:
    heard = (SpeechBegan(0.6, 0.5), Interim(0.9, PIZZA), Final(1.2, PIZZA, 1.2, speech_final=True))
    assert brief(told(*heard, until=2.0)) == [
        ("SpeechStarted", 0.5),
        (0.0, 0.9, "pizza", False),
        (0.0, 1.2, "pizza", True),
        ("UtteranceEnd", 0.9),
    ]


def test_speech_under_way_is_never_cut_by_an_empty_final() -> None:
    assert brief(told(SpeechBegan(2.9, 2.8), until=3.5))[-1] == (0.0, 3.0, "", False)


def test_utterance_end_waits_for_the_final_of_the_last_word() -> None:
    late = (Interim(0.9, PIZZA), Final(2.5, PIZZA, 2.5, speech_final=True))
    assert brief(told(*late, until=2.6))[-2:] == [(0.0, 2.5, "pizza", True), ("UtteranceEnd", 0.9)]


def test_utterance_end_does_not_come_when_a_word_follows_soon() -> None:
    more = (*PIZZA, Word("please", 1.4, 1.8))
    heard = (
        Final(1.0, PIZZA, 1.0, speech_final=False),
        Interim(1.8, more[1:]),
        Final(1.9, more[1:], 1.9, speech_final=True),
    )
    assert [each for each in brief(told(*heard, until=3.0)) if each[0] == "UtteranceEnd"] == [("UtteranceEnd", 1.8)]


def test_finalize_marks_the_last_final() -> None:
    transcriber = Transcriber(ASKED, "id")
    transcriber.advance([Interim(0.9, PIZZA)], 0.95)
    (answer,) = transcriber.finalize([Final(0.95, PIZZA, 0.95, speech_final=False)], 0.95)
    assert (answer["is_final"], answer["speech_final"], answer["from_finalize"]) == (True, False, True)


def test_finalize_with_hardly_any_audio_is_not_answered() -> None:
    transcriber = Transcriber(ASKED, "id")
    assert transcriber.finalize([], 0.1) == []
    assert brief(transcriber.finalize([], 0.3)) == [(0.0, 0.3, "", True)]


def test_numerals_and_punctuation_are_made_of_what_was_heard() -> None:
    words = (Word("forty", 0.1, 0.4), Word("two", 0.4, 0.6), Word("pizzas", 0.6, 1.0))
    options = replace(ASKED, numerals=True, punctuate=True, utterance_end_ms=None)
    message, *_ = told(Final(1.0, words, 1.0, speech_final=True), until=1.0, options=options)
    assert message["channel"]["alternatives"][0]["transcript"] == "42 pizzas."
    assert message["channel"]["alternatives"][0]["words"][1] == {
        "word": "pizzas",
        "start": 0.6,
        "end": 1.0,
        "confidence": 0.98,
        "punctuated_word": "pizzas.",
    }


def test_verbatim_words_stay_as_they_are() -> None:
    options = replace(ASKED, numerals=True, punctuate=True, utterance_end_ms=None)
    message, *_ = told(
        Final(1.0, (Word("two", 0.1, 0.4),), 1.0, speech_final=True), until=1.0, options=options, verbatim=True
    )
    assert message["channel"]["alternatives"][0]["transcript"] == "two"
