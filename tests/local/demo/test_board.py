from __future__ import annotations

import io

from rich.console import Console

from phonegame.local.demo.board import in_words, open_board
from phonegame.local.demo.conversation import Conversation
from phonegame.local.demo.script import CALL_BACK, GREETING, TURNS, Deed, words_of
from tests.local.demo.rehearsal import BEGINNING, rehearse, rehearse_call_back


def show_call(console: Console) -> None:
    with open_board(console) as board:
        rehearse(board.show)


def test_a_log_has_every_change_once_and_in_order() -> None:
    out = io.StringIO()
    show_call(Console(file=out, width=80))
    lines = [" ".join(line.split()) for line in out.getvalue().splitlines()]
    expected = [
        "the caller says forty two",
        "the game receives a caller has joined",
        f"the character says {GREETING}",
        "heard to its end",
        f"the phone heard {' '.join(words_of(GREETING))}",
    ]
    asked = [
        'add_to_order(count=1, what="pepperoni pizza")',
        'add_to_order(count=2, what="lemonade")',
        "order_placed()",
    ]
    answered = ['{"dollars": 9}', '{"dollars": 15}', '{"minutes": 12}']
    for turn, question, result in zip(TURNS, asked, answered, strict=True):
        over = turn.answer.startswith(BEGINNING)
        heard = BEGINNING if over else turn.answer
        expected += [
            f"the caller says {turn.said}",
            f"the game receives {turn.said.capitalize()}.",
            f"the game is asked {question}",
            f"the game answers {result}",
            f"the character says {heard}",
            "interrupted" if over else "heard to its end",
            f"the phone heard {' '.join(words_of(heard))}",
        ]
    assert [line.removeprefix("3.0 s ") for line in lines if line.startswith("3.0 s")] == expected


def test_a_terminal_shows_both_sides_in_one_row_of_80_columns() -> None:
    out = io.StringIO()
    show_call(Console(file=out, width=80, height=25, force_terminal=True, color_system=None))
    rows = [" ".join(row.split()) for row in out.getvalue().splitlines()]
    assert f"3.0 {TURNS[0].said} -> {TURNS[0].said.capitalize()}. 0 ms" in rows
    assert f"3.0 one pepperoni pizza coming up <- {TURNS[0].answer} 20 ms" in rows
    assert rows[rows.index("3.0 add_to_order 1 pepperoni pizza") + 1] == '= {"dollars": 9}'
    assert rows[rows.index("3.0 order_placed") + 1] == '= {"minutes": 12}'
    assert f"3.0 {BEGINNING.lower()} <- {BEGINNING} 20 ms" in rows
    assert "interrupted" in rows


def test_an_action_that_the_game_refuses_is_shown_as_such() -> None:
    console = Console(file=io.StringIO(), width=80)
    with open_board(console) as board:
        Conversation(lambda: 1.0, board.show).did(Deed("open_door", {"side": "left"}, None))
    assert isinstance(console.file, io.StringIO)
    lines = [" ".join(line.split()) for line in console.file.getvalue().splitlines()]
    assert lines[-2:] == ['1.0 s the game is asked open_door(side="left")', "1.0 s the game answers refused"]


def show_call_back(console: Console) -> list[str]:
    with open_board(console, CALL_BACK) as board:
        rehearse_call_back(board.show)
    assert isinstance(console.file, io.StringIO)
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines()]


def test_a_log_has_both_ends_of_a_call_that_the_game_places() -> None:
    lines = show_call_back(Console(file=io.StringIO(), width=80))
    (turn,) = CALL_BACK.turns
    assert [line.removeprefix("2.0 s ") for line in lines if line.startswith("2.0 s")] == [
        "the game is told dialling",
        "the phone rings",
        "the game is told ringing",
        "the game is told answered",
        "the phone picks up",
        f"the game says {CALL_BACK.greeting}",
        "heard to its end",
        f"the phone heard {' '.join(words_of(CALL_BACK.greeting))}",
        "the game is told answered, by a human",
        f"the player says {turn.said}",
        f"the game receives {turn.said}",
        f"the game says {turn.answer}",
        "heard to its end",
        f"the phone heard {' '.join(words_of(turn.answer))}",
        "the game is told over, game hung up",
        "the phone is hung up",
    ]


def test_a_terminal_shows_a_call_that_the_game_places_in_rows_of_80_columns() -> None:
    console = Console(file=io.StringIO(), width=80, height=40, force_terminal=True, color_system=None)
    rows = show_call_back(console)
    assert "2.0 -> dialling" in rows
    assert "2.0 (rings) -> ringing 0 ms" in rows
    assert "2.0 (picks up) -> answered, by a human 0 ms" in rows
    assert "2.0 (is hung up) -> over, game hung up 0 ms" in rows


def test_short_times_are_in_milliseconds() -> None:
    assert [in_words(seconds) for seconds in (0, 0.0123, 0.0996, 1.5)] == ["0 ms", "12 ms", "0.10 s", "1.50 s"]
