"""A caller who talks with a script: the bookkeeping that a conversation does, without its sounds."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

from phonegame.characters.brain import ActionCall, Mind, Piece, Request, Text
from phonegame.characters.brains.script.brain import ScriptBrain
from phonegame.characters.brains.script.mind import ScriptMind
from phonegame.characters.entries import (
    ActionAsked,
    ActionDone,
    CallBegan,
    CallerSaid,
    CallerSilent,
    CharacterSaid,
    Entry,
)
from phonegame.characters.persona import HANG_UP, Persona


class Talker:
    def __init__(self, mind: Mind, script: str) -> None:
        self.mind = mind
        self.script = script
        self.entries: list[Entry] = []
        self.asked: list[ActionCall] = []
        self.hung_up = False

    async def call(self, direction: Literal["incoming", "outgoing"] = "incoming") -> str:
        return await self.hear_answer(CallBegan(direction))

    async def say(self, text: str) -> str:
        return await self.hear_answer(CallerSaid(text))

    async def wait(self) -> str:
        return await self.hear_answer(CallerSilent(10))

    async def answer(self, result: Any, *, failed: bool = False) -> str:
        """To the action that was asked for first of those that wait."""
        call = self.asked.pop(0)
        text = result if isinstance(result, str) else json.dumps(result)
        return await self.hear_answer(ActionDone(call.action_id, text, failed))

    async def hear_answer(self, entry: Entry) -> str:
        text = ""
        self.entries.append(entry)
        for piece in await self.think(self.entries):
            match piece:
                case Text(more):
                    text += more
                case ActionCall(name=name) if name == HANG_UP:
                    self.hung_up = True
                case ActionCall():
                    self.asked.append(piece)
                    self.entries.append(ActionAsked(piece.action_id, piece.name, json.loads(piece.arguments)))
                case _:
                    raise AssertionError(piece)
        if text:
            self.entries.append(CharacterSaid(text))
        return text

    async def think(self, entries: Sequence[Entry]) -> list[Piece]:
        request = Request(Persona(name="Test", script=self.script), list(entries), (), 300)
        async with self.mind.think(request) as pieces:
            return [piece async for piece in pieces]

    def arguments(self) -> Any:
        return json.loads(self.asked[0].arguments)


@asynccontextmanager
async def talker(script: str, state: Any = None, seed: int = 1) -> AsyncGenerator[Talker, None]:
    async with ScriptBrain(seed).open(state) as mind:
        assert isinstance(mind, ScriptMind)
        yield Talker(mind, script)
