"""How far a conversation has come in its script: all that a character remembers, as JSON can hold it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import msgspec

from phonegame.characters.brains.script.expression import are_equal
from phonegame.characters.brains.script.model import Script
from phonegame.characters.brains.script.template import Template

MAX_ENTRIES = 100
"""Of a list that `append` fills; the oldest go."""


class Progress(msgspec.Struct):
    state: str = ""
    variables: dict[str, Any] = {}
    visits: dict[str, int] = {}
    said: dict[str, int] = {}
    """Which line of each `say` was the last one."""
    misunderstood: int = 0
    """Times in a row."""
    silent: int = 0
    calls: int = 0
    direction: str = "incoming"
    ended: bool = False
    """The character has hung up: the conversation has come to its end."""
    last: str = ""
    """The reply before, for "repeat that"."""

    def copy(self) -> Progress:
        return copy.deepcopy(self)

    def as_json(self) -> Any:
        return msgspec.to_builtins(self)

    def begin_call(self, script: Script, direction: str) -> bool:
        """Whether it goes on where the call before broke off."""
        again = self.calls > 0
        resumes = again and script.calling_again == "resume" and not self.ended and self.state in script.states
        if not again or script.calling_again == "afresh":
            self.variables, self.visits = {}, {}
        if not resumes:
            self.state = script.start
        self.calls += 1
        self.misunderstood = self.silent = 0
        self.direction, self.ended = direction, False
        self.fit(script)
        return resumes

    def fit(self, script: Script) -> None:
        """The script may be another one than before: its file has been changed."""
        if self.state not in script.states:
            self.state = script.start
        for name, value in script.variables.items():
            if name not in self.variables:
                self.variables[name] = filled(value, self.variables)

    def scope(self, script: Script, heard: str, result: Any) -> dict[str, Any]:
        """All that a text or a condition can name."""
        return {
            **self.variables,
            "lists": {name: [item.value for item in items] for name, items in script.lists.items()},
            "heard": heard,
            "calls": self.calls,
            "direction": self.direction,
            "visits": self.visits.get(self.state, 0),
            "result": result,
        }

    def append(self, name: str, value: Any) -> None:
        """One entry, or each of a list."""
        before = self.variables.get(name, [])
        entries = before if isinstance(before, list) else [before] if not are_equal(before, "") else []
        more = value if isinstance(value, list) else [value]
        self.variables[name] = [*entries, *more][-MAX_ENTRIES:]


def from_json(state: Any) -> Progress:
    """Of an earlier conversation; whatever cannot be used is as good as none. Never raises."""
    try:
        return msgspec.convert(state, Progress)
    except msgspec.ValidationError:
        return Progress()


def filled(value: Any, variables: Mapping[str, Any]) -> Any:
    """A value of the script with its templates filled."""
    match value:
        case Template():
            return value.value(variables)
        case list():
            return [filled(each, variables) for each in value]
        case dict():
            return {name: filled(each, variables) for name, each in value.items()}
        case _:
            return value
