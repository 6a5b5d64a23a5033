"""What a turn has taken, by whom."""

from __future__ import annotations

from dataclasses import replace

import pytest

from phonegame.characters.timing import CallTurns, TurnTimes

TURN = TurnTimes(
    speech_ended=10.0,
    final_result=10.3,
    turn_ended=10.3,
    brain_asked=10.304,
    first_token=10.6,
    first_phrase=10.7,
    voice_asked=10.701,
    first_audio=10.8,
    first_frame=10.802,
)


def test_each_stage_begins_where_the_one_before_has_ended() -> None:
    stages = TURN.stages()
    assert stages == pytest.approx(
        {
            "recogniser": 0.3,
            "patience": 0.0,
            "to_brain": 0.004,
            "brain": 0.296,
            "phrase": 0.1,
            "to_voice": 0.001,
            "voice": 0.099,
            "to_wire": 0.002,
        }
    )
    assert sum(stages.values()) == pytest.approx(TURN.waited)
    assert TURN.ours == pytest.approx(0.007)


def test_what_was_thought_ahead_costs_the_caller_nothing() -> None:
    times = replace(TURN, turn_ended=10.65, first_phrase=10.64)
    stages = times.stages()
    assert (stages["to_brain"], stages["brain"], stages["phrase"]) == (0, 0, 0)
    assert stages["to_voice"] == pytest.approx(0.051)
    assert sum(stages.values()) == pytest.approx(times.waited)


def test_nothing_is_ours_where_something_else_was_being_said() -> None:
    assert replace(TURN, had_to_wait=True).ours is None


def test_what_has_not_come_to_be_is_no_stage() -> None:
    times = TurnTimes(turn_ended=1.0, brain_asked=1.002, first_token=1.5)
    assert times.stages() == pytest.approx({"to_brain": 0.002, "brain": 0.498})
    assert times.ours is None
    assert times.waited is None


def test_milliseconds_are_counted_from_the_last_word_and_flags_are_none() -> None:
    assert TURN.as_milliseconds()["first_frame"] == 802
    assert "had_to_wait" not in TURN.as_milliseconds()


def test_a_call_s_turns_are_told_by_median_and_worst() -> None:
    turns = CallTurns()
    assert not turns
    for late in (0.0, 0.001, 0.1):
        turns.add(replace(TURN, first_frame=10.802 + late))
    told = turns.as_milliseconds()
    assert told["turns"] == 3
    assert told["waited"] == [803, 902]
    assert told["to_wire"] == [3, 102]
    assert told["ours"] == [8, 107]
