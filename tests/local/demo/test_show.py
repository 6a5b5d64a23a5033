from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from phonegame.local.demo.conversation import Conversation
from phonegame.local.demo.phones import PLAYER
from phonegame.local.demo.script import CALL_BACK, EXPECTED, ORDER
from phonegame.local.demo.show import invite, summarise, summarise_call_back
from phonegame.local.demo.stage import DEFAULT_SERVER, Stage
from tests.local.demo.rehearsal import rehearse, rehearse_call_back


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=80)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_commands_for_a_game_and_a_phone_need_no_address_at_the_usual_port(console: Console) -> None:
    invite(console, Stage(speech="127.0.0.1:1", carrier="127.0.0.1:2", server=DEFAULT_SERVER))
    assert re.findall(r"\S+://\S+", printed(console)) == ["http://127.0.0.1:5000/demo"]
    assert f" dial {PLAYER} --code 42\n" in printed(console)
    assert f' call --say "forty two" --pause 2 --say "{EXPECTED[1]}"' in printed(console)


def test_commands_name_another_port(console: Console) -> None:
    invite(console, Stage(speech="127.0.0.1:1", carrier="127.0.0.1:2", server="127.0.0.1:5432"))
    assert " play ws://127.0.0.1:5432/game\n" in printed(console)
    assert " call http://127.0.0.1:5432/twiml --say" in printed(console)
    assert f" dial --server http://127.0.0.1:5432 {PLAYER} --code 42\n" in printed(console)


def test_summary_counts_and_names_what_was_missed(console: Console) -> None:
    conversation = Conversation(lambda: 1.0, lambda _: None)
    conversation.end(conversation.begin_code("forty two"))
    conversation.connected()
    sentences = [turn.said for turn in ORDER.turns]
    for sentence in sentences:
        conversation.end(conversation.begin_sentence(sentence))
    for sentence in sentences[1:]:
        conversation.received(sentence)
    summarise(console, conversation)
    assert "joined       0 ms after the code was said\n" in printed(console)
    assert "received     2 of 3 sentences, 0 ms (median), 0 ms (most) after their last word\n" in printed(console)
    assert f"missed       {sentences[0]}\n" in printed(console)


def test_summary_of_a_call_that_reached_no_game(console: Console) -> None:
    conversation = Conversation(lambda: 1.0, lambda _: None)
    conversation.end(conversation.begin_code("forty two"))
    summarise(console, conversation)
    assert "the call reached no game" in printed(console)


def test_summary_of_a_call_that_went_well_fits_into_80_columns(console: Console) -> None:
    summarise(console, rehearse())
    names = [line.split()[0] for line in printed(console).splitlines() if line]
    assert names == ["joined", "received", "answered", "done", "heard"]
    assert "4 times, 20 ms (median), 20 ms (most) after the last word" in printed(console)
    assert "done         3 actions, which the character asked the game for" in printed(console)
    assert "4 of 4 answers" in printed(console)
    assert max(map(len, printed(console).splitlines())) <= 80


def test_summary_names_what_the_phone_did_not_hear(console: Console) -> None:
    conversation = rehearse()
    conversation.understood(conversation.replies[1], "one pony", 0)
    summarise(console, conversation)
    assert "3 of 4 answers" in printed(console)
    assert f"not heard    {conversation.replies[1].text}\n" in printed(console)


def test_summary_of_a_call_back_tells_how_it_was_answered(console: Console) -> None:
    summarise_call_back(console, rehearse_call_back())
    assert "rung up      rang after 2.00 s, answered after 2.00 s by a human\n" in printed(console)
    assert "received     1 of 1 sentences, 0 ms after their last word\n" in printed(console)
    assert "heard        2 of 2 answers" in printed(console)
    assert max(map(len, printed(console).splitlines())) <= 80


def test_summary_of_a_call_back_that_nobody_answers(console: Console) -> None:
    conversation = Conversation(lambda: 1.0, lambda _: None, CALL_BACK)
    conversation.told("dialling")
    conversation.ended("busy")
    summarise_call_back(console, conversation)
    assert printed(console).strip() == "The player was not reached: busy"


def test_in_a_terminal_the_summary_is_broken_between_words() -> None:
    console = Console(file=io.StringIO(), width=60, force_terminal=True, color_system=None)
    summarise(console, rehearse())
    lines = printed(console).splitlines()
    assert max(len(line.rstrip()) for line in lines) <= 60
    first = next(number for number, line in enumerate(lines) if line.startswith("answered"))
    assert lines[first + 1].startswith(" " * 13)
