"""What becomes of a call's reports on the board."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import trio
from trio.testing import MockClock

from phonegame.board import Board, CallNotes
from phonegame.board.record import MAX_TEXT, Record
from phonegame.board.shown import Entry
from phonegame.characters.timing import TurnTimes
from phonegame.ended import Ended
from phonegame.speak.saying import Dropped, Receipt, Saying
from phonegame.switchboard import (
    Caller,
    CallEvent,
    CallProblem,
    CharacterAsks,
    CharacterEnded,
    RecordingStarted,
    RecordingStopped,
)
from tests.browser.crowd import heard, turn

CALLER = Caller(call_id="c1", shown="+1202***0147")
PIZZA = Saying(say_id="s1", text="One large pizza.")


@contextmanager
def noted(lines: int = 100) -> Iterator[tuple[CallNotes, Record]]:
    board = Board(list, past_calls=5, lines=lines)
    with board.notes() as notes:
        notes.begin(CALLER)
        record = board.find("c1")
        assert record is not None
        yield notes, record


def said(record: Record) -> list[tuple[str, str]]:
    return [(line.by, line.text) for line in record.lines if line.by != "event"]


def last(record: Record) -> Entry:
    return record.lines[-1]


async def test_who_calls_is_asked_for_the_code_then_is_in_a_game() -> None:
    with noted() as (notes, record):
        assert record.shown.doing == "is asked for the code"
        assert record.shown.caller == "+1202***0147"
        notes.patch("42")
        assert record.shown.doing == "in game 42"
        notes.play("Luigi")
        assert record.shown.doing == "in game 42, talks to Luigi"
        notes.end(Ended.HUNG_UP)
        assert record.shown.doing == "is ending: the caller hung up"
    assert record.shown.doing == "ended: the caller hung up"
    assert record.shown.ended is not None


async def test_nothing_is_noted_before_somebody_is_let_in() -> None:
    board = Board(list, past_calls=5, lines=5)
    with board.notes() as notes:
        notes.hear(heard("hello", start=0, seconds=1), 1)
        notes.press("1")
        notes.start("game", PIZZA)
        notes.say("game", PIZZA, Receipt(heard="", seconds=0))
        notes.patch("42")
        notes.play("Luigi")
        notes.time(TurnTimes(first_frame=1))
        notes.listening_failed("away")
        notes.telling(lambda event: None)(CallProblem("voice_failed", "why"))
        notes.end(Ended.REFUSED)
    assert board.calls == []


class TestTheCaller:
    async def test_is_heard_word_by_word_on_one_line(self, autojump_clock: MockClock) -> None:
        with noted() as (notes, record):
            await trio.sleep(3)
            notes.hear(heard("one", start=1, seconds=1, is_final=False), 3)
            assert (last(record).text, last(record).is_open) == ("one", True)
            notes.hear(heard("one large", start=1, seconds=1.5, is_final=False), 3)
            notes.hear(heard("one large pizza", start=1, seconds=1.5), 3)
            assert said(record) == [("caller", "one large pizza")]
            assert (last(record).at, last(record).is_open) == (1, False)

    async def test_has_a_line_for_each_sentence(self) -> None:
        with noted() as (notes, record):
            notes.hear(heard("one", start=0, seconds=1), 1)
            notes.hear(heard("two", start=0, seconds=1), 1)
            assert said(record) == [("caller", "one"), ("caller", "two")]

    async def test_has_said_nothing_where_the_words_are_taken_back(self) -> None:
        with noted() as (notes, record):
            notes.hear(heard("noise", start=0, seconds=1, is_final=False), 1)
            notes.hear(heard("", start=0, seconds=1), 1)
            assert said(record) == [("caller", "")]

    async def test_has_said_nothing_where_the_call_ends_before_the_words_are_sure(self) -> None:
        with noted() as (notes, record):
            notes.hear(heard("noi", start=0, seconds=1, is_final=False), 1)
        assert ("caller", "") in said(record)

    async def test_presses_keys_that_stand_together(self, autojump_clock: MockClock) -> None:
        with noted() as (notes, record):
            for key in "42#":
                notes.press(key)
                await trio.sleep(0.5)
            await trio.sleep(5)
            notes.press("1")
            assert said(record) == [("keys", "4 2 #"), ("keys", "1")]


class TestWhatIsSaid:
    async def test_is_there_while_it_is_being_said_and_then_as_far_as_it_was_heard(self) -> None:
        with noted() as (notes, record):
            notes.start("game", PIZZA)
            assert (last(record).text, last(record).is_open) == ("One large pizza.", True)
            notes.say("game", PIZZA, Receipt(heard="One large", seconds=1, interrupted=True))
            line = last(record)
            assert (line.text, line.unheard, line.is_cut, line.is_open) == ("One large", "pizza.", True, False)

    async def test_that_begins_before_the_end_of_another_has_a_line_of_its_own(self) -> None:
        other = Saying(say_id="s2", text="And a cola.")
        with noted() as (notes, record):
            notes.start("character", PIZZA)
            notes.start("character", other)
            notes.say("character", PIZZA, Receipt(heard=PIZZA.text, seconds=1))
            notes.say("character", other, Receipt(heard="And a", seconds=1, interrupted=True))
            assert said(record) == [("character", "One large pizza."), ("character", "And a")]

    async def test_tells_how_long_the_caller_has_waited_for_it(self, autojump_clock: MockClock) -> None:
        with noted() as (notes, record):
            await trio.sleep(2)
            notes.hear(heard("a pizza please", start=0.5, seconds=1), 2)
            await trio.sleep(0.25)
            notes.start("game", PIZZA)
            assert last(record).waited_ms == 750
            notes.start("game", Saying(say_id="s2", text="And more."))
            assert last(record).waited_ms is None

    async def test_by_the_server_is_no_answer(self) -> None:
        with noted() as (notes, record):
            notes.hear(heard("four", start=0, seconds=1), 1)
            notes.start("server", Saying(say_id="", text="No game shows 4."))
            assert last(record).waited_ms is None

    async def test_may_be_a_sound_but_not_the_hold_tone(self) -> None:
        with noted() as (notes, record):
            notes.start("game", Saying(say_id="s1", audio=b"\xff"))
            notes.start("server", Saying(say_id="", audio=b"\xff"))
            assert said(record) == [("game", "(a sound)")]

    async def test_that_no_voice_could_say_is_trouble(self) -> None:
        with noted() as (notes, record):
            failed = Receipt(heard="", seconds=0, dropped=Dropped.VOICE_FAILED, error="the voice does not answer")
            notes.say("game", PIZZA, failed)
            assert record.shown.problem.startswith("A voice has failed; check PHONEGAME_VOICE")
            assert record.shown.problem.endswith("The voice does not answer")


class TestATurn:
    async def test_has_its_stages_at_the_answer_s_first_line(self, autojump_clock: MockClock) -> None:
        with noted() as (notes, record):
            await trio.sleep(5)
            began = trio.current_time()
            notes.start("character", PIZZA)
            await trio.sleep(1)
            notes.start("character", Saying(say_id="s2", text="And a cola."))
            notes.time(turn(began))
            first, second = [line for line in record.lines if line.by == "character"]
            assert first.waited_ms == 900
            assert first.stages_ms is not None
            assert first.stages_ms["brain"] == 290
            assert sum(first.stages_ms.values()) == 900
            assert second.stages_ms is None

    async def test_whose_answer_is_not_kept_changes_nothing(self) -> None:
        with noted() as (notes, record):
            before = record.revision
            notes.time(TurnTimes(first_frame=trio.current_time() + 1))
            assert record.revision == before


class TestWhatHappens:
    @pytest.mark.parametrize(
        ("event", "told"),
        [
            (CharacterAsks("a1", "bake", {}), "the character asks the game for bake"),
            (CharacterEnded("limit_turns"), "the character has left: limit turns"),
            (RecordingStarted("r1"), "the call is recorded from here on"),
            (RecordingStopped("r1", "asked"), "the recording has ended"),
        ],
    )
    async def test_is_on_the_line_and_goes_on_to_the_game(self, event: CallEvent, told: str) -> None:
        delivered: list[CallEvent] = []
        with noted() as (notes, record):
            notes.telling(delivered.append)(event)
            assert (last(record).by, last(record).text) == ("event", told)
            assert delivered == [event]

    async def test_a_recording_shows_in_the_row(self) -> None:
        with noted() as (notes, record):
            notes.patch("42")
            notes.telling(lambda event: None)(RecordingStarted("r1"))
            assert record.shown.doing == "in game 42, is recorded"

    async def test_trouble_is_told_in_plain_words(self) -> None:
        with noted() as (notes, record):
            notes.listening_failed("away")
            assert record.shown.problem.startswith("Speech recognition is away")
            notes.telling(lambda event: None)(CallProblem("recording_refused", "this server keeps no recordings"))
            assert record.shown.problem == "The call is not recorded. This server keeps no recordings"
            notes.end(Ended.DEEPGRAM)
            assert "Check DEEPGRAM_API_KEY" in record.shown.problem


class TestBounds:
    async def test_of_a_long_call_the_newest_lines_are_kept(self) -> None:
        with noted(lines=10) as (notes, record):
            for number in range(100):
                notes.hear(heard(str(number), start=0, seconds=1), 1)
            assert [line.text for line in record.lines] == [str(number) for number in range(90, 100)]
            assert record.line().first == record.lines[0].id == 92

    async def test_a_line_is_no_longer_than_a_line(self) -> None:
        with noted() as (notes, record):
            notes.hear(heard("x" * 5000, start=0, seconds=1, is_final=False), 1)
            notes.hear(heard("y" * 5000, start=0, seconds=1), 1)
            assert last(record).text == "y" * MAX_TEXT
            for _ in range(5000):
                notes.press("1")
            assert max(len(line.text) for line in record.lines) <= MAX_TEXT

    async def test_where_no_transcripts_are_kept_nothing_that_is_said_is(self) -> None:
        with noted(lines=0) as (notes, record):
            notes.hear(heard("my secret", start=0, seconds=1, is_final=False), 1)
            notes.hear(heard("my secret", start=0, seconds=1), 1)
            notes.press("1")
            notes.press("2")
            notes.start("game", PIZZA)
            notes.say("game", PIZZA, Receipt(heard=PIZZA.text, seconds=1))
            notes.patch("42")
            assert list(record.lines) == []
            assert record.line().entries == []
            assert record.shown.doing == "in game 42"
