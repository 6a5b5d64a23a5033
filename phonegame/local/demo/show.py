"""The demo from beginning to end: start everything, one call, a summary, and then it is the user's turn."""

from __future__ import annotations

from pathlib import Path

import trio
from rich.console import Console

from phonegame.local.demo.board import open_board
from phonegame.local.demo.call import greet, run_call
from phonegame.local.demo.conversation import Conversation
from phonegame.local.demo.script import SENTENCES
from phonegame.local.demo.stage import DEFAULT_SERVER, Stage, phonegame_command, set_stage
from phonegame.local.game_client import connect_game
from phonegame.stop_signals import cancel_on_stop


async def run_demo(console: Console, folder: Path, once: bool) -> bool | None:
    """Whether the game received every sentence; None when a signal to stop came before that was known.

    Unless `once`, stays up until a signal to stop. Raises what its parts raise, in groups.
    """
    went_well = None
    async with trio.open_nursery() as nursery:
        await nursery.start(cancel_on_stop, nursery.cancel_scope)
        _say(console, "starting the speech service and the server ...")
        async with set_stage(folder) as stage:
            _say(console, f"the server is at http://{stage.server}, the speech service at ws://{stage.speech}")
            conversation = await _play_call(console, stage)
            went_well = conversation.joined and not conversation.missed
            summarise(console, conversation)
            if not once:
                invite(console, stage)
                await trio.sleep_forever()
        nursery.cancel_scope.cancel()
    return went_well


async def _play_call(console: Console, stage: Stage) -> Conversation:
    async with connect_game(f"ws://{stage.server}/game") as game:
        number, code = await greet(game)
        _say(console, f"a game has connected; it shows: call {number} and say {code}")
        console.print()
        with open_board(console) as board:
            return await run_call(game, code, f"ws://{stage.server}/twilio", board.show)


def summarise(console: Console, conversation: Conversation) -> None:
    received = len(conversation.sentences) - len(conversation.missed)
    console.print()
    if conversation.join_seconds is None:
        console.print("The code was not understood, so the call reached no game.", style="bold red")
        return
    tries = "" if len(conversation.tries) == 1 else f", at try {len(conversation.tries)}"
    console.print(f"joined     {conversation.join_seconds:.2f} s after the code was said{tries}")
    console.print(f"received   {received} of {len(conversation.sentences)} sentences")
    if conversation.delays:
        slowest = max(conversation.delays)
        console.print(f"delay      {conversation.median_delay:.2f} s (median), {slowest:.2f} s at most;", end=" ")
        console.print("from the end of a sentence to the game")
    for sentence in conversation.missed:
        console.print(f"missed     {sentence}", style="bold red", markup=False)


def invite(console: Console, stage: Stage) -> None:
    play, call = (f"{phonegame_command()} {name}" for name in ("play", "call"))
    if stage.server != DEFAULT_SERVER:
        play, call = f"{play} ws://{stage.server}/game", f"{call} ws://{stage.server}/twilio"
    console.print("\nIt all stays up until you press Ctrl-C.")
    console.print("In a second terminal, in this folder, a game of your own:\n")
    _say(console, play, style="bold")
    console.print("\nand in a third one a phone, which says the code that this game shows (here 42):\n")
    _say(console, f'{call} --say "forty two" --pause 2 --say "{SENTENCES[0]}"', style="bold")
    console.print("\nThe local speech service understands numbers and the sentences that it is told to expect:\n")
    for sentence in SENTENCES:
        _say(console, sentence)


def _say(console: Console, text: str, style: str | None = None) -> None:
    console.print(f"  {text}", style=style, markup=False, soft_wrap=True)
