from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.local.speech import encode_silence, encode_speech, encode_word
from phonegame.local.speech.heard import Final, Heard, Interim, SpeechBegan
from phonegame.local.speech.marker import MarkerRecogniser
from phonegame.local.speech.messages import Word

WORDS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x2FF, exclude_categories=["C", "Z"]), min_size=1)


def hear(audio: bytes, *, chunk: int = 160, endpointing_ms: int | None = 100) -> list[Heard]:
    recogniser = MarkerRecogniser(endpointing_ms)
    return [event for at in range(0, len(audio), chunk) for event in recogniser.feed(audio[at : at + chunk])]


def finals(heard: list[Heard]) -> list[str]:
    return [" ".join(word.text for word in event.words) for event in heard if isinstance(event, Final)]


def test_a_word_is_noticed_then_known_then_final() -> None:
    audio = encode_silence(200) + encode_word("pepperoni", 300) + encode_silence(200)
    word = Word("pepperoni", 0.2, 0.5)
    assert hear(audio) == [
        SpeechBegan(0.200125, 0.2),
        Interim(0.5, (word,)),
        Final(0.6, (word,), 0.6, speech_final=True),
    ]


def test_a_short_pause_does_not_end_an_utterance() -> None:
    audio = encode_speech("one two", gap_ms=90) + encode_silence(110) + encode_speech("three", pause_ms=200)
    assert finals(hear(audio)) == ["one two", "three"]


def test_without_endpointing_only_long_silence_ends_it() -> None:
    heard = hear(encode_speech("one", pause_ms=4000), endpointing_ms=None)
    assert [event for event in heard if isinstance(event, Final)] == [
        Final(3.3, (Word("one", 0.0, 0.3),), 3.3, speech_final=False)
    ]


@pytest.mark.parametrize("lost", [slice(0, 160), slice(800, 960), slice(2240, 2400)], ids=["head", "middle", "tail"])
def test_a_word_with_a_frame_missing_is_not_heard(lost: slice) -> None:
    audio = bytearray(encode_word("lost", 300))
    del audio[lost]
    assert "lost" not in finals(hear(bytes(audio) + encode_speech("found", pause_ms=200)))[-1]


def test_a_word_with_a_frame_of_silence_in_it_is_not_heard() -> None:
    audio = bytearray(encode_word("lost", 300))
    audio[800:960] = encode_silence(20)
    assert finals(hear(bytes(audio) + encode_speech("found", pause_ms=200))) == ["", "found"]


def test_finish_makes_what_was_said_final() -> None:
    recogniser = MarkerRecogniser(100)
    recogniser.feed(encode_word("one") + encode_word("half")[:1000])
    assert [event.words for event in recogniser.finish() if isinstance(event, Final)] == [(Word("one", 0.0, 0.3),)]
    assert list(recogniser.finish()) == []


@given(st.lists(WORDS, min_size=1, max_size=5), st.integers(1, 3000))
def test_what_is_heard_does_not_depend_on_how_the_audio_is_cut(words: list[str], chunk: int) -> None:
    audio = encode_speech(" ".join(words), word_ms=1000, pause_ms=300)
    heard = hear(audio, chunk=chunk)
    assert heard == hear(audio)
    assert finals(heard) == [" ".join(words)]


@given(st.binary(max_size=400))
def test_no_audio_raises(audio: bytes) -> None:
    hear(audio)


@pytest.mark.parametrize(("text", "ms"), [("", 300), ("a\x02b", 300), ("much too long for that", 2)])
def test_what_cannot_be_encoded_is_refused(text: str, ms: int) -> None:
    with pytest.raises(ValueError, match=r"character|too short"):
        encode_word(text, ms)
