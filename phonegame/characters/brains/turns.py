"""Entries as turns, in the one order that all models take: ours and theirs alternate, a call has its results behind it.

What is no speech stands in parentheses in the caller's turns; see phone_rules.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from phonegame.characters.entries import (
    ActionAsked,
    ActionDone,
    CallBegan,
    CallerSaid,
    CallerSilent,
    CharacterSaid,
    Entry,
    Summary,
)

PENDING = "Not done yet. You will be told when it is."


@dataclass(frozen=True, slots=True)
class Call:
    """`id` and `name` are such as every model takes."""

    id: str
    name: str
    arguments: dict[str, Any]


@dataclass(slots=True)
class Result:
    id: str
    text: str = PENDING
    failed: bool = False


@dataclass(slots=True)
class Theirs:
    """What the caller said, and what happened."""

    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


@dataclass(slots=True)
class Ours:
    """What the character said, and what it wanted done, one of them at least; and what has become of each call."""

    texts: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(self.texts)


Turn = Theirs | Ours


def turns_of(entries: Sequence[Entry], *, with_calls: bool = True) -> list[Turn]:
    """Begins with one of theirs, and ends with one, or with results; two of ours may follow one another.

    `with_calls` False: actions become words, for a model without tools.
    """
    table = _Table(with_calls)
    for entry in entries:
        table.add(entry)
    return table.finish()


class _Table:
    def __init__(self, with_calls: bool) -> None:
        self._with_calls = with_calls
        self._turns: list[Turn] = []
        self._names: dict[str, str] = {}
        """Of all actions that were asked for, by the id that the entries have."""
        self._open: dict[str, Result] = {}
        """Calls of ours behind which nothing has come yet: a result can still be put in its place."""
        self._count = 0
        self._is_cut_off = False
        """By nothing that has been heard since."""

    def add(self, entry: Entry) -> None:
        self._is_cut_off = isinstance(entry, CharacterSaid) and entry.cut_off
        match entry:
            case CallerSaid():
                # nobody can speak a parenthesis
                self._hear(entry.text.translate({ord("("): None, ord(")"): None}))
            case CharacterSaid():
                self._say(entry)
            case ActionAsked():
                self._ask(entry)
            case ActionDone():
                self._done(entry)
            case CallBegan() | CallerSilent() | Summary():
                self._hear(_note(entry))

    def finish(self) -> list[Turn]:
        if not self._turns or isinstance(self._turns[0], Ours):
            self._turns.insert(0, Theirs(texts=["(The conversation goes on.)"]))
        last = self._turns[-1]
        if self._is_cut_off:
            self._hear("(It was only noise, nobody has spoken: go on from there.)")
        elif isinstance(last, Ours) and not last.calls:
            self._hear("(It is your turn to speak.)")
        return self._turns

    def _hear(self, text: str) -> None:
        if text.strip():
            self._theirs().texts.append(text.strip())
            self._open.clear()

    def _say(self, entry: CharacterSaid) -> None:
        text = entry.text.strip()
        if text:
            self._ours().texts.append(text)
        if entry.cut_off:
            heard = "has heard only this much" if text else "has heard nothing of what you were about to say"
            self._hear(f"(You were interrupted there; the other person {heard}.)")

    def _ask(self, entry: ActionAsked) -> None:
        self._names[entry.action_id] = entry.name
        if not self._with_calls:
            self._hear(f"(You have asked for {_name(entry.name)}.)")
            return
        self._count += 1
        call = Call(f"call_{self._count}", _name(entry.name), entry.arguments)
        result = Result(call.id)
        turn = self._ours()
        turn.calls.append(call)
        turn.results.append(result)
        self._open[entry.action_id] = result

    def _done(self, entry: ActionDone) -> None:
        result = self._open.pop(entry.action_id, None)
        if result is not None:
            result.text, result.failed = entry.result or "done", entry.failed
            return
        # too late for its place, or asked for in entries that are not here any more
        name = _name(self._names.get(entry.action_id, "something"))
        outcome = "has failed" if entry.failed else "is done"
        self._hear(f"({name}, which you had asked for, {outcome}: {entry.result})")

    def _ours(self) -> Ours:
        turn = self._turns[-1] if self._turns else None
        if not isinstance(turn, Ours) or len(self._open) < len(turn.calls):
            # behind a result comes another turn
            self._turns.append(turn := Ours())
            self._open.clear()
        return turn

    def _theirs(self) -> Theirs:
        turn = self._turns[-1] if self._turns else None
        if not isinstance(turn, Theirs):
            self._turns.append(turn := Theirs())
        return turn


def _note(entry: CallBegan | CallerSilent | Summary) -> str:
    match entry:
        case CallBegan():
            began = "Your phone has rung, and you have answered" if entry.direction == "incoming" else _PICKED_UP
            at = f" It is {entry.at.replace('T', ' ')}." if entry.at else ""
            return f"({began}; you are connected.{at})"
        case CallerSilent():
            return f"(The other person has said nothing for {entry.seconds:.0f} seconds.)"
        case Summary():
            return f"(What went before, in short: {entry.text})"


_PICKED_UP = "You have called the other person, who has picked up"


def _name(name: str) -> str:
    """What the character made up may be no name at all, and would have the whole request refused."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)[:64] or "unknown"
