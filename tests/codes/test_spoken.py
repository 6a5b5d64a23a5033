"""The rules at the top of phonegame/spoken.py, one table a rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.codes import built_in_words
from phonegame.spoken import Ambiguous, CodeBook, Growing, Matched, Nothing, Outcome, Wrong

UP_TO_99 = CodeBook(map(str, range(100)))
PADDED = CodeBook(f"{number:02}" for number in range(100))
FOUR_DIGITS = CodeBook(map(str, range(1000, 10000)))
WORDS = CodeBook(built_in_words())
OWN = CodeBook(["a7", "Red Fox", "XKCD", "7up", "42", "car", "carpet"])


def hear(book: CodeBook, said: str, *active: str) -> Outcome:
    return book.hear(said.split(), set(active), settled=True)


def hear_early(book: CodeBook, said: str, *active: str) -> Outcome:
    return book.hear(said.split(), set(active), settled=False)


@pytest.mark.parametrize(
    ("said", "end"),
    [
        ("42", 1), ("42.", 1), ("'42'", 1), ("#42", 1), ("4 2", 2), ("4, 2.", 2), ("4-2", 1),
        ("4. 2.", 2), ("40 2", 2),
        ("forty two", 2), ("forty-two.", 1), ("Forty two,", 2), ("FORTY TWO", 2), ("four two", 2),
        ("forty 2", 2),
        ("code 42 please", 2), ("code forty-two please", 2), ("the code is 42", 4),
        ("Hi, um, it's forty two.", 5),
        ("um 4 uh 2", 4), ("I'd like to join game 42, please.", 6), ("no, forty two", 3), ("oh, 42", 2),
    ],
)  # fmt: skip
def test_code_is_heard_in_every_form(said: str, end: int) -> None:
    assert hear(UP_TO_99, said, "42") == Matched("42", end)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("double four", "44"), ("oh seven", "7"), ("zero seven", "7"), ("0 7", "7"), ("07", "7"),
        ("zero", "0"), ("0", "0"),
        ("nought", "0"), ("four oh", "40"), ("seven", "7"), ("seventeen", "17"), ("ninety-nine", "99"),
    ],
)  # fmt: skip
def test_special_numbers(said: str, code: str) -> None:
    assert hear(UP_TO_99, said, code) == Matched(code, len(said.split()))


@pytest.mark.parametrize("said", ["oh seven", "zero seven", "07", "o 7"])
def test_leading_zero_counts_where_it_belongs_to_the_code(said: str) -> None:
    assert hear(PADDED, said, "07", "70") == Matched("07", len(said.split()))


def test_number_is_not_padded() -> None:
    assert hear(PADDED, "seven please", "07") == Wrong("7")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("1234", "1234"), ("1 2 3 4", "1234"), ("12 34", "1234"), ("twelve thirty-four", "1234"),
        ("1,234", "1234"),
        ("nineteen eighty four", "1984"), ("two thousand and one", "2001"), ("1 0 0 0", "1000"),
        ("ten ten", "1010"),
        ("twelve hundred", "1200"), ("12 uh 34", "1234"), ("42 42", "4242"), ("code 12. 34.", "1234"),
    ],
)  # fmt: skip
def test_four_digits(said: str, code: str) -> None:
    assert hear(FOUR_DIGITS, said, code) == Matched(code, len(said.split()))


@pytest.mark.parametrize(
    "said",
    [
        "142", "420", "4 2 0", "1 42", "42 1", "4:20", "4.2", "42.5", "$42", "42%", "42nd", "-42", "4/2",
        "1,042", "421",
        "forty two hundred", "one forty two", "four hundred two", "four hundred and two", "forty two oh",
        "four twenty",
        "1 2 3 4 5:06 4 2", "4, 2, 4, 2", "forty two, three", "4242", "4 2 4 2", "fourteen",
        "forty three", "a hundred and forty two",
    ],
)  # fmt: skip
def test_code_is_not_heard_inside_another_number(said: str) -> None:
    assert isinstance(hear(UP_TO_99, said, "42", "4", "2"), Wrong)


@pytest.mark.parametrize(
    "said",
    [
        "I am 42 years old", "42 percent", "42 point 5", "point 42", "minus 42", "half past 42",
        "forty second", "42 million",
        "42 hundreds", "42 of them", "about 42", "page 42", "B 42", "42 B", "not 42",
        "there are 42 ducks in the pond",
        "double forty two", "forty two thousandths",
    ],
)  # fmt: skip
def test_number_that_counts_something_is_no_code(said: str) -> None:
    assert hear(UP_TO_99, said, "42") == Nothing()


@pytest.mark.parametrize(
    ("said", "end"),
    [
        pytest.param("42 pepperoni pizza", 1, id="game-speech-behind"),
        pytest.param("my sister told me to say 42", 7, id="sentence-before"),
        pytest.param("so the thing here shows 42 I think", 6, id="sentence-before-carriers-behind"),
        pytest.param("my mate's code is 42 apparently", 5, id="introduced"),
        pytest.param("That is a big dog. 42. Pepperoni!", 6, id="sentence-of-its-own"),
    ],
)
def test_number_is_heard_in_a_sentence_that_presents_it(said: str, end: int) -> None:
    assert hear(UP_TO_99, said, "42") == Matched("42", end)


@pytest.mark.parametrize(
    "said",
    ["route 42", "he's 42", "I'm 42", "it costs 42", "my mate's is 42 today", "see you at 42", "in 42", "top 42"],
)
def test_number_in_any_other_sentence_is_no_code(said: str) -> None:
    assert hear(UP_TO_99, said, "42") == Nothing()


@pytest.mark.parametrize(
    ("said", "end"),
    [
        pytest.param("4", 1, id="alone"),
        pytest.param("okay it's four please", 3, id="carriers"),
        pytest.param("four, pepperoni", 1, id="break-behind"),
        pytest.param("That is a big dog. Four.", 6, id="sentence-of-its-own"),
        pytest.param("code four pepperoni", 2, id="introduced"),
    ],
)
def test_one_digit_is_heard_where_nothing_else_is_said(said: str, end: int) -> None:
    assert hear(UP_TO_99, said, "4") == Matched("4", end)


@pytest.mark.parametrize(
    "said",
    [
        "I see 4 dogs", "four pepperoni", "come here four", "just one moment please", "no one",
        "not that one", "I have one",
        "one more time please", "give me 4", "four of us", "step 1", "the 1", "which one", "4 people", "wait a second",
        "you two stop it",
    ],
)  # fmt: skip
def test_digit_in_a_sentence_is_no_code(said: str) -> None:
    assert hear(UP_TO_99, said, "1", "2", "4") == Nothing()


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        pytest.param("41 no 42", ("41", "42"), id="correction"),
        pytest.param("forty one or forty two", ("41", "42"), id="or"),
        pytest.param("41. Sorry, 42.", ("41", "42"), id="sentences"),
        pytest.param("42 no 17", ("42", "17"), id="other-one-is-not-active"),
        pytest.param("42 or 420", ("42", "420"), id="other-one-is-no-code"),
        pytest.param("4 and 42", ("4", "42"), id="one-begins-the-other"),
        pytest.param("code 41 no code 42", ("41", "42"), id="both-introduced"),
    ],
)
def test_two_codes_decide_nothing(said: str, heard: tuple[str, ...]) -> None:
    assert hear(UP_TO_99, said, "4", "41", "42") == Ambiguous(heard)
    assert not isinstance(hear_early(UP_TO_99, said, "4", "41", "42"), Matched)


def test_two_numbers_in_a_row_are_one_wrong_number() -> None:
    assert hear(UP_TO_99, "41 42", "41", "42") == Wrong("4142")


def test_two_readings_that_are_both_codes_decide_nothing() -> None:
    assert hear(CodeBook(["42", "402"]), "40 2", "42") == Ambiguous(("402", "42"))


@pytest.mark.parametrize(
    "said",
    ["42 42", "forty two forty two", "42. 42.", "4 2, 4 2", "42, four two", "42 yes 42", "42 42 42", "code 42 42"],
)
def test_code_said_twice_is_that_code(said: str) -> None:
    assert hear(UP_TO_99, said, "42", "4", "2") == Matched("42", len(said.split()))


def test_digit_said_twice_is_two_digits() -> None:
    assert hear(UP_TO_99, "4 4", "4", "44") == Matched("44", 2)
    assert hear(UP_TO_99, "4 4", "4") == Wrong("44")
    assert hear(CodeBook("0123456789"), "4 4", "4") == Wrong("44")
    assert hear(CodeBook("0123456789"), "4. 4.", "4") == Matched("4", 2)


@pytest.mark.parametrize(
    ("said", "active", "code", "end"),
    [
        pytest.param("42", "42", "42", 1, id="no-code-begins-with-42"),
        pytest.param("forty two", "42", "42", 2, id="words"),
        pytest.param("it's 42", "42", "42", 2, id="carriers-before"),
        pytest.param("4 please", "4", "4", 1, id="another-word-follows"),
        pytest.param("forty please", "40", "40", 1, id="another-word-follows-tens"),
        pytest.param("42 pepperoni", "42", "42", 1, id="game-speech-follows"),
    ],
)
def test_interim_that_cannot_become_another_code_decides(said: str, active: str, code: str, end: int) -> None:
    assert hear_early(UP_TO_99, said, active) == Matched(code, end)


@pytest.mark.parametrize(
    ("said", "active"),
    [
        pytest.param("4", {"4"}, id="42-is-a-code-though-not-active"),
        pytest.param("four", {"4", "42"}, id="both-active"),
        pytest.param("forty", {"40"}, id="forty-two"),
        pytest.param("40", {"40"}, id="40-as-digits"),
        pytest.param("oh four", {"4"}, id="leading-zero"),
        pytest.param("um 4 uh", {"4"}, id="filler-is-no-other-word"),
        pytest.param("my sister says 42", {"42"}, id="sentence-before"),
        pytest.param("4 to", {"4"}, id="may-be-a-homophone"),
        pytest.param("is it 42 or", {"42"}, id="another-one-is-announced"),
        pytest.param("42, sorry", {"42"}, id="correction-is-announced"),
        pytest.param("4", {"42"}, id="begins-an-active-code"),
        pytest.param("forty", {"42"}, id="tens-begin-an-active-code"),
        pytest.param("for two", {"42"}, id="homophones-only-when-settled"),
    ],
)
def test_interim_that_may_become_another_code_is_growing(said: str, active: set[str]) -> None:
    assert isinstance(UP_TO_99.hear(said.split(), active, settled=False), Growing)


def test_digit_that_may_become_a_teen_is_growing() -> None:
    book = CodeBook(["4", "14"])
    assert hear_early(book, "four", "4") == Growing("4")
    assert hear(book, "four", "4") == Matched("4", 1)


def test_digit_waits_for_the_end_even_if_no_code_begins_with_it() -> None:
    assert hear_early(CodeBook("0123456789"), "one", "1") == Growing("1")


def test_hundred_may_go_on() -> None:
    assert hear_early(CodeBook(["100", "101"]), "one hundred", "100") == Growing("100")
    assert hear_early(CodeBook(["100", "101"]), "one hundred and", "100") == Growing("100")
    assert hear_early(CodeBook(["100", "200"]), "one hundred", "100") == Matched("100", 2)


@pytest.mark.parametrize("said", ["hello", "43", "", "142", "41 or 43", "that one"])
def test_interim_without_an_active_code_is_nothing(said: str) -> None:
    assert hear_early(UP_TO_99, said, "42") == Nothing()


@pytest.mark.parametrize(
    ("said", "book", "active", "outcome"),
    [
        pytest.param("4", UP_TO_99, "42", Growing("4"), id="digit"),
        pytest.param("forty", UP_TO_99, "42", Growing("40"), id="tens"),
        pytest.param("4 please", UP_TO_99, "42", Wrong("4"), id="not-if-another-word-follows"),
        pytest.param("4", UP_TO_99, "14", Wrong("4"), id="a-teen-is-not-begun-with-a-pause"),
        pytest.param("12", FOUR_DIGITS, "1234", Growing("12"), id="pair"),
        pytest.param("12", FOUR_DIGITS, "3412", Wrong("12"), id="pair-that-begins-nothing"),
        pytest.param("one thousand", FOUR_DIGITS, "1002", Growing("1000"), id="thousand"),
    ],
)
def test_settled_beginning_of_an_active_code_is_growing(
    said: str, book: CodeBook, active: str, outcome: Outcome
) -> None:
    assert hear(book, said, active) == outcome


@pytest.mark.parametrize(("first", "then"), [("4.", "2."), ("Forty.", "Two."), ("four", "two")])
def test_growing_words_are_heard_together_with_the_next(first: str, then: str) -> None:
    assert hear(UP_TO_99, f"{first} {then}", "42", "2") == Matched("42", 2)


@pytest.mark.parametrize(
    ("said", "book", "outcome"),
    [
        pytest.param("43", UP_TO_99, Wrong("43"), id="no-such-game"),
        pytest.param("forty three please", UP_TO_99, Wrong("43"), id="normal-form"),
        pytest.param("4 2 0", UP_TO_99, Wrong("420"), id="no-such-code"),
        pytest.param("12", PADDED, Wrong("12"), id="padded"),
        pytest.param("Lemon.", WORDS, Wrong("lemon"), id="word-of-the-list"),
        pytest.param("banana", WORDS, Nothing(), id="other-word"),
        pytest.param("42", WORDS, Nothing(), id="no-code-is-a-number"),
        pytest.param("my uncle has a lemon tree", WORDS, Nothing(), id="word-in-a-sentence"),
        pytest.param("my uncle is 43", UP_TO_99, Nothing(), id="number-in-a-sentence"),
        pytest.param("the game says 43", UP_TO_99, Wrong("43"), id="number-between-carriers"),
        pytest.param("hello is anybody there", UP_TO_99, Nothing(), id="no-number"),
        pytest.param("hundred", UP_TO_99, Nothing(), id="no-whole-number"),
    ],
)
def test_wrong_is_what_is_plainly_meant_as_a_code(said: str, book: CodeBook, outcome: Outcome) -> None:
    assert hear(book, said, "99", "tiger") == outcome


@pytest.mark.parametrize(
    ("said", "end"),
    [
        ("for two", 2), ("four to", 2), ("four too", 2), ("For to.", 2), ("forty to", 2),
        ("fore two please", 2),
        ("my code is for two", 5),
    ],
)  # fmt: skip
def test_homophones_are_digits_where_nothing_else_is_said(said: str, end: int) -> None:
    assert hear(UP_TO_99, said, "42") == Matched("42", end)


@pytest.mark.parametrize(
    ("said", "code"), [("to", "2"), ("Too.", "2"), ("for", "4"), ("won", "1"), ("ate", "8"), ("code ate", "8")]
)
def test_homophone_alone_is_a_digit(said: str, code: str) -> None:
    assert hear(UP_TO_99, said, code) == Matched(code, len(said.split()))
    assert not isinstance(hear_early(UP_TO_99, said, code), Matched)


@pytest.mark.parametrize(
    "said",
    ["I want to go for two", "we won", "who ate it", "this is for you too", "hello to you", "go to", "is it for me"],
)
def test_homophones_are_words_in_a_sentence(said: str) -> None:
    assert hear(UP_TO_99, said, "1", "2", "4", "8", "42", "22") == Nothing()


@pytest.mark.parametrize(
    ("said", "active", "outcome"),
    [
        pytest.param("for two", {"2", "42"}, Ambiguous(("2", "42")), id="both-active"),
        pytest.param("for two", {"2"}, Ambiguous(("2", "42")), id="game-42-may-have-gone"),
        pytest.param("forty to", {"40"}, Ambiguous(("40", "42")), id="game-42-may-have-gone-tens"),
        pytest.param("to 42", {"42"}, Matched("42", 2), id="242-is-no-code"),
        pytest.param("put me through to 4", {"4", "24"}, Matched("4", 5), id="other-words-are-there"),
    ],
)
def test_homophone_does_not_beat_what_stands_there(said: str, active: set[str], outcome: Outcome) -> None:
    assert UP_TO_99.hear(said.split(), active, settled=True) == outcome


@pytest.mark.parametrize(
    "words", [[], [""], ["."], ["-", "--", "…"], ["#"], ["'"], ["4", "", "2"], ["٤٢"], ["²"], ["-42-"]]
)
def test_odd_tokens_do_no_harm(words: list[str]) -> None:
    heard = UP_TO_99.hear(words, {"2", "4"}, settled=True)
    assert not isinstance(heard, Matched)


SPOKEN = [
    "42", "4", "2", "40", "100", "forty", "two", "hundred", "thousand", "and", "a", "oh", "double", "for", "to", "code",
    "please", "tiger", "a7", "red", "fox", "x", "4:20", "42.", "uh", "-",
]  # fmt: skip
TOKENS = st.one_of(st.text(max_size=6), st.sampled_from(SPOKEN))


@given(st.lists(TOKENS, max_size=60), st.booleans())
def test_hear_never_raises(words: list[str], settled: bool) -> None:
    for book in (UP_TO_99, FOUR_DIGITS, WORDS, OWN):
        heard = book.hear(words, {"4", "42", "1234", "a7", "Red Fox", "bacon"}, settled=settled)
        if isinstance(heard, Matched):
            assert 0 < heard.end <= len(words)
        elif not settled:
            assert isinstance(heard, Growing | Nothing)


@given(st.lists(TOKENS, max_size=20), st.booleans())
def test_only_active_codes_match(words: list[str], settled: bool) -> None:
    for book in (UP_TO_99, FOUR_DIGITS, WORDS, OWN):
        assert not isinstance(book.hear(words, (), settled=settled), Matched)
