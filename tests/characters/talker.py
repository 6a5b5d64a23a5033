"""A caller who talks with a brain: the bookkeeping that a conversation does, without its sounds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import msgspec

from phonegame.characters.brain import ActionCall, Mind, Piece, Request, Text, Usage
from phonegame.characters.entries import (
    ActionAsked,
    ActionDone,
    CallBegan,
    CallerSaid,
    CallerSilent,
    CharacterSaid,
    Entry,
)
from phonegame.characters.persona import HANG_UP, Action, Persona


class Talker:
    def __init__(self, mind: Mind, persona: Persona, actions: Sequence[Action] = ()) -> None:
        self.mind = mind
        self._request = Request(persona, (), actions, max_tokens=300)
        self.entries: list[Entry] = []
        self.asked: list[ActionCall] = []
        """Actions that have no result yet."""
        self.hung_up = False

    @property
    def script(self) -> str:
        return self._request.persona.script

    @script.setter
    def script(self, text: str) -> None:
        persona = msgspec.structs.replace(self._request.persona, script=text)
        self._request = replace(self._request, persona=persona)

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
        calls: list[ActionCall] = []
        for piece in await self.think(self.entries):
            match piece:
                case Text(more):
                    text += more
                case ActionCall():
                    calls.append(piece)
                case Usage():
                    pass
        if text:
            self.entries.append(CharacterSaid(text))
        self.entries += [ActionAsked(call.action_id, call.name, json.loads(call.arguments)) for call in calls]
        self.asked += [call for call in calls if call.name != HANG_UP]
        self.hung_up = self.hung_up or any(call.name == HANG_UP for call in calls)
        return text

    async def think(self, entries: Sequence[Entry]) -> list[Piece]:
        async with self.mind.think(self.request(*entries)) as pieces:
            return [piece async for piece in pieces]

    def request(self, *entries: Entry) -> Request:
        return replace(self._request, entries=entries)

    def arguments(self) -> Any:
        return json.loads(self.asked[0].arguments)
