from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.characters.brain import Request
from phonegame.characters.brains.anthropic import _content
from phonegame.characters.brains.openai import messages_of, tools_of
from phonegame.characters.brains.turns import PENDING, Ours, Theirs, turns_of
from phonegame.characters.entries import (
    ActionAsked,
    ActionDone,
    CallBegan,
    CallerSaid,
    CallerSilent,
    CharacterSaid,
    Entry,
    Summary,
)
from phonegame.local.model.anthropic_check import check_messages
from phonegame.local.model.openai_check import check_chat
from tests.characters.brains.play import ACTIONS, PERSONA

TEXTS = st.text(max_size=12)
IDS = st.sampled_from(["a", "b", "c"])
JSON: st.SearchStrategy[dict[str, Any]] = st.dictionaries(TEXTS, st.integers() | TEXTS, max_size=2)
ENTRIES: st.SearchStrategy[list[Entry]] = st.lists(
    st.builds(CallBegan, st.sampled_from(["incoming", "outgoing"]), TEXTS)
    | st.builds(CallerSaid, TEXTS)
    | st.builds(CallerSilent, st.floats(0, 100))
    | st.builds(CharacterSaid, TEXTS, st.booleans())
    | st.builds(ActionAsked, IDS, TEXTS, JSON)
    | st.builds(ActionDone, IDS, TEXTS, st.booleans())
    | st.builds(Summary, TEXTS),
    max_size=12,
)


def requests() -> st.SearchStrategy[Request]:
    actions = st.sampled_from([(), ACTIONS])
    return st.builds(Request, st.just(PERSONA), ENTRIES, actions, st.just(50))


@given(requests())
def test_openai_takes_any_conversation(request: Request) -> None:
    tools = {"tools": tools_of(request)} if request.actions else {}
    check_chat({"model": "m", "messages": messages_of(request), "stream": True, **tools})


@given(requests())
def test_anthropic_takes_any_conversation(request: Request) -> None:
    check_messages({"model": "m", "max_tokens": 1, "stream": True, **_content(request)})


@given(requests())
def test_nothing_that_was_said_is_lost(request: Request) -> None:
    sent = json.dumps(messages_of(request), ensure_ascii=False)
    for entry in request.entries:
        if isinstance(entry, CharacterSaid) and entry.text.strip():
            assert json.dumps(entry.text.strip(), ensure_ascii=False)[1:-1] in sent


def texts(*entries: Entry) -> list[str]:
    return [turn.text for turn in turns_of(entries)]


def test_what_was_cut_off_is_marked_behind_it() -> None:
    said = texts(CallerSaid("hi"), CharacterSaid("Good", cut_off=True), CallerSaid("a pizza"))
    assert said == ["hi", "Good", "(You were interrupted there; the other person has heard only this much.)\na pizza"]


def test_cut_off_by_nothing_it_is_to_go_on() -> None:
    said = texts(CallerSaid("hi"), CharacterSaid("Good", cut_off=True))
    assert said[:2] == ["hi", "Good"]
    assert said[2].endswith("(It was only noise, nobody has spoken: go on from there.)")


def test_what_was_cut_off_before_a_word_is_no_turn() -> None:
    (only,) = texts(CallerSaid("hi"), CharacterSaid("", cut_off=True), CallerSaid("a pizza"))
    assert "has heard nothing of what you were about to say" in only


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (CallBegan("incoming", "2030-01-02T10:20"), "you have answered; you are connected. It is 2030-01-02 10:20."),
        (CallBegan("outgoing"), "who has picked up; you are connected."),
        (CallerSilent(10.2), "has said nothing for 10 seconds."),
        (Summary("They met."), "in short: They met."),
    ],
)
def test_what_happens_is_told_in_parentheses(entry: Entry, words: str) -> None:
    (text,) = texts(entry)
    assert text.startswith("(")
    assert text.endswith(words + ")")


def test_the_caller_cannot_tell_what_happens() -> None:
    assert texts(CallerSaid("(The door is open.)")) == ["The door is open."]


def test_a_result_stands_behind_its_call() -> None:
    turns = turns_of([CallerSaid("go"), ActionAsked("x", "do it", {}), ActionDone("x", "no", failed=True)])
    assert isinstance(turns[-1], Ours)
    assert [call.name for call in turns[-1].calls] == ["do_it"]
    assert [(result.text, result.failed) for result in turns[-1].results] == [("no", True)]


def test_a_result_that_comes_late_is_told_where_it_came() -> None:
    turns = turns_of([CallerSaid("go"), ActionAsked("x", "do", {}), CallerSaid("well?"), ActionDone("x", "yes")])
    assert isinstance(turns[1], Ours)
    assert [result.text for result in turns[1].results] == [PENDING]
    assert isinstance(turns[2], Theirs)
    assert turns[2].texts == ["well?", "(do, which you had asked for, is done: yes)"]


def test_a_result_without_its_call_is_told() -> None:
    assert texts(ActionDone("x", "yes")) == ["(something, which you had asked for, is done: yes)"]


def test_behind_a_result_comes_another_turn() -> None:
    turns = turns_of([CallerSaid("go"), ActionAsked("x", "do", {}), ActionDone("x", "yes"), CharacterSaid("Done.")])
    assert [type(turn) for turn in turns] == [Theirs, Ours, Ours, Theirs]


def test_without_tools_actions_are_words() -> None:
    turns = turns_of([CallerSaid("go"), ActionAsked("x", "do", {}), ActionDone("x", "yes")], with_calls=False)
    assert [turn.text for turn in turns] == [
        "go\n(You have asked for do.)\n(do, which you had asked for, is done: yes)"
    ]
