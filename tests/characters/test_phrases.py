from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.characters.phrases import LONG, LONGEST, Phrases, joined


def phrases_of(*pieces: str) -> list[str]:
    phrases = Phrases()
    return [*(phrase for piece in pieces for phrase in phrases.feed(piece)), *phrases.finish()]


def test_sentences() -> None:
    assert phrases_of("Good evening. What can I do for you? ") == ["Good evening.", "What can I do for you?"]


def test_the_first_phrase_may_be_a_clause() -> None:
    text = "Good evening, this is the pizzeria. We have pizza, pasta, and wine."
    assert phrases_of(text) == ["Good evening,", "this is the pizzeria.", "We have pizza, pasta, and wine."]


def test_but_not_a_single_short_word() -> None:
    assert phrases_of("Well, good evening, sir.") == ["Well, good evening,", "sir."]


def test_a_phrase_is_there_as_soon_as_a_blank_follows_it() -> None:
    phrases = Phrases()
    assert phrases.feed("Good evening.") == []
    assert phrases.feed(" ") == ["Good evening."]


@pytest.mark.parametrize(
    "text",
    [
        "That is 3.50 with tip.",
        "Ask Dr. Smith about it.",
        "It was J. R. R. Tolkien who said so.",
        "It takes 1,000 years.",
        "Write to me at info@example.com now.",
        "Bring something, e.g. a cake.",
        "Wait, wait... what?",
    ],
)
def test_abbreviations_and_numbers_are_not_cut(text: str) -> None:
    assert phrases_of("Right. " + text) in (["Right.", text], ["Right.", "Wait, wait...", "what?"])


def test_lists() -> None:
    assert phrases_of("We have:\n1. Margherita\n2. Funghi\n- Cola") == [
        *("We have:", "1. Margherita", "2. Funghi", "Cola"),
    ]


def test_a_long_sentence_ends_at_a_clause() -> None:
    clause = "and this goes on and on for quite a while,"
    text = "Yes. " + " ".join([clause] * 6)
    assert all(LONG <= len(phrase) < LONG + len(clause) + 1 for phrase in phrases_of(text)[1:])
    assert joined(phrases_of(text)) == text


def test_one_without_clauses_ends_between_words() -> None:
    text = "Yes. " + " ".join(["word"] * 100)
    first, second, *_ = phrases_of(text)[1:]
    assert LONGEST - 5 <= len(first) <= LONGEST
    assert second.startswith("word")
    assert joined(phrases_of(text)) == text


def test_one_without_anything() -> None:
    assert list(map(len, phrases_of("x" * 500))) == [240, 240, 20]


def test_scripts_without_blanks() -> None:
    text = "こんにちは。ピザはいかがですか？"
    assert phrases_of(text) == ["こんにちは。", "ピザはいかがですか？"]
    assert joined(phrases_of(text)) == text


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("**Yes**, we have `one`.", "Yes, we have one."),
        ("Take *this* one.", "Take this one."),
        ("Take the _big_ one.", "Take the big one."),
        ("*sighs* Well, I see.", "Well, I see."),
        ("Hello! *waves at you* Come in.", "Hello! Come in."),
        ("(laughs) Of course.", "Of course."),
        ("It is 5 (five) euros.", "It is 5 (five) euros."),
        ("(Five euros, that is.)", "(Five euros, that is.)"),
        ("Sure. [pause] Go on.", "Sure. Go on."),
        ("See [the menu](https://example.com/menu) please.", "See the menu please."),
        ("# Menu\n\n* Pizza\n+ Pasta\n> Wine", "Menu Pizza Pasta Wine"),
        ("2 * 3 is 6.", "2 * 3 is 6."),
        ("Minus:\n-5 degrees", "Minus: -5 degrees"),
        ("Great 🎉🎉 choice 👍🏽!", "Great choice !"),
        ("20 °C, № 5 and 5 €.", "20 °C, № 5 and 5 €."),
        ("```python\nprint\n```", "print"),
        ("---\nDone", "Done"),
        ("*never closed", "never closed"),
        ("He said (and left", "He said (and left"),
        ("Oh. (and then he left\nagain)", "Oh. (and then he left again)"),
        ("Oh. [never closed", "Oh. never closed"),
        ("Oh. [the menu](https://exa", "Oh. the menu"),
        ("**", ""),
        ("...", ""),
        (" 🎉 \n", ""),
    ],
)
def test_what_cannot_be_said_is_left_out(written: str, said: str) -> None:
    assert joined(phrases_of(written)) == said
    assert joined(phrases_of(*written)) == said


pieces = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.sampled_from(["*", "**", "[", "](", ")", "(", "\n", "- ", "# ", "Dr. ", "3.50", ". ", ", ", "word ", "🎉"]),
    ),
    max_size=15,
)


@given(pieces)
def test_however_a_text_comes_the_phrases_are_the_same(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert phrases_of(*pieces) == phrases_of(text) == phrases_of(*text)


@given(pieces)
def test_phrases_are_bounded_and_say_something(pieces: list[str]) -> None:
    for phrase in phrases_of(*pieces):
        assert 0 < len(phrase) <= LONGEST
        assert phrase == phrase.strip()
        assert "\n" not in phrase


@given(st.lists(st.text(st.characters(categories=["L"]), min_size=1, max_size=10), max_size=40))
def test_no_word_is_lost(words: list[str]) -> None:
    assert "".join(phrases_of(" ".join(words))).replace(" ", "") == "".join(words)
