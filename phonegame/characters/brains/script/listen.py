"""Which rule of a script is meant by what a caller says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from phonegame.characters.brains.script.match import Heard, Slots, Value, find
from phonegame.characters.brains.script.model import Rule, Script
from phonegame.characters.brains.script.pattern import Pattern
from phonegame.characters.brains.script.progress import Progress


@dataclass(frozen=True, slots=True)
class Found:
    rule: Rule
    slots: Slots


def find_rule(script: Script, progress: Progress, heard: Heard) -> Found | None:
    """The first that fits: the state's own, then those of anywhere; and behind all of them those with patterns that fit
    nearly everything, such as {name:text}.

    A condition sees what was said in the slots.
    """
    rules = (*script.states[progress.state].listen, *script.anywhere)
    for is_open in (False, True):
        for rule in rules:
            for pattern in rule.hear:
                slots = _find(pattern, script, heard) if pattern.is_open == is_open else None
                if slots is None:
                    continue
                every = {**_also(rule, script, heard), **slots}
                condition = rule.reaction.condition
                if condition is None or condition.holds(_scope(script, progress, heard, every)):
                    return Found(rule, every)
    return None


def _find(pattern: Pattern, script: Script, heard: Heard) -> Slots | None:
    """With slips of the recogniser only where it does not fit without."""
    slots = find(pattern, heard, script.lists, script.known)
    if slots is None and heard.may_have_slips(script.known):
        slots = find(pattern, heard, script.lists, script.known, slips=True)
    return slots


def _also(rule: Rule, script: Script, heard: Heard) -> Slots:
    slots: dict[str, Value] = {}
    for pattern in rule.also:
        slots |= _find(pattern, script, heard) or {}
    return slots


def _scope(script: Script, progress: Progress, heard: Heard, slots: Slots) -> dict[str, Any]:
    return {**progress.scope(script, heard.text.strip(), ""), **slots}
