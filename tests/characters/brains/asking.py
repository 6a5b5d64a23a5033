"""Requests, and what comes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from phonegame.characters.brain import Brain, Piece, Request, Text
from phonegame.characters.entries import CallBegan, CallerSaid, Entry
from phonegame.characters.persona import Action, Persona
from tests.characters.brains.play import ACTIONS, PERSONA


def request_of(
    *entries: Entry | str,
    persona: Persona = PERSONA,
    actions: Sequence[Action] = ACTIONS,
    sent: Callable[[], None] = lambda: None,
) -> Request:
    """Texts are what the caller said."""
    told = [CallerSaid(entry) if isinstance(entry, str) else entry for entry in entries]
    return Request(persona, [CallBegan(), *told], actions, max_tokens=50, sent=sent)


async def ask(brain: Brain, *entries: Entry | str, persona: Persona = PERSONA) -> list[Piece]:
    """The whole reply."""
    async with brain.open() as mind, mind.think(request_of(*entries, persona=persona)) as pieces:
        return [piece async for piece in pieces]


def text_of(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, Text))
