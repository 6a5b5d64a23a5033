from __future__ import annotations

import math

import pytest

from phonegame.deepgram.messages import parse
from phonegame.listen.transcript import Heard
from phonegame.reception import CARRY_SECONDS, SETTLE_SECONDS, Named, NamedWrong, Reception
from phonegame.spoken import CodeBook
from tests.listen.deepgram_says import results

BOOK = CodeBook([str(number) for number in range(100)])


class Caller:
    """Says things to the reception, a second each, while some games are there."""

    def __init__(self, *active: str) -> None:
        self.active = active
        self.reception = Reception(BOOK)
        self.now = 0.0

    def says(self, text: str, *, ends: bool = False) -> Named | NamedWrong | None:
        """A final; `ends` as Deepgram ends an utterance, with `speech_final`."""
        heard = final(text, self.now, ends=ends)
        self.now += 10
        return self.reception.hear(heard, self.active, self.now)

    def is_silent(self) -> Named | NamedWrong | None:
        """Until the reception's deadline."""
        assert self.reception.deadline < math.inf
        self.now = self.reception.deadline
        return self.reception.settle(self.active, self.now)


def final(text: str, start: float = 0.0, *, ends: bool = True) -> Heard:
    raw = results(text, start, final=True)
    return message(raw if ends else raw.replace('"speech_final": true', '"speech_final": false'))


def message(raw: str) -> Heard:
    parsed = parse(raw)
    assert parsed is not None
    return Heard(raw, parsed)


def code_of(decision: Named | NamedWrong | None) -> str | None:
    return decision.code if isinstance(decision, Named) else None


def for_the_game(decision: Named | NamedWrong | None, *following: Heard) -> list[str]:
    """What the game gets to read of the utterance, and of what follows."""
    assert isinstance(decision, Named)
    stripped = [decision.tail.strip(heard) for heard in (*decision.earlier, *following)]
    return [heard.results.best.transcript for heard in stripped if heard is not None and heard.results is not None]


class TestUtterance:
    @pytest.mark.parametrize("text", ["42", "Forty-two.", "four two", "code 42 please", "My code is 4 2."])
    def test_a_code_in_one_final_is_named(self, text: str) -> None:
        assert code_of(Caller("42", "7").says(text, ends=True)) == "42"

    def test_an_interim_decides_nothing(self) -> None:
        reception = Reception(BOOK)
        assert reception.hear(message(results("42")), ["42"], 0) is None
        assert reception.deadline == math.inf

    def test_a_code_may_come_in_several_finals(self) -> None:
        caller = Caller("42")
        assert caller.says("my code is") is None
        assert caller.says("four") is None
        assert code_of(caller.says("two")) == "42"

    def test_a_clear_code_needs_no_end_of_the_utterance(self) -> None:
        assert code_of(Caller("42").says("42")) == "42"

    def test_a_single_digit_waits_for_it(self) -> None:
        caller = Caller("4", "42")
        assert caller.says("four") is None
        assert caller.reception.deadline == caller.now + SETTLE_SECONDS
        assert code_of(caller.is_silent()) == "4"
        assert caller.reception.deadline == math.inf

    def test_the_end_comes_as_an_empty_final_too(self) -> None:
        caller = Caller("4")
        caller.says("four")
        assert code_of(caller.says("", ends=True)) == "4"

    def test_or_as_utterance_end(self) -> None:
        caller = Caller("4")
        caller.says("four")
        end = message('{"type":"UtteranceEnd","last_word_end":0.5}')
        assert code_of(caller.reception.hear(end, caller.active, caller.now)) == "4"

    def test_an_utterance_end_without_an_utterance_is_nothing(self) -> None:
        reception = Reception(BOOK)
        assert reception.hear(message('{"type":"UtteranceEnd","last_word_end":-1}'), ["4"], 0) is None
        assert reception.hear(message('{"type":"SpeechStarted","timestamp":1}'), ["4"], 0) is None

    def test_silence_is_no_utterance(self) -> None:
        caller = Caller("42")
        assert caller.says("", ends=True) is None
        assert caller.says("") is None
        assert caller.reception.deadline == math.inf

    def test_one_utterance_is_not_mixed_with_the_next(self) -> None:
        caller = Caller("42", "21")
        assert caller.says("forty", ends=False) is None
        assert caller.says("one", ends=True) == NamedWrong("41")
        assert code_of(caller.says("42", ends=True)) == "42"

    def test_two_codes_decide_nothing(self) -> None:
        caller = Caller("42", "7")
        assert caller.says("42 or 7", ends=True) is None
        assert code_of(caller.says("42", ends=True)) == "42"

    @pytest.mark.parametrize("text", ["hello is anybody there", "I have 42 years"])
    def test_what_names_no_code_is_no_wrong_try(self, text: str) -> None:
        caller = Caller("42")
        assert caller.says(text, ends=True) is None
        assert caller.reception.deadline == math.inf

    def test_a_code_that_no_game_shows_is_a_wrong_try_once(self) -> None:
        caller = Caller("42")
        assert caller.says("43") is None
        assert caller.is_silent() == NamedWrong("43")
        assert caller.reception.deadline == math.inf

    def test_a_code_whose_game_has_just_gone_is_not_named_again_by_the_same_words(self) -> None:
        caller = Caller("42")
        assert code_of(caller.says("42")) == "42"
        caller.active = ()
        assert caller.reception.deadline == math.inf
        assert caller.says("hello", ends=True) is None


class TestCarry:
    def test_a_pause_between_the_digits_does_not_matter(self) -> None:
        caller = Caller("42")
        assert caller.says("four", ends=True) is None
        assert caller.reception.deadline == caller.now + CARRY_SECONDS
        assert code_of(caller.says("two", ends=True)) == "42"

    def test_nor_do_several_in_a_longer_code(self) -> None:
        reception = Reception(CodeBook(["1234", "5678"]))
        assert reception.hear(final("one"), ["1234"], 0) is None
        assert reception.hear(final("two", 1), ["1234"], 1) is None
        assert reception.hear(final("three", 2), ["1234"], 2) is None
        assert code_of(reception.hear(final("four", 3), ["1234"], 3)) == "1234"

    def test_silence_in_between_does_not_matter_either(self) -> None:
        caller = Caller("42")
        caller.says("four", ends=True)
        assert caller.says("", ends=True) is None
        assert caller.reception.hear(message('{"type":"UtteranceEnd","last_word_end":-1}'), caller.active, 1) is None
        assert code_of(caller.says("two", ends=True)) == "42"

    def test_the_beginning_of_a_code_that_is_all_is_a_wrong_try(self) -> None:
        caller = Caller("42")
        caller.says("four", ends=True)
        assert caller.is_silent() == NamedWrong("4")
        assert caller.reception.deadline == math.inf
        assert caller.says("two", ends=True) == NamedWrong("2")

    def test_the_second_half_of_one_code_is_no_other_code(self) -> None:
        caller = Caller("2", "43")
        assert caller.says("four", ends=True) is None
        assert caller.says("two", ends=True) is None
        assert code_of(caller.says("two", ends=True)) == "2"

    def test_a_whole_code_after_the_beginning_of_one_decides_only_when_it_is_said_again(self) -> None:
        caller = Caller("42")
        caller.says("four", ends=True)
        assert caller.says("42", ends=True) is None
        assert code_of(caller.says("42", ends=True)) == "42"


class TestForTheGame:
    def test_what_follows_the_code_in_the_same_final(self) -> None:
        decision = Caller("42").says("code 42 a pepperoni pizza", ends=True)
        whole = final("code 42 a pepperoni pizza")
        assert for_the_game(decision, whole) == ["a pepperoni pizza"]

    def test_nothing_of_the_code_itself(self) -> None:
        caller = Caller("42")
        decision = caller.says("code 42", ends=True)
        assert for_the_game(decision, final("code 42")) == []

    def test_everything_of_a_later_time(self) -> None:
        decision = Caller("42").says("42", ends=True)
        silence = message(results("", 0.5, 2, final=True))
        assert for_the_game(decision, final("one pizza", 0.5), silence) == ["one pizza", ""]

    def test_what_was_said_behind_the_code_before_it_was_clear(self) -> None:
        caller = Caller("42")
        assert caller.says("my sister told me to say 42. I want") is None
        decision = caller.says("a pizza", ends=True)
        assert code_of(decision) == "42"
        assert for_the_game(decision, final("a pizza", 10)) == ["I want", "a pizza"]

    def test_also_where_silence_made_it_clear(self) -> None:
        caller = Caller("42")
        caller.says("hello")
        caller.says("my sister told me to say 42.")
        caller.says("a pizza")
        assert for_the_game(caller.is_silent()) == ["a pizza"]

    def test_what_follows_a_slowly_read_code(self) -> None:
        caller = Caller("42")
        caller.says("four", ends=True)
        decision = caller.says("two please", ends=True)
        assert for_the_game(decision, final("two please", 10)) == ["please"]

    def test_the_end_of_the_utterance_with_the_code_is_none_of_the_game_s(self) -> None:
        decision = Caller("42").says("42", ends=True)
        assert isinstance(decision, Named)
        assert decision.tail.strip(message('{"type":"UtteranceEnd","last_word_end":0.5}')) is None

    @pytest.mark.parametrize("last_word_end", [-1, 2.5], ids=["of no word", "of a later word"])
    def test_every_other_end_of_an_utterance_is_the_game_s(self, last_word_end: float) -> None:
        decision = Caller("42").says("42", ends=True)
        assert isinstance(decision, Named)
        end = message(f'{{"type":"UtteranceEnd","last_word_end":{last_word_end}}}')
        assert decision.tail.strip(end) is end

    def test_a_transcript_that_has_other_words_than_its_list_is_not_cut(self) -> None:
        raw = results([("4", 0, 1), ("2", 1, 2), ("pizza", 2, 3)], final=True).replace('"4 2 pizza"', '"42 pizza"')
        decision = Reception(BOOK).hear(message(raw), ["42"], 0)
        assert for_the_game(decision, message(raw)) == ["42 pizza"]
