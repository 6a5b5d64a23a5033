"""A conversation with a character at the terminal: what is typed is what the caller says."""

from __future__ import annotations

import trio
from rich.console import Console
from rich.text import Text as Line

from phonegame.characters.actions import Actions, Refusal
from phonegame.characters.brain import ActionCall, Brain, BrainError, Mind, Request, Text, Usage
from phonegame.characters.entries import (
    ActionAsked,
    ActionDone,
    CallBegan,
    CallerSaid,
    CallerSilent,
    CharacterSaid,
    Entry,
)
from phonegame.characters.files import CharacterFiles
from phonegame.characters.persona import HANG_UP, Persona
from phonegame.local.typed_lines import RawInput, TypedLines
from phonegame.stop_signals import cancel_on_stop

MAX_TOKENS = 300
MAX_ENTRIES = 200


class Stage:
    """The terminal: who says what."""

    def __init__(self, console: Console, typed: RawInput | None) -> None:
        self._console = console
        self._typed = TypedLines(typed) if typed is not None else None

    def show(self, who: str, text: str, style: str) -> None:
        self._console.print(Line.assemble((f"{who:>10}  ", "dim"), (_printable(text), style)), soft_wrap=True)

    async def hear(self, prompt: str) -> str | None:
        """What is typed; None at the end of the input."""
        if self._console.is_terminal:
            self._console.print(Line(f"{prompt:>10}  ", "dim"), end="")
        if self._typed is None:
            await trio.lowlevel.checkpoint()
            return None
        return await self._typed.receive()


async def talk_until_stopped(files: CharacterFiles, persona: Persona, brain: Brain, stage: Stage) -> None:
    """Until the character hangs up, the input ends, or a signal to stop."""
    async with brain.open() as mind, trio.open_nursery() as nursery:
        await nursery.start(cancel_on_stop, nursery.cancel_scope)
        await _Talk(files, persona, mind, stage).run()
        nursery.cancel_scope.cancel()


class _Talk:
    def __init__(self, files: CharacterFiles, persona: Persona, mind: Mind, stage: Stage) -> None:
        self._files = files
        self._persona = persona
        self._mind = mind
        self._stage = stage
        self._entries: list[Entry] = [CallBegan()]
        self._hung_up = False

    async def run(self) -> None:
        if self._persona.greeting:
            self._say(self._persona.greeting)
        else:
            await self._reply()
        while not self._hung_up and (line := await self._stage.hear("you")) is not None:
            self._persona = await self._files.newest(self._persona)
            self._entries.append(CallerSaid(line) if line else CallerSilent(self._persona.silence_seconds))
            await self._reply()

    async def _reply(self) -> None:
        """And what follows from the actions that it asks for."""
        waiting = await self._think()
        while waiting and not self._hung_up:
            self._entries.append(await self._carry_out(waiting.pop(0)))
            waiting += await self._think()

    async def _think(self) -> list[ActionCall]:
        del self._entries[:-MAX_ENTRIES]
        request = Request(self._persona, self._entries, Actions(self._persona.actions).all, MAX_TOKENS)
        text, asked = "", list[ActionCall]()
        try:
            async with self._mind.think(request) as pieces:
                async for piece in pieces:
                    match piece:
                        case Text(more):
                            text += more
                        case ActionCall():
                            asked.append(piece)
                        case Usage():
                            pass
        except BrainError as error:
            self._stage.show("error", str(error), "red")
        if text:
            self._say(text)
        return [call for call in asked if not self._ends(call)]

    def _say(self, text: str) -> None:
        self._entries.append(CharacterSaid(text))
        self._stage.show("character", text, "cyan")

    def _ends(self, call: ActionCall) -> bool:
        if call.name != HANG_UP:
            return False
        self._hung_up = True
        self._stage.show("", "It has hung up.", "dim")
        return True

    async def _carry_out(self, call: ActionCall) -> ActionDone:
        """What the server refuses without asking the game is refused here, too."""
        self._stage.show("action", f"{call.name} {call.arguments}", "bold magenta")
        checked = Actions(self._persona.actions).check(call)
        self._entries.append(ActionAsked(call.action_id, call.name, checked.arguments))
        if isinstance(checked, Refusal):
            self._stage.show("refused", checked.why, "red")
            return ActionDone(call.action_id, f"refused: {checked.why}", failed=True)
        told = await self._stage.hear("result") or ""
        first, _, why = told.partition(" ")
        if first.lower().rstrip(":,.") == "no":
            return ActionDone(call.action_id, why or "refused", failed=True)
        return ActionDone(call.action_id, told or "done")


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())
