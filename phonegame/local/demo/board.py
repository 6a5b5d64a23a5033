"""Shows the call side by side as it goes: a table that is drawn anew in a terminal, a log of lines elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, assert_never

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from phonegame.local.demo.conversation import Action, Conversation, Line, Reply, Row
from phonegame.local.demo.script import ORDER, Script
from phonegame.local.demo.signs import AT_THE_PHONE, Sign, Step


class Board(Protocol):
    def show(self, conversation: Conversation) -> None:
        """Called after every change."""


@contextmanager
def open_board(console: Console, script: Script = ORDER) -> Iterator[Board]:
    console.print(f"  -> what {script.person} says, and what the game receives of it", style="dim")
    console.print(f"  <- what {script.speaker} says, and what is understood of the phone's recording\n", style="dim")
    if not console.is_terminal:
        yield LogBoard(console)
        return
    # drawn on change alone: no thread beside trio's
    with Live(console=console, auto_refresh=False, vertical_overflow="visible") as live:
        yield TableBoard(live)


def in_words(seconds: float) -> str:
    """A short time, in six signs."""
    return f"{seconds * 1000:.0f} ms" if seconds < 0.0995 else f"{seconds:.2f} s"


class TableBoard:
    def __init__(self, live: Live) -> None:
        self._live = live

    def show(self, conversation: Conversation) -> None:
        table = Table(expand=True, pad_edge=False, show_edge=False, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
        table.add_column("time", width=4, justify="right", style="dim")
        table.add_column(f"{conversation.script.person} says, hears", ratio=1)
        table.add_column("", width=2)
        table.add_column(_other_side(conversation.script), ratio=1)
        table.add_column("after", width=6, justify="right")
        for row in conversation.rows:
            caller, way, game = _cells(row)
            delay = "" if row.delay is None else in_words(row.delay)
            table.add_row(f"{row.began:.1f}", caller, Text(way, "dim"), game, delay)
        self._live.update(table, refresh=True)


def _other_side(script: Script) -> str:
    return "the game receives, says" if script.character is None else "the game hears, character says"


def _cells(row: Row) -> tuple[Text, str, Text]:
    match row:
        case Line():
            return _line(row)
        case Reply():
            return _reply(row)
        case Sign():
            return _sign(row)
        case Action():
            return Text(), "", Text(f"{_asked_in_short(row)}\n= {_answered(row)}", "magenta")
        case _:
            assert_never(row)


def _asked(action: Action) -> str:
    """As one would write it in a game's code."""
    arguments = ", ".join(f"{name}={json.dumps(value)}" for name, value in action.deed.arguments.items())
    return f"{action.deed.name}({arguments})"


def _asked_in_short(action: Action) -> str:
    """In half of 80 columns."""
    return " ".join(map(str, [action.deed.name, *action.deed.arguments.values()]))


def _answered(action: Action) -> str:
    return "refused" if action.deed.result is None else json.dumps(action.deed.result)


def _sign(sign: Sign) -> tuple[Text, str, Text]:
    at_phone = AT_THE_PHONE.get(sign.step, "") if sign.at_phone is not None else ""
    told = _in_words(sign.step, sign.detail) if sign.told else ""
    return Text(at_phone, "magenta"), "->", Text(told, "magenta")


def _in_words(step: Step, detail: str) -> str:
    return f"{step}, {detail}" if detail else step


def _line(line: Line) -> tuple[Text, str, Text]:
    talking = line.ended is None
    said = Text(f"{line.said} ..." if talking else line.said, "bold yellow" if talking else "cyan")
    received = " ".join(piece.text for piece in line.received)
    return said, "->", Text(received, "green" if line.arrived is not None else "red")


def _reply(reply: Reply) -> tuple[Text, str, Text]:
    talking = reply.receipt is None
    said = Text(f"{reply.text} ...".lstrip() if talking else reply.text, "bold yellow" if talking else "cyan")
    if outcome := _outcome(reply):
        said.append(f"\n{': '.join(filter(None, outcome))}", "yellow")
    return Text(reply.understood.text if reply.understood else "", "green" if reply.is_confirmed else "red"), "<-", said


def _outcome(reply: Reply) -> tuple[str, str] | None:
    """What is worth telling of a receipt: nothing of a reply that was heard to its end."""
    if reply.dropped:
        return "dropped", reply.dropped.value
    if not reply.interrupted:
        return None
    # a character tells no more than what was heard
    return ("interrupted", "") if reply.is_characters else ("interrupted after", reply.heard or "(nothing)")


class LogBoard:
    """Prints what has changed since the last time, with the time of the call in front."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._printed: set[tuple[int, str]] = set()
        """By the row's id: its place may change."""

    def show(self, conversation: Conversation) -> None:
        for row in conversation.rows:
            for at, label, text in _entries(row, conversation.script):
                if (id(row), f"{label}{text}") not in self._printed:
                    self._printed.add((id(row), f"{label}{text}"))
                    self._console.print(Text(f"{at:6.1f} s  {label:18} {text}"), soft_wrap=True)


def _entries(row: Row, script: Script) -> Iterator[tuple[float, str, str]]:
    """When, what happened, and the words."""
    if isinstance(row, Line):
        yield row.began, f"{script.person} says", row.said
        for piece in row.received:
            yield piece.at, "the game receives", piece.text
        return
    if isinstance(row, Sign):
        if row.at_phone is not None:
            yield row.at_phone, "the phone", AT_THE_PHONE[row.step].strip("()")
        for told in row.told:
            yield told.at, "the game is told", _in_words(row.step, told.detail)
        return
    if isinstance(row, Action):
        yield row.began, "the game is asked", _asked(row)
        yield row.began, "the game answers", _answered(row)
        return
    # what a character has said is known when it has been heard
    if (said_at := row.finished if row.is_characters else row.began) is not None:
        yield said_at, f"{script.speaker} says", row.text
    if row.finished is not None:
        yield row.finished, *(_outcome(row) or ("heard to its end", ""))
    if row.understood is not None:
        yield row.understood.at, "the phone heard", row.understood.text
