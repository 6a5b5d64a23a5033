"""`phonegame play`: a game in the terminal, which shows what callers say, and sends them what is typed."""

from __future__ import annotations

import io
import sys

import click
import trio
from rich.console import Console, Group
from rich.panel import Panel
from rich.text import Text

from phonegame.local.big_text import enlarge
from phonegame.local.game_client import GameClient, GameUnreachableError, connect_game
from phonegame.local.text_game import Closed, Code, Connected, Event, Heard, PhoneNumber, Unread
from phonegame.local.typed_lines import RawInput, TypedLines, standard_input
from phonegame.server_address import own_server
from phonegame.stop_signals import cancel_on_stop


@click.command()
@click.argument("url", default=lambda: f"{own_server('ws')}/game")
@click.option("--key", envvar="PHONEGAME_GAME_KEY", help="The game's key, where the server asks for one.")
def play(url: str, key: str | None) -> None:
    """Play a game in the terminal: shows the number to call, the code to say, and what the caller says.

    URL is that of the server's door for games, such as ws://127.0.0.1:5000/game; without it, where PROXY_URL says.

    Whatever you type is sent to the caller, line by line. Ctrl-C ends the game.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a transcript may hold what an old console cannot show
    try:
        closed = trio.run(play_until_stopped, url, key, Screen(Console(highlight=False)), standard_input())
    except GameUnreachableError as error:
        raise click.ClickException(str(error)) from error
    if closed is not None:
        raise click.ClickException(closed.explain())


async def play_until_stopped(url: str, key: str | None, screen: Screen, typed: RawInput | None) -> Closed | None:
    """Plays until a signal to stop (then None) or until the server closes. Raises GameUnreachableError."""
    closed = None
    async with connect_game(url, key) as game, trio.open_nursery() as nursery:
        await nursery.start(cancel_on_stop, nursery.cancel_scope)
        if typed is not None:
            nursery.start_soon(_send_typed_lines, game, TypedLines(typed))
        closed = await _show_until_closed(game, screen)
        nursery.cancel_scope.cancel()
    return closed


async def _show_until_closed(game: GameClient, screen: Screen) -> Closed:
    while True:
        event = await game.receive()
        if isinstance(event, Closed):
            return event
        screen.show(event)


async def _send_typed_lines(game: GameClient, typed: TypedLines) -> None:
    """Until the input ends; the game goes on without it."""
    while (line := await typed.receive()) is not None:
        if line:
            await game.say(line)


class Screen:
    """Shows a text game's events: large in a terminal, as plain lines anywhere else."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._ink = "█" if console.encoding.startswith("utf") else "#"
        self._phone_number = ""

    def show(self, event: Event) -> None:
        match event:
            case PhoneNumber(text):
                self._phone_number = _printable(text)
            case Code(text):
                self._show_welcome(_printable(text))
            case Connected():
                self._line("connected", "a caller is in the game", "bold green")
            case Heard(text):
                self._line("caller", _printable(text), "cyan")
            case Unread():
                pass  # speech started, an utterance ended, silence: nothing to read

    def _show_welcome(self, code: str) -> None:
        if self._console.is_terminal:
            parts = [Text("call"), self._enlarge(self._phone_number, "bold"), Text("\nand say, or key")]
            self._console.print(Panel(Group(*parts, self._enlarge(code, "bold green")), expand=False, padding=(1, 2)))
        else:
            self._line("call", self._phone_number, "bold")
            self._line("say", code, "bold")
        self._line("", "What you type goes to the caller. Ctrl-C ends the game.", "dim")

    def _enlarge(self, text: str, style: str) -> Text:
        rows = enlarge(text, self._ink)
        room = self._console.width - 6  # the panel's border and padding
        if rows is None or len(rows[0]) > room:
            return Text(text, style)
        return Text("\n".join(rows), style, no_wrap=True)

    def _line(self, label: str, text: str, style: str) -> None:
        self._console.print(Text.assemble((f"{label:>10}  ", "dim"), (text, style)), soft_wrap=True)


def _printable(text: str) -> str:
    """Without control characters, with which a server could rule the terminal."""
    return "".join(character for character in text if character.isprintable())
