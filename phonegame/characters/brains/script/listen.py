"""Which rule of a script is meant by what a caller says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from phonegame.characters.brains.script.match import Heard, Slots, Value, find
from phonegame.characters.brains.script.model import Rule, Script
from phonegame.characters.brains.script.progress import Progress


@dataclass(frozen=True, slots=True)
class Found:
    rule: Rule
    slots: Slots


def find_rule(script: Script, progress: Progress, heard: Heard) -> Found | None:
    """The first that fits, of three groups in this order; within each, the state's own rules before those of anywhere.

    1. Exactly. 2. With slips of the recogniser. 3. Patterns that fit nearly everything, such as {name:text}.

    A condition sees what was said in the slots.
    """
    for slips, is_open in ((False, False), (True, False), (False, True)):
        for rule in (*script.states[progress.state].listen, *script.anywhere):
            for slots in _fits(rule, script, heard, slips, is_open):
                every = {**_also(rule, script, heard), **slots}
                condition = rule.reaction.condition
                if condition is None or condition.holds(_scope(script, progress, heard, every)):
                    return Found(rule, every)
    return None


def _fits(rule: Rule, script: Script, heard: Heard, slips: bool, is_open: bool) -> Iterator[Slots]:
    for pattern in rule.hear:
        if pattern.is_open == is_open:
            slots = find(pattern, heard, script.lists, script.known, slips=slips)
            if slots is not None:
                yield slots


def _also(rule: Rule, script: Script, heard: Heard) -> Slots:
    slots: dict[str, Value] = {}
    for pattern in rule.also:
        for with_slips in (False, True):
            found = find(pattern, heard, script.lists, script.known, slips=with_slips)
            if found is not None:
                slots |= found
                break
    return slots


def _scope(script: Script, progress: Progress, heard: Heard, slots: Slots) -> dict[str, Any]:
    return {**progress.scope(script, heard.text.strip(), ""), **slots}
