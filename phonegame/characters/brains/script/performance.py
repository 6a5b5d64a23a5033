"""One reply: a reaction of the script is carried out, and what follows from it, until it is the caller's turn again."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import structlog

from phonegame.characters.brain import ActionCall, Piece, Text
from phonegame.characters.brains.script.expression import bounded, number_in
from phonegame.characters.brains.script.model import Do, Line, Reaction, Say, Script
from phonegame.characters.brains.script.progress import Progress, filled
from phonegame.characters.persona import HANG_UP

MOST_STATES = 32
"""Entered in one reply; states that lead on to each other under conditions may go round in circles."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(slots=True)
class Performance:
    script: Script
    progress: Progress
    chance: random.Random
    action_id: Callable[[], str]
    heard: str = ""
    result: Any = ""
    pieces: list[Piece] = field(default_factory=list)
    asked: dict[str, Do] = field(default_factory=dict)
    """By the id of the action."""
    is_worth_repeating: bool = True
    """For "repeat that": a "sorry?" is not."""
    _entered: int = 0

    @property
    def scope(self) -> dict[str, Any]:
        return self.progress.scope(self.script, self.heard, self.result)

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces if isinstance(piece, Text))

    def holds(self, reaction: Reaction) -> bool:
        return reaction.condition is None or reaction.condition.holds(self.scope)

    def do(self, reaction: Reaction) -> bool:
        """Returns whether it has led elsewhere: then what stands behind it is not done."""
        self._assign(reaction)
        if reaction.say:
            self.say(reaction.say)
        if reaction.repeat:
            self.add_text(self.progress.last)
        if reaction.do:
            self._ask(reaction.do)
        for choice in reaction.choose:
            if self.holds(choice):
                if self.do(choice):
                    return True
                break
        if reaction.ask_again:
            self.ask_again()
        return self._leave(reaction)

    def _leave(self, reaction: Reaction) -> bool:
        if reaction.hang_up:
            self.progress.ended = True
            self.pieces.append(ActionCall(self.action_id(), HANG_UP, "{}"))
        elif reaction.go is not None:
            self.enter(reaction.go)
        return reaction.hang_up or reaction.go is not None

    def enter(self, name: str) -> None:
        self._entered += 1
        state = self.script.states.get(name)
        if state is None or self._entered > MOST_STATES:
            log.warning("the script stays where it is", state=name, entered=self._entered)
            return
        progress = self.progress
        progress.state = name
        progress.visits[name] = progress.visits.get(name, 0) + 1
        progress.misunderstood = progress.silent = 0
        if self.holds(state.enter):
            self.do(state.enter)

    def ask_again(self) -> None:
        """The question that the caller has yet to answer."""
        state = self.script.states.get(self.progress.state)
        if state and state.enter.say:
            self.say(state.enter.say)

    def say(self, say: Say) -> None:
        scope = self.scope
        possible = [at for at, line in enumerate(say.lines) if line.condition is None or line.condition.holds(scope)]
        if not possible:
            return
        chosen = self._choose(say, possible)
        self.progress.said[say.place] = chosen
        self.add_text(say.lines[chosen].text.text(scope))

    def _choose(self, say: Say, possible: list[int]) -> int:
        last = self.progress.said.get(say.place, -1)
        match say.order:
            case "random":
                others = [at for at in possible if at != last] or possible
                lines: list[Line] = [say.lines[at] for at in others]
                return self.chance.choices(others, [line.weight for line in lines])[0]
            case "in_order":
                return next((at for at in possible if at > last), possible[-1])
            case "cycle":
                return next((at for at in possible if at > last), possible[0])

    def add_text(self, text: str) -> None:
        text = " ".join(text.split())
        if text:
            self.pieces.append(Text(f" {text}" if self.text else text))

    def _assign(self, reaction: Reaction) -> None:
        variables = self.progress.variables
        for name, value in reaction.sets:
            variables[name] = filled(value, self.scope)
        for name, value in reaction.adds:
            variables[name] = bounded(number_in(variables.get(name, 0)) + number_in(filled(value, self.scope)))
        for name, value in reaction.appends:
            self.progress.append(name, filled(value, self.scope))

    def _ask(self, do: Do) -> None:
        arguments: Mapping[str, Any] = filled(do.arguments, self.scope)
        action_id = self.action_id()
        self.asked[action_id] = do
        self.pieces.append(ActionCall(action_id, do.action, msgspec.json.encode(arguments).decode()))
