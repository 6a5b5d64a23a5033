"""Requests, and what comes of them."""

from __future__ import annotations

from collections.abc import Sequence

from phonegame.characters.brain import Brain, Piece, Request, Text
from phonegame.characters.entries import CallBegan, CallerSaid, Entry
from phonegame.characters.persona import HANG_UP, Action, Persona

ACTIONS = (
    Action(name="bake", parameters={"properties": {"size": {"type": "integer"}}, "required": ["size"]}),
    Action(name=HANG_UP),
)
PERSONA = Persona(name="Luigi", persona="You bake pizzas.", actions=ACTIONS[:1])


def request_of(*entries: Entry | str, actions: Sequence[Action] = ACTIONS) -> Request:
    """Texts are what the caller said."""
    told = [CallerSaid(entry) if isinstance(entry, str) else entry for entry in entries]
    return Request(PERSONA, [CallBegan(), *told], actions, max_tokens=50)


async def ask(brain: Brain, *entries: Entry | str) -> list[Piece]:
    """The whole reply."""
    async with brain.open() as mind, mind.think(request_of(*entries)) as pieces:
        return [piece async for piece in pieces]


def text_of(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, Text))
