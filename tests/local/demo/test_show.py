from __future__ import annotations

import io

import pytest
from rich.console import Console

from phonegame.local.demo.conversation import Conversation
from phonegame.local.demo.script import SENTENCES
from phonegame.local.demo.show import invite, summarise
from phonegame.local.demo.stage import DEFAULT_SERVER, Stage


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=80)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_commands_for_a_game_and_a_phone_need_no_address_at_the_usual_port(console: Console) -> None:
    invite(console, Stage(speech="127.0.0.1:1", server=DEFAULT_SERVER))
    assert "ws://" not in printed(console)
    assert f' call --say "forty two" --pause 2 --say "{SENTENCES[0]}"' in printed(console)


def test_commands_name_another_port(console: Console) -> None:
    invite(console, Stage(speech="127.0.0.1:1", server="127.0.0.1:5432"))
    assert " play ws://127.0.0.1:5432/game\n" in printed(console)
    assert " call ws://127.0.0.1:5432/twilio --say" in printed(console)


def test_summary_counts_and_names_what_was_missed(console: Console) -> None:
    conversation = Conversation(lambda: 1.0, lambda _: None)
    conversation.end(conversation.begin_code("forty two"))
    conversation.connected()
    for sentence in SENTENCES:
        conversation.end(conversation.begin_sentence(sentence))
    for sentence in SENTENCES[1:]:
        conversation.received(sentence)
    summarise(console, conversation)
    assert "joined     0.00 s after the code was said\n" in printed(console)
    assert "received   3 of 4 sentences\n" in printed(console)
    assert f"missed     {SENTENCES[0]}\n" in printed(console)


def test_summary_of_a_call_that_reached_no_game(console: Console) -> None:
    conversation = Conversation(lambda: 1.0, lambda _: None)
    conversation.end(conversation.begin_code("forty two"))
    summarise(console, conversation)
    assert "the call reached no game" in printed(console)
