from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.characters.turns import (
    LOST_SECONDS,
    NOTHING_SECONDS,
    WORDS_SECONDS,
    Over,
    ProbablyOver,
    Span,
    Speaking,
    Turn,
    Turns,
    ends_sentence,
)
from phonegame.deepgram.turn_events import EagerEndOfTurn
from phonegame.listen.transcript import Heard
from tests.characters.caller_says import eager, final, interim, resumed, speech_started, utterance_end

PATIENCE = 0.7


def told(*messages: Heard, turns: Turns | None = None, now: float = 0.0) -> list[Turn]:
    """All at the same time."""
    turns = turns or Turns(PATIENCE)
    return [event for message in messages for event in turns.hear(message, now)]


def test_a_sentence_is_over_at_once() -> None:
    assert told(interim("A big"), final("A big one.")) == [Speaking(), Over("A big one.")]


def test_in_the_midst_of_a_sentence_the_caller_is_waited_for() -> None:
    turns = Turns(PATIENCE)
    assert turns.hear(final("I would like"), 10.0) == [Speaking(), ProbablyOver("I would like")]
    assert turns.deadline == 10.0 + PATIENCE
    assert turns.settle(10.6) == []
    assert turns.settle(10.7) == [Over("I would like")]
    assert turns.deadline == math.inf


def test_and_may_go_on() -> None:
    turns = Turns(PATIENCE)
    turns.hear(final("I would like"), 10.0)
    assert turns.hear(interim("a pizza", 3), 10.5) == [Speaking()]
    assert turns.deadline == math.inf
    assert turns.hear(final("a pizza.", 3), 11.0) == [Over("I would like a pizza.")]


def test_speech_that_starts_is_given_time_to_become_words() -> None:
    turns = Turns(PATIENCE)
    turns.hear(final("I would like"), 10.0)
    assert turns.hear(speech_started(), 10.6) == []
    assert turns.deadline == 10.6 + WORDS_SECONDS


def test_without_a_turn_a_sound_is_none() -> None:
    turns = Turns(PATIENCE)
    assert turns.hear(speech_started(), 10.0) == []
    assert turns.deadline == math.inf


def test_what_has_stopped_the_character_is_words_or_nothing() -> None:
    turns = Turns(PATIENCE)
    turns.promise(10.0)
    assert turns.settle(turns.deadline - 0.01) == []
    assert turns.settle(10.0 + NOTHING_SECONDS) == [Over("")]
    turns.promise(20.0)
    assert turns.hear(interim("a"), 20.5) == [Speaking()]
    turns.promise(20.6)
    assert turns.deadline == math.inf


def test_utterance_end_ends_it() -> None:
    assert told(final("I would like"), utterance_end(1.5))[-1] == Over("I would like")
    assert told(final("so", speech_final=False), utterance_end(0.5))[-1] == Over("so")
    assert told(final("so"), utterance_end())[-1] == Over("so")


def test_an_utterance_end_of_what_was_said_before_does_not() -> None:
    assert told(final("and then", 10), utterance_end(2.0))[-1] == ProbablyOver("and then")


def test_an_utterance_end_before_the_final() -> None:
    """In noise there is no endpoint: the final comes when Deepgram likes."""
    messages = interim("so be it"), utterance_end(1.5), final("so be it", speech_final=False)
    assert told(*messages) == [Speaking(), Over("so be it")]


def test_an_utterance_end_before_the_final_and_the_caller_goes_on() -> None:
    messages = interim("so"), utterance_end(0.5), interim("so be it"), final("so be it", speech_final=False)
    assert told(*messages) == [Speaking()]


def test_an_utterance_end_in_silence_is_nothing() -> None:
    assert told(utterance_end()) == []


def test_a_long_turn_comes_in_several_finals() -> None:
    turns = Turns(PATIENCE)
    assert turns.hear(final("One.", speech_final=False), 1.0) == [Speaking()]
    assert turns.deadline == 1.0 + LOST_SECONDS
    assert turns.hear(final("Two.", 1), 2.0) == [Over("One. Two.")]


def test_an_endpoint_may_come_without_words() -> None:
    assert told(final("Hello.", speech_final=False), final("", 2)) == [Speaking(), Over("Hello.")]
    assert told(final("so", speech_final=False), final("", 2))[-1] == ProbablyOver("so")


def test_silence_is_reported_and_is_nothing() -> None:
    assert told(interim(""), final("", speech_final=False), final("")) == []


def test_words_that_come_to_nothing() -> None:
    assert told(interim("the"), final("", speech_final=False)) == [Speaking(), Over("")]


def test_words_that_come_to_nothing_in_the_midst_of_a_turn() -> None:
    turns = Turns(PATIENCE)
    told(final("I would like"), interim("the", 3), turns=turns)
    assert turns.hear(final("", 3, speech_final=False), 5.0) == [ProbablyOver("I would like")]
    assert turns.settle(5.7) == [Over("I would like")]


@pytest.mark.parametrize("text", ["mhm", "Uh-huh.", "mm", "um"])
def test_agreement_over_what_is_said_is_no_turn(text: str) -> None:
    turns = Turns(PATIENCE)
    playing = Span(1.0, 4.0)
    assert turns.hear(interim(text, 2.0), 2.0, playing) == []
    assert turns.hear(final(text, 2.0), 2.5, playing) == []
    assert turns.hear(utterance_end(2.5), 2.5, playing) == []
    assert turns.is_silent
    assert turns.deadline == math.inf


def test_into_silence_it_may_be_an_answer() -> None:
    turns = Turns(PATIENCE)
    assert turns.hear(final("mhm", 5.0), 5.5, Span(1.0, 4.0)) == [Speaking(), ProbablyOver("mhm")]


def test_agreement_at_the_beginning_of_more() -> None:
    turns = Turns(PATIENCE)
    said = turns.hear(final("mhm but no.", 2.0), 2.5, Span(1.0, 4.0))
    assert said == [Speaking(), Over("mhm but no.")]


def test_what_seemed_a_word_and_was_agreement_comes_to_nothing() -> None:
    turns = Turns(PATIENCE)
    playing = Span(1.0, 4.0)
    assert turns.hear(interim("my", 2.0), 2.0, playing) == [Speaking()]
    assert turns.hear(final("mhm", 2.0), 2.5, playing) == [Over("")]


# Flux


def test_flux_ends_a_turn_that_it_has_announced() -> None:
    messages = interim("so be it"), eager("so be it"), final("so be it"), utterance_end(1.5)
    assert told(*messages) == [Speaking(), ProbablyOver("so be it"), Over("so be it")]


def test_flux_takes_the_end_back() -> None:
    messages = interim("so"), eager("so"), resumed(), interim("so be it"), eager("so be it"), final("so be it.")
    assert told(*messages) == [
        *(Speaking(), ProbablyOver("so"), Speaking(), ProbablyOver("so be it")),
        *(Speaking(), Over("so be it.")),
    ]


def test_a_lost_session_takes_it_back_by_other_words() -> None:
    assert told(interim("so"), eager("so"), interim("so be it"))[-1] == Speaking()


def test_flux_resumes_nothing_where_nothing_was_over() -> None:
    assert told(resumed(), interim("so"), resumed()) == [Speaking()]


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        *((text, True) for text in ("Yes.", "Really?", "No!", 'He said "no."', "42.", "はい。")),
        *((text, False) for text in ("Yes", "and then...", "and then…", "one,", "Well, um.", "", "...")),
    ],
)
def test_the_end_of_a_sentence(text: str, ends: bool) -> None:
    assert ends_sentence(text) is ends


# no word of a final result is lost, or comes twice

words = st.lists(st.sampled_from(["yes", "No.", "um", "the", "mhm", "42?", "and..."]), max_size=4).map(" ".join)
times = st.integers(0, 60).map(float)
messages = st.one_of(
    st.builds(interim, words, times),
    st.builds(final, words, times, speech_final=st.booleans()),
    st.builds(utterance_end, st.one_of(st.just(-1.0), times)),
    st.builds(speech_started, times),
    st.builds(eager, words),
    st.builds(resumed),
)
steps = st.lists(st.tuples(st.sampled_from([0.0, 0.5, 2.0]), messages), max_size=12)


@given(steps, st.floats(0, 5))
def test_every_word_of_a_final_is_in_one_turn(steps: list[tuple[float, Heard]], patience: float) -> None:
    turns, now = Turns(patience), 0.0
    events: list[Turn] = []
    for passed, message in steps:
        now += passed
        events += turns.settle(now)
        events += turns.hear(message, now)
    finals = [message.results.best.transcript for _, message in steps if message.results and message.results.is_final]
    events += turns.hear(final("", 100.0), now)
    events += turns.settle(turns.deadline if turns.deadline < math.inf else now)
    over = [event.text for event in events if isinstance(event, Over)]
    assert " ".join(text for text in over if text) == " ".join(text for text in finals if text)
    assert turns.is_silent


@given(steps)
def test_what_is_probably_over_ends_or_goes_on(steps: list[tuple[float, Heard]]) -> None:
    """Whoever prepares an answer at each ProbablyOver, and throws it away at each Speaking, has the right one."""
    turns, now, prepared = Turns(0.7), 0.0, None
    for passed, message in steps:
        now += passed
        # as Flux does: its text comes first
        before = [interim(message.message.transcript)] if isinstance(message.message, EagerEndOfTurn) else []
        for event in [*turns.settle(now), *told(*before, message, turns=turns, now=now)]:
            match event:
                case Speaking():
                    prepared = None
                case ProbablyOver(text=text):
                    prepared = text
                case Over(text=text):
                    assert prepared is None or text in (prepared, "")
                    prepared = None
