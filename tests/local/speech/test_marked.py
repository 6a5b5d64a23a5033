from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.local.speech import encode_silence, encode_speech, encode_word
from phonegame.local.speech.marked import HeardWord, decode_speech

WORD = encode_word("pepperoni", 20)
TEXTS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x2FF, exclude_categories=["C", "Z"]), min_size=1)


def test_each_word_is_found_where_it_is() -> None:
    assert decode_speech(encode_silence(10) + encode_speech("one two", word_ms=100)) == [
        HeardWord("one", 80, 800, 800, has_end=True),
        HeardWord("two", 80 + 960, 800, 800, has_end=True),
    ]


@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_what_was_said_is_what_is_heard(words: list[str]) -> None:
    heard = decode_speech(encode_speech(" ".join(words), word_ms=1000))
    assert [word.text for word in heard] == words
    assert all(word.is_whole for word in heard)


@pytest.mark.parametrize("kept", range(1, len(WORD)))
def test_a_word_that_was_cut_is_known_by_its_size(kept: int) -> None:
    (word,) = decode_speech(WORD[:kept] + encode_silence(20))
    assert (word.size, word.is_whole) == (kept, False)
    assert "pepperoni".startswith(word.text)
    assert word.whole_size in (None, len(WORD))


@pytest.mark.parametrize("lost", [slice(20, 30), slice(0, 5), slice(3, 6), slice(11, 15)])
def test_a_word_with_a_gap_is_not_whole(lost: slice) -> None:
    torn = bytearray(WORD)
    del torn[lost]
    assert not any(word.is_whole for word in decode_speech(bytes(torn)))


def test_what_is_left_of_a_word_without_its_head_has_no_text() -> None:
    assert decode_speech(WORD[40:] + encode_silence(1)) == [HeardWord("", 0, 120, None, has_end=True)]


@given(st.binary(max_size=300))
def test_no_audio_raises(audio: bytes) -> None:
    decode_speech(audio)
