"""What a brain is, and how one fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from phonegame.characters.entries import Entry
from phonegame.characters.persona import Action, Persona

# BrainError
# +-- BrainMissing   its library is not installed, or it has no key: says what to do
# +-- BrainRefused   the model's server does not do what it was asked for


class BrainError(Exception):
    """A brain could not think. The text says what is wrong and what to do: for the operator, and for the game.

    Never what was said, never a key, and nothing of what the model's server has sent but codes.
    """


class BrainMissing(BrainError):
    """It is not installed, or not set up."""


class BrainRefused(BrainError):
    """The model's server refuses: the key, the model's name, the account's credit, too many requests."""


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the reply, of any length; the pieces are joined as they are."""

    text: str


@dataclass(frozen=True, slots=True)
class ActionCall:
    """The character wants an action carried out. Not checked: the name may be unknown, the arguments anything."""

    action_id: str
    name: str
    arguments: str
    """JSON, if all is well."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What the reply has cost. Comes at the end, where it is known at all."""

    input_tokens: int
    output_tokens: int


Piece = Text | ActionCall | Usage


def _nobody_asks() -> None: ...


@dataclass(frozen=True, slots=True)
class Request:
    """What a brain is to answer."""

    persona: Persona
    entries: Sequence[Entry]
    """All that the brain may know of the conversation. The last one is what it is to answer, or react to."""
    actions: Sequence[Action]
    """The persona's, and the server's own (`HANG_UP`)."""
    max_tokens: int
    """Of the reply."""
    sent: Callable[[], None] = field(default=_nobody_asks, compare=False, repr=False)
    """A brain that asks somebody else calls it whenever its request leaves, so that its share can be told from ours."""


class Mind(Protocol):
    """A brain, for one conversation."""

    def think(self, request: Request) -> AbstractAsyncContextManager[AsyncIterator[Piece]]:
        """A reply, piece by piece as it is made; leaving the block stops it at once, and the request to the model.

        Raises `BrainError`, on entering or later, and nothing else. No time limits in here: they are the caller's.
        Nothing is asked twice.
        """

    @property
    def state(self) -> Any:
        """What it needs to go on in another call, as JSON can hold it; None for nothing but the entries."""


class Brain(Protocol):
    """Decides what a character says."""

    @property
    def name(self) -> str:
        """For logs: `script`, `openai:gpt-4.1-mini`, ..."""

    def open(self, state: Any = None) -> AbstractAsyncContextManager[Mind]:
        """`state`: of an earlier conversation with the same caller; one that it cannot use is as good as none."""
