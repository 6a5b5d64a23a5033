"""A script, read and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from phonegame.characters.brains.script.expression import Expression
from phonegame.characters.brains.script.pattern import Lists, Pattern
from phonegame.characters.brains.script.template import Template

Order = Literal["random", "in_order", "cycle"]
CallingAgain = Literal["afresh", "remember", "resume"]

Value = Template | int | float | bool | Mapping[str, Any] | list[Any]
"""What is put into a variable, or an action's argument; templates may lie deeper."""


@dataclass(frozen=True, slots=True)
class Line:
    text: Template
    weight: float = 1.0
    condition: Expression | None = None


@dataclass(frozen=True, slots=True)
class Say:
    """One of its lines is said."""

    place: str
    """Which `say` it is: what was said last is remembered by it."""
    lines: tuple[Line, ...]
    order: Order = "random"


@dataclass(frozen=True, slots=True)
class Do:
    """An action, and what follows when its result comes."""

    action: str
    arguments: Mapping[str, Any]
    done: Reaction | None = None
    failed: Reaction | None = None


@dataclass(frozen=True, slots=True)
class Reaction:
    """What the character does about something, in this order."""

    place: str
    condition: Expression | None = None
    """Without it holding, the reaction is passed over."""
    sets: tuple[tuple[str, Any], ...] = ()
    adds: tuple[tuple[str, Any], ...] = ()
    appends: tuple[tuple[str, Any], ...] = ()
    say: Say | None = None
    repeat: bool = False
    """Say the last reply again."""
    do: Do | None = None
    choose: tuple[Reaction, ...] = ()
    """The first whose condition holds."""
    ask_again: bool = False
    """Say what the present state says, again."""
    go: str | None = None
    hang_up: bool = False

    def all(self) -> Iterator[Reaction]:
        """It, and those within it."""
        yield self
        inner = (*self.choose, *((self.do.done, self.do.failed) if self.do else ()))
        for reaction in inner:
            if reaction is not None:
                yield from reaction.all()


@dataclass(frozen=True, slots=True)
class Rule:
    hear: tuple[Pattern, ...]
    also: tuple[Pattern, ...]
    """Looked for in the same words, each by itself, once the rule has been found."""
    reaction: Reaction


@dataclass(frozen=True, slots=True)
class Reactions:
    """What is done in a state, or anywhere, about a caller who is not understood, or silent: each time the next."""

    misunderstood: tuple[Reaction, ...] = ()
    silence: tuple[Reaction, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    name: str
    enter: Reaction
    listen: tuple[Rule, ...] = ()
    reactions: Reactions = Reactions()

    def all(self) -> Iterator[Reaction]:
        """Every reaction in it."""
        outer = (self.enter, *(rule.reaction for rule in self.listen))
        for reaction in (*outer, *self.reactions.misunderstood, *self.reactions.silence):
            yield from reaction.all()


@dataclass(frozen=True, slots=True)
class Script:
    start: str
    states: Mapping[str, State]
    anywhere: tuple[Rule, ...] = ()
    reactions: Reactions = Reactions()
    variables: Mapping[str, Any] = field(default_factory=dict)
    lists: Lists = field(default_factory=dict)
    calling_again: CallingAgain = "afresh"
    welcome_back: Say | None = None
    known: frozenset[str] = frozenset()
    """Every word that is listened for, as it is compared."""

    @property
    def asks_the_silent(self) -> bool:
        """Whether it says itself what is said to a caller who is silent."""
        return bool(self.reactions.silence) or any(state.reactions.silence for state in self.states.values())

    def all(self) -> Iterator[Reaction]:
        for state in self.states.values():
            yield from state.all()
        for reaction in self.of_no_state():
            yield from reaction.all()

    def of_no_state(self) -> Iterator[Reaction]:
        yield from (rule.reaction for rule in self.anywhere)
        yield from self.reactions.misunderstood
        yield from self.reactions.silence
