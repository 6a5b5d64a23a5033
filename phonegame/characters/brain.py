"""What a brain is, and how one fails: the contract that tests/characters/brains/test_suite.py has every brain keep."""

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
    """A piece of the reply, of any length, the whole of it too; the pieces are joined as they are."""

    text: str
    """Such as can be encoded, here and in all entries."""


@dataclass(frozen=True, slots=True)
class ActionCall:
    """The character wants an action carried out. Not checked: the name may be unknown, the arguments anything."""

    action_id: str
    """The brain's own: the result comes under it, maybe later, maybe never. No other action has it, in no call."""
    name: str
    arguments: str
    """JSON, if all is well."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What the reply has cost. Comes last, where it is known at all; a script costs nothing, and says nothing of it."""

    input_tokens: int
    output_tokens: int


Piece = Text | ActionCall | Usage


def _nobody_asks() -> None: ...


@dataclass(frozen=True, slots=True)
class Request:
    """What a brain is to answer."""

    persona: Persona
    """May be another one than in the request before: its file has changed."""
    entries: Sequence[Entry]
    """All that the brain may know of the conversation. The last one is what it is to answer, or react to: a call that
    has begun, too, which the character may have been greeted in already, by somebody else.
    """
    actions: Sequence[Action]
    """The persona's, and the server's own (`HANG_UP`). Results of others, from earlier calls, may be in the entries."""
    max_tokens: int
    """Of the reply, where it is made for this request; what a script has is as long as it was written."""
    sent: Callable[[], None] = field(default=_nobody_asks, compare=False, repr=False)
    """A brain that asks somebody else calls it whenever its request leaves, so that its share can be told from ours."""


class Mind(Protocol):
    """A brain, for one conversation: one thought at a time."""

    def think(self, request: Request) -> AbstractAsyncContextManager[AsyncIterator[Piece]]:
        """A reply, piece by piece as it is made; leaving the block stops it at once, and the request to the model.

        The entries say what counts: a reply that has been left before its end, or that the entries of the next request
        know nothing of, has never been, and a goodbye (`HANG_UP`) whose result is a failure was none.

        Each piece is waited for at a checkpoint: who has been cancelled gets no further one. Raises `BrainError`, on
        entering or later, and nothing else; it can be asked again then. No time limits in here: they are the caller's.
        Nothing is asked twice.
        """

    @property
    def state(self) -> Any:
        """What it needs to go on in another call, as JSON can hold it; None for nothing but the entries.

        A mind without a state is also asked about what may never be said.
        """


class Brain(Protocol):
    """Decides what a character says. One for all conversations, which hold up one another in nothing."""

    @property
    def name(self) -> str:
        """For logs: `script`, `openai:gpt-4.1-mini`, ..."""

    def open(self, state: Any = None) -> AbstractAsyncContextManager[Mind]:
        """`state`: of an earlier conversation with the same caller; one that it cannot use is as good as none."""
