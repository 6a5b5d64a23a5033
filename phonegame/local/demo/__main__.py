"""`phonegame demo`, and what scripts/demo.py hands over to, once there is an environment."""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path

import click
import trio
from rich.console import Console

from phonegame.deepgram.failures import DeepgramFailure
from phonegame.groups import leaves
from phonegame.local.demo.browser import has_display
from phonegame.local.demo.game import GameFailed
from phonegame.local.demo.programs import ProgramFailed
from phonegame.local.demo.show import Plan, run_demo
from phonegame.local.game_socket import GameUnreachableError
from phonegame.local.phone import PhoneError
from phonegame.speak.espeak import SpeakError

EXPECTED = (ProgramFailed, GameFailed, GameUnreachableError, DeepgramFailure, PhoneError, SpeakError)
"""What can go wrong on somebody's machine; anything else is a fault of the demo and gets its traceback."""

INTERRUPTED = 130
"""The exit status that a shell gives to what Ctrl-C has ended."""


@click.command("demo", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--calls", is_flag=True, help="Two scripted calls in this terminal, and no browser.")
@click.option("--once", is_flag=True, help="As --calls, and then the end; status 0 only if all went as scripted.")
def main(calls: bool, once: bool) -> None:
    """Opens a game in the browser, and a phone beside it: live, on this machine, with no account.

    Where there is no display, two scripted calls are shown in this terminal: a caller says a code, orders a pizza, and
    interrupts the game's character, which answers; then the game rings the player up.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # an old console cannot draw the table's lines
    console = Console(highlight=False)
    folder = Path(tempfile.mkdtemp(prefix="phonegame-demo-"))
    went_well: bool | None = False
    try:
        plan = Plan(in_browser=has_display() and not (calls or once), stays=not once)
        went_well = trio.run(run_demo, console, folder, plan)
    except* EXPECTED as group:
        _report(console, leaves(group))
    finally:
        if went_well is False:
            console.print(f"\nThe logs of the programs are in {folder}", soft_wrap=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    if went_well is None:
        console.print("\nStopped.")
    raise SystemExit({True: 0, False: 1, None: INTERRUPTED}[went_well])


def _report(console: Console, errors: list[Exception]) -> None:
    """One failure often brings others about: a program that ended by itself is the one to tell."""
    causes = [error for error in errors if isinstance(error, ProgramFailed)] or errors
    for error in causes:
        console.print(f"\n{error}", style="bold red", markup=False, soft_wrap=True)
        for line in error.last_lines if isinstance(error, ProgramFailed) else ():
            console.print(f"    {line}", markup=False, soft_wrap=True)


if __name__ == "__main__":
    main()
