"""Shows the call side by side as it goes: a table that is drawn anew in a terminal, a log of lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from phonegame.local.demo.conversation import Conversation, Line


class Board(Protocol):
    def show(self, conversation: Conversation) -> None:
        """Called after every change."""


@contextmanager
def open_board(console: Console) -> Iterator[Board]:
    if not console.is_terminal:
        yield LogBoard(console)
        return
    # drawn on change alone: no thread beside trio's
    with Live(console=console, auto_refresh=False, vertical_overflow="visible") as live:
        yield TableBoard(live)


class TableBoard:
    def __init__(self, live: Live) -> None:
        self._live = live

    def show(self, conversation: Conversation) -> None:
        table = Table(expand=True, title_justify="left", pad_edge=False)
        table.add_column("time", width=5, justify="right", style="dim")
        table.add_column("the caller says", ratio=1)
        table.add_column("the game receives", ratio=1)
        table.add_column("after", width=6, justify="right")
        for line in conversation.lines:
            table.add_row(f"{line.began:.1f}", _said(line), _received(line), _delay(line))
        self._live.update(table, refresh=True)


class LogBoard:
    """Prints what has changed since the last time, with the time of the call in front."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._printed: set[tuple[int, int]] = set()

    def show(self, conversation: Conversation) -> None:
        for number, line in enumerate(conversation.lines):
            self._print_once((number, -1), line.began, "the caller says", line.said)
            for count, piece in enumerate(line.received):
                self._print_once((number, count), piece.at, "the game receives", piece.text)

    def _print_once(self, key: tuple[int, int], at: float, label: str, text: str) -> None:
        if key not in self._printed:
            self._printed.add(key)
            self._console.print(Text(f"{at:6.1f} s  {label:18} {text}"), soft_wrap=True)


def _said(line: Line) -> Text:
    return Text(
        f"{line.said} ..." if line.ended is None else line.said, "bold yellow" if line.ended is None else "cyan"
    )


def _received(line: Line) -> Text:
    return Text(" ".join(piece.text for piece in line.received), "green" if line.arrived is not None else "red")


def _delay(line: Line) -> Text:
    return Text("" if line.delay is None else f"{line.delay:.2f} s")
