"""The demo from beginning to end: start everything, a call in each direction, and then it is the user's turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import trio
from rich.console import Console
from rich.table import Table
from rich.text import Text

from phonegame.local.demo.board import in_words, open_board
from phonegame.local.demo.browser import open_page
from phonegame.local.demo.call import run_call
from phonegame.local.demo.carrier_lines import Happening
from phonegame.local.demo.conversation import Conversation
from phonegame.local.demo.game import receive_welcome, wait_until_hung_up
from phonegame.local.demo.phones import PLAYER
from phonegame.local.demo.ring_up import ring_up
from phonegame.local.demo.script import CALL_BACK, EXPECTED
from phonegame.local.demo.stage import DEFAULT_SERVER, Stage, phonegame_command, set_stage
from phonegame.local.v1_client import connect_v1
from phonegame.stop_signals import cancel_on_stop


@dataclass(frozen=True, slots=True)
class Plan:
    in_browser: bool
    """The user calls; otherwise a script does, in the terminal."""
    stays: bool
    """Until a signal to stop."""


async def run_demo(console: Console, folder: Path, plan: Plan) -> bool | None:
    """Whether all went as scripted; None where there is no script, and when a signal to stop came before its end.

    Raises what its parts raise, in groups.
    """
    went_well = None
    async with trio.open_nursery() as nursery:
        await nursery.start(cancel_on_stop, nursery.cancel_scope)
        _say(console, "starting the speech service, the telephone company and the server ...")
        async with set_stage(folder) as stage:
            _say(console, f"the speech service (for Deepgram) is at ws://{stage.speech}")
            _say(console, f"the telephone company (for Twilio) is at http://{stage.carrier}")
            _say(console, f"the server is at http://{stage.server}")
            _say(console, f"the game and a phone for your browser are at {stage.page_url}")
            if plan.in_browser:
                await _open_page(console, stage)
            else:
                went_well = await _play_calls(console, stage)
            if plan.stays:
                invite(console, stage)
                with stage.carrier_lines.followed_by(partial(_show_happening, console)):
                    await trio.sleep_forever()
        nursery.cancel_scope.cancel()
    return went_well


async def _open_page(console: Console, stage: Stage) -> None:
    if await open_page(stage.page_url):
        console.print("\nThe game opens in your browser. Press call on the phone beside it, and say the code.")
    else:
        console.print("\nNo browser could be opened: open the address below.", style="bold")


async def _play_calls(console: Console, stage: Stage) -> bool:
    """Whether both went as scripted. Where the first has not reached the game, there is no second."""
    async with connect_v1(stage.game_url) as client:
        welcome = await receive_welcome(client)
        _say(console, f"a game has connected; it shows: call {welcome.phone_number} and say {welcome.code}")
        console.print()
        with open_board(console) as board:
            ordered = await run_call(client, welcome.code, stage, board.show)
        summarise(console, ordered)
        if not ordered.joined:
            return False
        if not ordered.has_ended:
            await wait_until_hung_up(client)
        console.print()
        _say(console, "the pizza is ready, so the game rings the player up")
        console.print()
        with open_board(console, CALL_BACK) as board:
            called_back = await ring_up(client, stage, board.show)
        summarise_call_back(console, called_back)
    return ordered.is_as_scripted and called_back.is_as_scripted


def summarise_call_back(console: Console, conversation: Conversation) -> None:
    console.print()
    told = {sign.step: sign for sign in conversation.signs if sign.is_complete}
    rang, answered = (told.get(step) for step in ("ringing", "answered"))
    if rang is None or answered is None:
        ends = [sign.detail for sign in conversation.signs if sign.step == "over"]
        console.print(f"The player was not reached: {(ends or ['nothing was heard of the call'])[0]}", style="bold red")
        return
    by = f" {answered.detail}" if answered.detail else ""
    _figure(console, "rung up", f"rang after {in_words(rang.began)}, answered after {in_words(answered.began)}{by}")
    _summarise_sentences(console, conversation)
    _summarise_heard(console, conversation)


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
    # the greeting answers no word of the caller's
    delays = _delays([reply.delay for reply in replies[1:]], "the last word")
    _figure(console, "answered", f"{len(replies)} times{delays}")
    if deeds := conversation.deeds:
        _figure(console, "done", f"{len(deeds)} actions, which the character asked the game for")
    for seconds in conversation.interruptions:
        _figure(console, "interrupted", f"{in_words(seconds)} after the caller began to speak")
    _summarise_heard(console, conversation)


def _summarise_heard(console: Console, conversation: Conversation) -> None:
    replies = conversation.replies
    confirmed = sum(reply.is_confirmed for reply in replies)
    _figure(console, "heard", f"{confirmed} of {len(replies)} answers as the game was told, by the phone's recording")
    for reply in replies:
        if not reply.is_confirmed:
            console.print(f"not heard    {reply.text}", style="bold red", markup=False)


def _delays(delays: Sequence[float | None], since: str) -> str:
    known = [delay for delay in delays if delay is not None]
    if len(known) == 1:
        return f", {in_words(known[0])} after {since}"
    return f", {in_words(median(known))} (median), {in_words(max(known))} (most) after {since}" if known else ""


def _figure(console: Console, name: str, text: str) -> None:
    """In a terminal broken between words, beside its name; elsewhere in one line."""
    if not console.is_terminal:
        console.print(f"{name:12} {text}", markup=False, soft_wrap=True)
        return
    figure = Table.grid(padding=(0, 1, 0, 0))
    figure.add_column(width=12)
    figure.add_column()
    figure.add_row(name, Text(text))
    console.print(figure)


def invite(console: Console, stage: Stage) -> None:
    play, call, dial = (f"{phonegame_command()} {name}" for name in ("play", "call", "dial"))
    if stage.server != DEFAULT_SERVER:
        play, call = f"{play} {stage.game_url}", f"{call} {stage.webhook_url}"
        dial = f"{dial} --server http://{stage.server}"
    console.print("\nIt all stays up until you press Ctrl-C.")
    console.print("A game in the browser, with a phone beside it:\n")
    _command(console, stage.page_url)
    console.print("\nOr, in a second terminal, in this folder, a game of your own:\n")
    _command(console, play)
    console.print("\nand in a third one a phone, which says the code that this game shows (here 42):\n")
    _command(console, f'{call} --say "forty two" --pause 2 --say "{EXPECTED[1]}"')
    console.print("\nor, once that call is over, have the game's player rung up:\n")
    _command(console, f"{dial} {PLAYER} --code 42")
    console.print("\nWhat you type into the game is spoken on the phone; who was rung up answers it once.")
    console.print("What becomes of a call that is placed is shown here.")
    console.print("The local speech service understands numbers and what it is told to expect:\n")
    for sentence in EXPECTED:
        _say(console, sentence)


def _show_happening(console: Console, happening: Happening) -> None:
    console.print(f"  {happening.number}  {happening.text}", style="dim", markup=False, soft_wrap=True)


def _say(console: Console, text: str) -> None:
    console.print(f"  {text}", markup=False, soft_wrap=True)


def _command(console: Console, text: str) -> None:
    """Not indented, so that it fits into a line: it is to be copied."""
    console.print(text, style="bold", markup=False, soft_wrap=True)
