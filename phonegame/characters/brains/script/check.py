"""Faults that lie between the parts of a script: states that lead nowhere, variables that nothing is ever put into."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from phonegame.characters.brains.script.faults import Faults, suggestion
from phonegame.characters.brains.script.model import Do, Reaction, Rule, Say, Script, State
from phonegame.characters.brains.script.pattern import slots_of
from phonegame.characters.brains.script.template import Template
from phonegame.characters.persona import Action

OWN_VARIABLES = frozenset(("heard", "calls", "direction", "visits", "result"))
"""Kept by the character itself: see the format's description."""


def check_script(script: Script, actions: Iterable[Action] | None, faults: Faults) -> None:
    """`actions`: those that are declared; None where that is not known."""
    _check_ways(script, faults)
    _check_variables(script, faults)
    _check_loops(script, faults)
    _check_rules(script, faults)
    if actions is not None:
        declared = {action.name: action for action in actions}
        for reaction in script.all():
            if reaction.do:
                _check_action(reaction.do, declared, reaction.place, faults)


def _check_ways(script: Script, faults: Faults) -> None:
    if script.states and script.start not in script.states:
        faults.add("start", f"there is no state {script.start!r}; {suggestion(script.start, script.states)}")
    for reaction in script.all():
        if reaction.go is not None and reaction.go not in script.states:
            faults.add(
                f"{reaction.place}, go", f"there is no state {reaction.go!r}; {suggestion(reaction.go, script.states)}"
            )
    if script.start in script.states:
        reached = _reached(script)
        for name in script.states:
            if name not in reached:
                faults.warn(f"state {name}", "nothing leads here")
    for state in script.states.values():
        if not _leads_on(state) and not script.anywhere:
            faults.warn(f"state {state.name}", "the call stays here for good; listen, go or hang_up is missing")


def _reached(script: Script) -> set[str]:
    start = [script.start, *_targets(reaction for each in script.of_no_state() for reaction in each.all())]
    reached: set[str] = set()
    waiting = [name for name in start if name in script.states]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [target for target in _targets(script.states[name].all()) if target in script.states]
    return reached


def _targets(reactions: Iterable[Reaction]) -> Iterator[str]:
    return (reaction.go for reaction in reactions if reaction.go is not None)


def _leads_on(state: State) -> bool:
    return bool(state.listen) or any(reaction.go or reaction.hang_up for reaction in state.all())


def _check_loops(script: Script, faults: Faults) -> None:
    """States that lead to each other without ever waiting for the caller."""
    known: set[str] = set()
    for name in script.states:
        way: list[str] = []
        here: str | None = name
        while here is not None and here in script.states and here not in known and here not in way:
            way.append(here)
            enter = script.states[here].enter
            here = None if enter.choose or enter.condition else enter.go
        if here is not None and here in way:
            circle = " -> ".join([*way[way.index(here) :], here])
            faults.add(f"state {here}", f"goes round in circles without listening: {circle}")
        known.update(way)


def _check_variables(script: Script, faults: Faults) -> None:
    known = set(script.variables) | OWN_VARIABLES | set(_filled(script))
    for name in sorted(known & OWN_VARIABLES & (set(script.variables) | set(_filled(script)))):
        faults.add("", f"{name!r} is a variable that the character keeps itself; choose another name")
    lists = {f"lists.{name}" for name in script.lists}
    told: set[tuple[str, str]] = set()
    for place, name in _read(script):
        if name in known or name in lists or (place, name) in told:
            continue
        told.add((place, name))
        what = "list" if name.startswith("lists.") else "variable"
        hint = suggestion(name, lists if what == "list" else known)
        faults.add(place, f"there is no {what} {name!r}; {hint}")


def _filled(script: Script) -> Iterator[str]:
    """Variables that something is put into."""
    for reaction in script.all():
        for name, _ in (*reaction.sets, *reaction.adds, *reaction.appends):
            yield name
    for rule in _rules(script):
        for pattern in (*rule.hear, *rule.also):
            yield from (slot.name for slot in slots_of(pattern))


def _read(script: Script) -> Iterator[tuple[str, str]]:
    """(place, variable) wherever one is used."""
    for reaction in script.all():
        place = reaction.place
        if reaction.condition:
            yield from ((f"{place}, if", name) for name in reaction.condition.names)
        for key, pairs in (("set", reaction.sets), ("add", reaction.adds), ("append", reaction.appends)):
            yield from ((f"{place}, {key}", name) for _, value in pairs for name in _names(value))
        yield from _read_in_say(reaction.say)
        if reaction.do:
            yield from ((f"{place}, with", name) for name in _names(reaction.do.arguments))
    yield from _read_in_say(script.welcome_back)
    yield from (("variables", name) for name in _names(script.variables))


def _read_in_say(say: Say | None) -> Iterator[tuple[str, str]]:
    for line in say.lines if say else ():
        names = line.text.names | (line.condition.names if line.condition else frozenset())
        yield from ((say.place, name) for name in sorted(names) if say)


def _names(value: Any) -> Iterator[str]:
    match value:
        case Template():
            yield from sorted(value.names)
        case Mapping():
            for inner in value.values():
                yield from _names(inner)
        case list():
            for inner in value:
                yield from _names(inner)
        case _:
            pass


def _rules(script: Script) -> Iterator[Rule]:
    for state in script.states.values():
        yield from state.listen
    yield from script.anywhere


def _check_rules(script: Script, faults: Faults) -> None:
    """A phrase that an earlier rule of the same state has taken already."""
    for rules in (*(state.listen for state in script.states.values()), script.anywhere):
        taken: set[str] = set()
        for rule in rules:
            for pattern in rule.hear:
                if pattern.text in taken:
                    faults.warn(f"{rule.reaction.place}, hear", f"an earlier rule listens for {pattern.text!r} already")
            if rule.reaction.condition is None:
                taken |= {pattern.text for pattern in rule.hear}


def _check_action(do: Do, declared: Mapping[str, Action], place: str, faults: Faults) -> None:
    action = declared.get(do.action)
    if action is None:
        hint = suggestion(do.action, declared) if declared else "declare it: [[actions]]"
        faults.add(f"{place}, do", f"there is no action {do.action!r}; {hint}")
        return
    properties = action.parameters.get("properties")
    known = properties if isinstance(properties, dict) else {}
    for name in do.arguments:
        if name not in known and action.parameters.get("additionalProperties") is not True:
            hint = suggestion(name, known) if known else "it takes none"
            faults.add(f"{place}, with", f"{do.action} has no parameter {name!r}; {hint}")
    required = action.parameters.get("required")
    for name in required if isinstance(required, list) else ():
        if name not in do.arguments:
            faults.add(f"{place}, with", f"{do.action} needs {name!r}")
