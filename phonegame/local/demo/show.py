"""The demo from beginning to end: start everything, one call, a summary, and then it is the user's turn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

import trio
from rich.console import Console

from phonegame.local.demo.board import in_words, open_board
from phonegame.local.demo.call import run_call
from phonegame.local.demo.conversation import Conversation
from phonegame.local.demo.game import receive_welcome
from phonegame.local.demo.script import SENTENCES
from phonegame.local.demo.stage import DEFAULT_SERVER, Stage, phonegame_command, set_stage
from phonegame.local.v1_client import connect_v1
from phonegame.stop_signals import cancel_on_stop


async def run_demo(console: Console, folder: Path, once: bool) -> bool | None:
    """Whether all went as scripted; None when a signal to stop came before that was known.

    Unless `once`, stays up until a signal to stop. Raises what its parts raise, in groups.
    """
    went_well = None
    async with trio.open_nursery() as nursery:
        await nursery.start(cancel_on_stop, nursery.cancel_scope)
        _say(console, "starting the speech service and the server ...")
        async with set_stage(folder) as stage:
            _say(console, f"the server is at http://{stage.server}, the speech service at ws://{stage.speech}")
            conversation = await _play_call(console, stage)
            went_well = conversation.is_as_scripted
            summarise(console, conversation)
            if not once:
                invite(console, stage)
                await trio.sleep_forever()
        nursery.cancel_scope.cancel()
    return went_well


async def _play_call(console: Console, stage: Stage) -> Conversation:
    async with connect_v1(stage.game_url) as client:
        welcome = await receive_welcome(client)
        _say(console, f"a game has connected; it shows: call {welcome.phone_number} and say {welcome.code}")
        console.print()
        with open_board(console) as board:
            return await run_call(client, welcome.code, stage, board.show)


def summarise(console: Console, conversation: Conversation) -> None:
    console.print()
    if conversation.join_seconds is None:
        console.print("The code was not understood, so the call reached no game.", style="bold red")
        return
    tries = "" if len(conversation.tries) == 1 else f", at try {len(conversation.tries)}"
    _figure(console, "joined", f"{in_words(conversation.join_seconds)} after the code was said{tries}")
    _summarise_sentences(console, conversation)
    _summarise_replies(console, conversation)


def _summarise_sentences(console: Console, conversation: Conversation) -> None:
    lines = conversation.sentences
    received = f"{len(lines) - len(conversation.missed)} of {len(lines)} sentences"
    _figure(console, "received", received + _delays([line.delay for line in lines], "their last word"))
    for sentence in conversation.missed:
        console.print(f"missed       {sentence}", style="bold red", markup=False)


def _summarise_replies(console: Console, conversation: Conversation) -> None:
    replies = conversation.replies
    if not replies:
        return
    _figure(
        console,
        "answered",
        f"{len(replies)} times" + _delays([reply.delay for reply in replies], "its text", "first heard "),
    )
    for seconds in conversation.interruptions:
        _figure(console, "interrupted", f"{in_words(seconds)} after the caller began to speak")
    confirmed = sum(reply.is_confirmed for reply in replies)
    _figure(console, "heard", f"{confirmed} of {len(replies)} answers as the game was told, by the phone's recording")
    for reply in replies:
        if not reply.is_confirmed:
            console.print(f"not heard    {reply.text}", style="bold red", markup=False)


def _delays(delays: Sequence[float | None], since: str, what: str = "") -> str:
    known = [delay for delay in delays if delay is not None]
    return f", {what}{in_words(median(known))} (median), {in_words(max(known))} (most) after {since}" if known else ""


def _figure(console: Console, name: str, text: str) -> None:
    console.print(f"{name:12} {text}", markup=False, soft_wrap=True)


def invite(console: Console, stage: Stage) -> None:
    play, call = (f"{phonegame_command()} {name}" for name in ("play", "call"))
    if stage.server != DEFAULT_SERVER:
        play, call = f"{play} {stage.game_url}", f"{call} {stage.twilio_url}"
    console.print("\nIt all stays up until you press Ctrl-C.")
    console.print("In a second terminal, in this folder, a game of your own:\n")
    _say(console, play, style="bold")
    console.print("\nand in a third one a phone, which says the code that this game shows (here 42):\n")
    _say(console, f'{call} --say "forty two" --pause 2 --say "{SENTENCES[0]}"', style="bold")
    console.print("\nWhat you type into the game is spoken to the caller.")
    console.print("The local speech service understands numbers and what it is told to expect:\n")
    for sentence in SENTENCES:
        _say(console, sentence)


def _say(console: Console, text: str, style: str | None = None) -> None:
    console.print(f"  {text}", style=style, markup=False, soft_wrap=True)
