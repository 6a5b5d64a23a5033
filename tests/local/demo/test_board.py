from __future__ import annotations

import io

from rich.console import Console

from phonegame.local.demo.board import open_board
from phonegame.local.demo.conversation import Conversation
from phonegame.local.demo.script import SENTENCES


def show_call(console: Console) -> None:
    with open_board(console) as board:
        conversation = Conversation(lambda: 3.0, board.show)
        conversation.end(conversation.begin_code("forty two"))
        conversation.connected()
        for sentence in SENTENCES:
            conversation.end(conversation.begin_sentence(sentence))
            conversation.received(f"{sentence.capitalize()}.")


def test_a_log_has_every_change_once_and_in_order() -> None:
    out = io.StringIO()
    show_call(Console(file=out, width=80))
    lines = [" ".join(line.split()) for line in out.getvalue().splitlines()]
    said = [f"3.0 s the caller says {sentence}" for sentence in SENTENCES]
    heard = [f"3.0 s the game receives {sentence.capitalize()}." for sentence in SENTENCES]
    both = [line for pair in zip(said, heard, strict=True) for line in pair]
    assert lines == ["3.0 s the caller says forty two", "3.0 s the game receives connected", *both]


def test_a_terminal_shows_both_sides_in_one_row_of_80_columns() -> None:
    out = io.StringIO()
    show_call(Console(file=out, width=80, height=25, force_terminal=True, color_system=None))
    rows = out.getvalue().splitlines()
    assert any(SENTENCES[-1] in row and f"{SENTENCES[-1].capitalize()}." in row for row in rows)
