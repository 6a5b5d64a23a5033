"""Where a conversation takes place, who is told of it, and how it may end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import trio

from phonegame.characters.budget import Limit, Purse
from phonegame.characters.entries import ActionAsked, CallBegan, CharacterSaid, Entry
from phonegame.characters.mouth import Stage
from phonegame.characters.persona import Persona
from phonegame.characters.timing import TurnTimes


class End(Enum):
    """Why a character is not there any more. The value is the reason that a game gets."""

    STOPPED = "stopped"
    REPLACED = "replaced"
    CALL_ENDED = "call_ended"
    HUNG_UP = "hung_up"
    CALLER_SILENT = "caller_silent"
    MACHINE = "machine"
    FAILED = "failed"
    TURNS = Limit.TURNS.value
    TOKENS = Limit.TOKENS.value
    MINUTES = Limit.MINUTES.value
    CHARACTERS = Limit.CHARACTERS.value
    DAY_TURNS = Limit.DAY_TURNS.value
    DAY_TOKENS = Limit.DAY_TOKENS.value
    DAY_MINUTES = Limit.DAY_MINUTES.value
    DAY_CHARACTERS = Limit.DAY_CHARACTERS.value


class Audience:
    """Who is told of what happens: nobody, unless a method is given its own meaning."""

    ask: Callable[[ActionAsked], None] | None = None
    """Asks for an action to be carried out; None: there is nobody who could."""

    def said(self, said: CharacterSaid) -> None:
        """As far as the caller has heard it."""

    def failed(self, code: str, why: str) -> None: ...

    def renewed(self, persona: Persona) -> None:
        """It comes from a file, which has changed."""

    def timed(self, times: TurnTimes) -> None:
        """The first sound of a reply is on its way."""


async def unchanged(persona: Persona, name: str = "") -> Persona:
    await trio.lowlevel.checkpoint()
    return persona


@dataclass(frozen=True)
class Setting:
    """Where a conversation takes place."""

    stage: Stage
    audience: Audience
    purse: Purse
    position: Callable[[], float]
    """Seconds of the call's audio so far."""
    farewells: Callable[[Limit], str]
    """What is said where a limit ends the conversation."""
    began: CallBegan
    remembered: Sequence[Entry] = ()
    state: Any = None
    """The brain's, of the conversation before."""
    max_tokens: int = 300
    """Of a reply."""
    sum_up: bool = True
    """Whether the brain may be asked to sum up what is long ago."""
    newest: Callable[[Persona], Awaitable[Persona]] = unchanged
    """Asked before each thought: what the file that the character comes from says by then."""
