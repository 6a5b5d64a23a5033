from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.speak.sentences import LONGEST, sentences


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("  \n ", []),
        ("Hello", ["Hello"]),
        ("Hello. One pizza! Anything else?", ["Hello.", "One pizza!", "Anything else?"]),
        ("That is 3.50 dollars at x.com. Ok?", ["That is 3.50 dollars at x.com.", "Ok?"]),
        ('He said "no." Then he left.', ['He said "no."', "Then he left."]),
        ("Well... maybe?! Yes.", ["Well...", "maybe?!", "Yes."]),
        ("Ask Dr. Smith. Or J. R. R. Tolkien.", ["Ask Dr. Smith.", "Or J. R. R. Tolkien."]),
        ("Take a toy, e.g. a car. Go.", ["Take a toy, e.g. a car.", "Go."]),
        ("First line\nstill first\n\nSecond", ["First line\nstill first", "Second"]),
        ("今日は寒い。そうだね！", ["今日は寒い。", "そうだね！"]),
        ("「寒い。」と言った。", ["「寒い。」", "と言った。"]),
        ("...", ["..."]),
    ],
)
def test_text_is_cut_where_sentences_end(text: str, pieces: list[str]) -> None:
    assert sentences(text) == pieces


@pytest.mark.parametrize("sign", [".", "!", " ", "\n", "\n ", "Dr. ", ". ", "'", "x. y"])
def test_no_text_takes_long_to_cut(sign: str) -> None:
    """It would take minutes if the time grew with the square of the length."""
    sentences(sign * 50_000)


def test_a_long_sentence_is_cut_at_its_last_comma() -> None:
    pieces = sentences("word " * 40 + "so, " + "word " * 40)
    assert pieces[0].endswith("so,")


def test_or_else_between_words() -> None:
    pieces = sentences("word " * 100)
    assert {word for piece in pieces for word in piece.split()} == {"word"}
    assert len(pieces[0]) > LONGEST - 6


def test_a_word_that_is_too_long_is_cut_anywhere() -> None:
    assert [len(piece) for piece in sentences("x" * 700)] == [LONGEST, LONGEST, 100]


texts = st.text(alphabet="ab.,!? \n\"'。、DrJ-", max_size=1000) | st.text(max_size=1000)


@given(texts)
def test_nothing_but_blanks_is_lost(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


@given(texts)
def test_no_piece_is_empty_or_too_long_or_begins_or_ends_with_a_blank(text: str) -> None:
    assert all(0 < len(piece) <= LONGEST and piece == piece.strip() for piece in sentences(text))


@given(st.lists(st.text(alphabet="abc ", min_size=1, max_size=30).filter(str.strip), max_size=20))
def test_sentences_are_found_again(words: list[str]) -> None:
    given_sentences = [f"{' '.join(text.split())} end." for text in words]
    assert sentences(" ".join(given_sentences)) == given_sentences
