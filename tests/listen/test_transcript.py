from __future__ import annotations

import json
import math

import pytest

from phonegame.deepgram.messages import LONGEST_SECONDS, SpeechStarted, UtteranceEnd
from phonegame.listen.api_v1 import ApiV1
from phonegame.listen.transcript import FINALIZE_SECONDS, LEAD_IN_SECONDS, UNSURE_SECONDS, Heard, Transcript
from tests.listen.deepgram_says import results

FINAL_SECONDS = 2.5


@pytest.fixture
def transcript() -> Transcript:
    transcript = Transcript(ApiV1(stall_seconds=15), FINAL_SECONDS)
    transcript.begin_session(0)
    return transcript


def texts(heard: list[Heard]) -> list[str]:
    return [each.results.best.transcript for each in heard if each.results is not None]


def promoted(transcript: Transcript, now: float = 100) -> str:
    """What is delivered when the deadline has passed twice."""
    assert transcript.overdue(now) is None
    heard = transcript.overdue(now + FINALIZE_SECONDS)
    assert heard is not None
    assert heard.results is not None
    assert heard.results.is_final
    return heard.results.best.transcript


class TestTimes:
    @pytest.mark.parametrize(
        "raw",
        [
            results("one two", final=True),
            results("one", 0.5).replace(" ", "  "),
            results("", final=True),
            '{"type":"SpeechStarted", "channel":[0,1], "timestamp":1.5}',
            '{"type":"UtteranceEnd","channel":[0,1],"last_word_end":2.5}',
            '{"type":"Metadata","duration":3}',
            '{"type":"Weather",  "sunny":true}',
        ],
    )
    def test_messages_of_the_first_session_go_on_byte_by_byte(self, raw: str, transcript: Transcript) -> None:
        (heard,) = transcript.receive(raw, 0)
        assert heard.raw == raw

    def test_the_largest_times_can_be_shifted(self, transcript: Transcript) -> None:
        transcript.begin_session(10.25)
        (heard,) = transcript.receive(results("one", LONGEST_SECONDS - 1, LONGEST_SECONDS, final=True), 0)
        assert heard.results is not None
        assert heard.results.end == LONGEST_SECONDS + 10.25

    def test_results_of_a_later_session_get_the_times_of_the_call(self, transcript: Transcript) -> None:
        transcript.begin_session(10.25)
        (heard,) = transcript.receive(results("one two", 0.5, final=True), 0)
        assert heard.results is not None
        assert (heard.results.start, heard.results.end) == (10.75, 11.75)
        assert [(word.start, word.end) for word in heard.results.best.words] == [(10.75, 11.25), (11.25, 11.75)]
        fields = json.loads(heard.raw)
        assert fields["start"] == 10.75
        assert fields["channel"]["alternatives"][0]["words"][0]["confidence"] == 0.9
        assert fields["channel_index"] == [0, 1]

    @pytest.mark.parametrize(
        ("raw", "message"),
        [
            ('{"type":"SpeechStarted","timestamp":1.5}', SpeechStarted(11.5)),
            ('{"type":"UtteranceEnd","last_word_end":2}', UtteranceEnd(12)),
            ('{"type":"UtteranceEnd","last_word_end":-1}', UtteranceEnd(-1)),
        ],
    )
    def test_so_do_the_others(self, raw: str, message: SpeechStarted | UtteranceEnd, transcript: Transcript) -> None:
        transcript.begin_session(10)
        (heard,) = transcript.receive(raw, 0)
        assert heard.message == message

    @pytest.mark.parametrize(
        "raw",
        [
            '{"type":"Metadata","start":"noon","last_word_end":"late"}',
            '{"type":"Weather","start":1,"channel":{"alternatives":[{"words":[{"rain":1}]}]}}',
            '{"type":"Weather","last_word_end":"never"}',
        ],
    )
    def test_what_is_not_understood_goes_on_as_it_came(self, raw: str, transcript: Transcript) -> None:
        transcript.begin_session(10)
        (heard,) = transcript.receive(raw, 0)
        assert heard.raw == raw

    @pytest.mark.parametrize("raw", ["", "no json", "[]", "7", '{"type":7}', '{"type":"Results"}', "[" * 100_000])
    def test_malformed_messages_are_counted_and_go_nowhere(self, raw: str, transcript: Transcript) -> None:
        assert transcript.receive(raw, 0) == []
        assert transcript.malformed == 1
        assert transcript.deadline == math.inf


class TestDeadline:
    def test_there_is_none_without_words(self, transcript: Transcript) -> None:
        transcript.receive(results(""), 0)
        assert transcript.deadline == math.inf

    def test_it_runs_from_the_first_interim_that_said_it(self, transcript: Transcript) -> None:
        transcript.receive(results("one"), 10)
        transcript.receive(results("one", end=2), 11)
        assert transcript.deadline == 10 + FINAL_SECONDS

    def test_another_text_starts_it_again(self, transcript: Transcript) -> None:
        transcript.receive(results("one"), 10)
        transcript.receive(results("one two"), 11)
        assert transcript.deadline == 11 + FINAL_SECONDS

    def test_a_final_ends_it(self, transcript: Transcript) -> None:
        transcript.receive(results("one"), 10)
        assert texts(transcript.receive(results("one", final=True), 11)) == ["one"]
        assert transcript.deadline == math.inf
        assert transcript.end() is None

    def test_finalize_is_asked_for_first(self, transcript: Transcript) -> None:
        transcript.receive(results("one"), 10)
        assert transcript.overdue(12.5) is None
        assert transcript.deadline == 12.5 + FINALIZE_SECONDS
        heard = transcript.overdue(13.5)
        assert heard is not None
        fields = json.loads(heard.raw)
        assert (fields["is_final"], fields["speech_final"]) == (True, True)
        assert transcript.deadline == math.inf

    def test_the_answer_to_finalize_counts(self, transcript: Transcript) -> None:
        transcript.receive(results("won"), 10)
        transcript.overdue(12.5)
        assert texts(transcript.receive(results("one", final=True), 12.6)) == ["one"]
        assert transcript.deadline == math.inf

    def test_more_words_after_finalize_start_it_again(self, transcript: Transcript) -> None:
        transcript.receive(results("one"), 10)
        transcript.overdue(12.5)
        transcript.receive(results("one two"), 13)
        assert transcript.deadline == 13 + FINAL_SECONDS
        assert promoted(transcript) == "one two"


class TestWordsOnce:
    def test_a_late_final_of_what_was_delivered_is_not_delivered(self, transcript: Transcript) -> None:
        transcript.receive(results("one two"), 0)
        assert promoted(transcript) == "one two"
        assert transcript.receive(results("one two", final=True), 101) == []

    def test_a_late_final_with_more_words_brings_only_those(self, transcript: Transcript) -> None:
        transcript.receive(results("one two"), 0)
        promoted(transcript)
        (heard,) = transcript.receive(results("one two three four", final=True), 101)
        assert heard.results is not None
        assert heard.results.best.transcript == "three four"
        assert [word.word for word in heard.results.best.words] == ["three", "four"]
        assert (heard.results.start, heard.results.end) == (1.0, 2.0)

    def test_so_does_a_late_interim(self, transcript: Transcript) -> None:
        transcript.receive(results("one two"), 0)
        promoted(transcript)
        assert transcript.receive(results("one two", end=3), 101) == []
        assert transcript.deadline == math.inf
        assert texts(transcript.receive(results("one two three"), 102)) == ["three"]
        assert promoted(transcript) == "three"

    def test_words_whose_times_have_shifted_a_little_are_the_same_words(self, transcript: Transcript) -> None:
        transcript.receive(results([("one", 0.0, 0.5)]), 0)
        promoted(transcript)
        assert transcript.receive(results([("one", 0.1, 0.7)], end=1, final=True), 101) == []

    def test_silence_after_what_was_delivered_goes_on(self, transcript: Transcript) -> None:
        transcript.receive(results("one"), 0)
        promoted(transcript)
        silence = results("", 0.5, final=True)
        assert [heard.raw for heard in transcript.receive(silence, 101)] == [silence]

    def test_other_alternatives_do_not_bring_it_back(self, transcript: Transcript) -> None:
        transcript.receive(results("one"), 0)
        promoted(transcript)
        fields = json.loads(results("one two", final=True))
        fields["channel"]["alternatives"].append({"transcript": "won too", "words": []})
        (heard,) = transcript.receive(json.dumps(fields), 101)
        assert "won" not in heard.raw


class TestWithdrawal:
    def test_an_empty_final_withdraws_the_interim(self, transcript: Transcript) -> None:
        transcript.receive(results("noise"), 0)
        transcript.receive(results("", 0, 1, final=True), 1)
        assert transcript.deadline == math.inf
        assert transcript.end() is None

    def test_an_empty_final_of_a_later_time_does_not(self, transcript: Transcript) -> None:
        transcript.receive(results("four"), 0)
        transcript.receive(results("", 0.5, 2, final=True), 1)
        assert promoted(transcript) == "four"

    def test_neither_does_an_empty_interim(self, transcript: Transcript) -> None:
        transcript.receive(results("four"), 0)
        transcript.receive(results("", 0, 2), 1)
        assert promoted(transcript) == "four"

    def test_a_final_that_covers_a_part_leaves_the_rest_waiting(self, transcript: Transcript) -> None:
        transcript.receive(results("one two three"), 0)
        assert texts(transcript.receive(results("one two", final=True), 1)) == ["one two"]
        assert promoted(transcript) == "three"

    @pytest.mark.parametrize("text", ["", "one"])
    def test_an_interim_without_a_list_of_words_is_settled_like_any_other(
        self, text: str, transcript: Transcript
    ) -> None:
        transcript.receive(without_word_list(results("one")), 0)
        transcript.receive(results(text, 0, 1, final=True), 1)
        assert transcript.end() is None

    def test_and_delivered_like_any_other(self, transcript: Transcript) -> None:
        transcript.receive(without_word_list(results("one")), 0)
        assert promoted(transcript) == "one"
        assert transcript.receive(results("one", final=True), 1) == []


def without_word_list(raw: str) -> str:
    fields = json.loads(raw)
    del fields["channel"]["alternatives"][0]["words"]
    return json.dumps(fields)


class TestFinalsThatNeverCome:
    @pytest.mark.parametrize("final", [False, True])
    def test_words_of_a_later_time_bring_those_before_them(self, final: bool, transcript: Transcript) -> None:
        transcript.receive(results("one two"), 0)
        heard = transcript.receive(results("three", 1.5, final=final), 1)
        assert texts(heard) == ["one two", "three"]
        assert [each.is_interim for each in heard] == [False, not final]

    def test_only_those_that_lie_before_them(self, transcript: Transcript) -> None:
        transcript.receive(results("one two three"), 0)
        first, second = transcript.receive(results("free four", 1.0), 1)
        assert texts([first, second]) == ["one two", "free four"]
        assert first.results is not None
        assert first.results.end == 1.0
        assert texts(transcript.receive(results("free four", 1.0, final=True), 2)) == ["free four"]

    def test_the_end_of_the_call_brings_the_last_ones(self, transcript: Transcript) -> None:
        transcript.receive(results("good bye"), 0)
        heard = transcript.end()
        assert heard is not None
        assert heard.results is not None
        assert (heard.results.best.transcript, heard.results.is_final) == ("good bye", True)
        assert transcript.end() is None


class TestLostSession:
    def test_it_is_heard_again_from_where_nothing_is_final(self, transcript: Transcript) -> None:
        transcript.receive(results("one", end=0.75, final=True), 0)
        transcript.receive(results("two", 0.75), 1)
        assert transcript.lose_session(0.0) == (0.75, None)
        assert transcript.deadline == math.inf
        transcript.begin_session(0.75)
        assert texts(transcript.receive(results("two", 0, final=True), 2)) == ["two"]

    def test_what_cannot_be_heard_again_is_delivered(self, transcript: Transcript) -> None:
        transcript.receive(results("one two three"), 0)
        resume_at, heard = transcript.lose_session(0.6)
        assert heard is not None
        assert heard.results is not None
        assert (heard.results.best.transcript, resume_at) == ("one two three", 1.5)

    def test_nothing_is_delivered_again_that_was_delivered_before(self, transcript: Transcript) -> None:
        transcript.receive(results("one two"), 0)
        promoted(transcript)
        assert transcript.lose_session(0.0) == (1.0, None)

    def test_before_anything_was_said_everything_that_is_kept_is_heard(self, transcript: Transcript) -> None:
        assert transcript.lose_session(0.0) == (0.0, None)
        assert transcript.lose_session(7.5) == (7.5, None)

    def test_words_that_the_next_session_does_not_get_to_are_delivered_at_the_end(self, transcript: Transcript) -> None:
        transcript.receive(results("good bye"), 0)
        assert transcript.lose_session(0.0) == (0.0, None)
        transcript.begin_session(0.0)
        assert texts([heard for heard in [transcript.end()] if heard]) == ["good bye"]

    def test_their_final_is_asked_for_once_the_next_session_has_heard_them(self, transcript: Transcript) -> None:
        transcript.receive(results("one"), 0)
        transcript.lose_session(0.0)
        transcript.begin_session(0.0)
        transcript.receive(results("one"), 7)
        assert transcript.deadline == 7 + FINAL_SECONDS
        assert promoted(transcript) == "one"


class TestLeftSession:
    """Words of half a second each, and the audio cut off at 3.0: what ends later than at 2.0 is unsure."""

    @pytest.fixture
    def leaving(self, transcript: Transcript) -> Transcript:
        transcript.leave_session(3.0)
        return transcript

    def test_words_of_the_last_second_are_left_to_the_next_one(self, leaving: Transcript) -> None:
        (heard,) = leaving.receive(results("one two three four five six", final=True), 0)
        assert heard.results is not None
        assert heard.results.best.transcript == "one two three four"
        assert (heard.results.end, heard.results.is_final, heard.results.speech_final) == (2.0, True, False)
        # "five" begins where "four" ends, which leaves no room to begin earlier
        assert leaving.lose_session(0.0) == (2.0, None)
        leaving.begin_session(2.0)
        assert texts(leaving.receive(results("five six", 0.0, final=True), 1)) == ["five six"]

    def test_the_next_one_begins_a_little_before_them(self, leaving: Transcript) -> None:
        assert len(leaving.receive(results([("one", 0.2, 0.7), ("lo", 1.5, 2.9)], 0.0, 3.0, final=True), 0)) == 1
        assert leaving.lose_session(0.0)[0] == pytest.approx(1.5 - LEAD_IN_SECONDS)

    def test_where_no_word_is_sure_nothing_is_delivered(self, leaving: Transcript) -> None:
        assert leaving.receive(results("lo", 2.5, 3.0, final=True), 0) == []
        assert leaving.lose_session(0.0) == (2.0, None)

    def test_silence_holds_up_to_a_second_before_the_cut(self, leaving: Transcript) -> None:
        assert texts(leaving.receive(results("", 0.0, 3.0, final=True), 0)) == [""]
        assert leaving.lose_session(0.0) == (3.0 - UNSURE_SECONDS, None)

    def test_what_was_final_before_stays_so(self, transcript: Transcript) -> None:
        transcript.receive(results("one two three four five", end=2.75, final=True), 0)
        transcript.leave_session(3.0)
        transcript.receive(results("", 2.75, 3.0, final=True), 0)
        assert transcript.lose_session(0.0) == (2.75, None)

    def test_silence_in_the_place_of_words_is_not_believed(self, transcript: Transcript) -> None:
        transcript.receive(results("one", 1.0), 0)
        transcript.leave_session(3.0)
        transcript.receive(results("", 0.0, 3.0, final=True), 0)
        assert transcript.lose_session(0.0) == (1.0 - LEAD_IN_SECONDS, None)

    def test_words_without_times_are_delivered_as_they_come(self, leaving: Transcript) -> None:
        fields = json.loads(results("one two three four five six", final=True))
        fields["channel"]["alternatives"][0]["words"] = []
        assert texts(leaving.receive(json.dumps(fields), 0)) == ["one two three four five six"]
        assert leaving.lose_session(0.0) == (3.0, None)

    def test_the_next_session_is_believed_again(self, leaving: Transcript) -> None:
        leaving.lose_session(0.0)
        leaving.begin_session(0.0)
        leaving.receive(results("one two three four five six", final=True), 0)
        assert leaving.covered == 3.0


def test_it_is_quiet_while_no_words_wait(transcript: Transcript) -> None:
    quiet = [transcript.is_quiet]
    for final in (False, True):
        transcript.receive(results("one", final=final), 0)
        quiet.append(transcript.is_quiet)
    assert quiet == [True, False, True]


def test_covered_grows_with_finals_only(transcript: Transcript) -> None:
    transcript.receive(results("one", end=1.0), 0)
    assert transcript.covered == 0
    transcript.receive(results("one", end=0.8, final=True), 0)
    transcript.receive(results("", 0.0, 0.5, final=True), 0)
    assert transcript.covered == 0.8
