"""From TOML to a script, part by part; check.py finds the faults that lie between the parts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, get_args

from phonegame.characters.brains.script.faults import Faults
from phonegame.characters.brains.script.model import (
    CallingAgain,
    Reactions,
    Rule,
    Script,
    State,
)
from phonegame.characters.brains.script.pattern import KINDS, Item, Literal, Pattern, nodes, parse_pattern, slots_of
from phonegame.characters.brains.script.read_reaction import read_choices, read_reaction, read_say
from phonegame.characters.brains.script.tables import Table, attempt, read_value
from phonegame.characters.persona import MAX_SCRIPT_LENGTH, Persona

MAX_STATES = 500
MAX_RULES = 200
"""Of one state: each is tried on what is said."""
MAX_ITEMS = 500

OF_SCRIPT = frozenset(
    ("states", "start", "anywhere", "else", "silence", "variables", "lists", "calling_again", "welcome_back")
)
"""A file with one of these has a script."""
_OF_CHARACTER = tuple(name for name in Persona.__struct_fields__ if name != "script")
"""The file of a character is its script, too."""


def parse_toml(text: str, faults: Faults) -> dict[str, Any] | None:
    """Never raises."""
    if len(text) > MAX_SCRIPT_LENGTH:
        faults.add("", f"has {len(text)} characters, and may have {MAX_SCRIPT_LENGTH}")
        return None
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        faults.add("", f"is no TOML: {error}")
        return None


def read_tables(content: Mapping[str, Any], faults: Faults) -> Script:
    """What cannot be used is left out of the script, and in the faults."""
    return _Reader(Table(content, "", faults)).script()


def _plain(item: str) -> str:
    """Of "mushroom[s] | funghi": mushroom."""
    first = re.sub(r"\[[^\]]*\]|[()]", "", item.partition("|")[0])
    return " ".join(first.split())


class _Reader:
    def __init__(self, top: Table) -> None:
        self._top = top
        self._faults = top.faults
        self._words: set[str] = set()
        self._lists: dict[str, tuple[Item, ...]] = {}

    def script(self) -> Script:
        top = self._top
        self._lists = dict(self._read_lists())
        states = dict(self._read_states())
        if not states:
            top.fault("states", "there are none; a script has at least one: [states.hello]")
        script = Script(
            start=top.take("start", str) or next(iter(states), ""),
            states=states,
            anywhere=tuple(self._rules(top, "anywhere", "anywhere, rule")),
            reactions=self._reactions(top),
            variables=dict(self._read_variables()),
            lists=self._lists,
            calling_again=self._calling_again(),
            welcome_back=read_say(top, "welcome_back"),
            known=frozenset(self._words),
        )
        top.finish(*_OF_CHARACTER)
        return script

    def _calling_again(self) -> CallingAgain:
        given = self._top.take("calling_again", str) or "afresh"
        for known in get_args(CallingAgain):
            if given == known:
                return known  # type: ignore[no-any-return]
        self._top.fault("calling_again", f"must be one of: {', '.join(get_args(CallingAgain))}")
        return "afresh"

    def _read_variables(self) -> Iterator[tuple[str, Any]]:
        table = self._top.table("variables")
        for key in table.content if table else ():
            assert table is not None
            if name := table.name(key):
                yield name, read_value(table.raw(key), table.at(key), self._faults)

    def _read_lists(self) -> Iterator[tuple[str, tuple[Item, ...]]]:
        table = self._top.table("lists")
        for key in table.content if table else ():
            assert table is not None
            items = tuple(self._items(table, key))
            if not items:
                table.fault(key, "is empty")
            elif key in KINDS:
                table.fault(key, f"cannot be called so: {', '.join(sorted(KINDS))} are kinds of slots already")
            elif table.name(key):
                yield key, items[:MAX_ITEMS]

    def _items(self, table: Table, key: str) -> Iterator[Item]:
        """ "pepperoni | salami" is pepperoni, however it is said; or { value = 3, hear = "..." }."""
        given = table.list_of(key)
        if len(given) > MAX_ITEMS:
            table.fault(key, f"has {len(given)} entries, and may have {MAX_ITEMS}")
        for number, item in enumerate(given, start=1):
            place = f"{key} {number}"
            if isinstance(item, str):
                patterns = self._patterns([(table.at(place), item)])
                if patterns:
                    yield Item(_plain(item), patterns)
            elif not isinstance(item, dict):
                table.fault(place, 'must be text in quotes, or { value = ..., hear = "..." }')
            elif inner := table.inner(place, item):
                yield from self._item(inner)

    def _item(self, table: Table) -> Iterator[Item]:
        value = table.raw("value")
        patterns = self._patterns(table.texts("hear"))
        table.finish()
        if isinstance(value, bool) or not isinstance(value, str | int):
            table.fault("value", "must be text in quotes, or a whole number")
        elif not patterns:
            table.fault("hear", "is missing: what callers say for it")
        else:
            yield Item(value, patterns)

    def _patterns(self, texts: list[tuple[str, str]], *, in_list: bool = True) -> tuple[Pattern, ...]:
        parse = partial(parse_pattern, lists={} if in_list else self._lists)
        patterns = []
        for place, text in texts:
            pattern = attempt(parse, text, place, self._faults)
            if pattern is None:
                continue
            if in_list and slots_of(pattern):
                self._faults.add(place, "a list has no slots in it")
                continue
            patterns.append(pattern)
            self._words |= {node.key for node in nodes(pattern.root) if isinstance(node, Literal)}
        return tuple(patterns)

    def _read_states(self) -> Iterator[tuple[str, State]]:
        table = self._top.table("states")
        if table and len(table.content) > MAX_STATES:
            self._top.fault("states", f"there are {len(table.content)}, and may be {MAX_STATES}")
            return
        for key in table.content if table else ():
            assert table is not None
            value = table.take(key, dict)
            if value is not None and table.name(key) and (inner := table.inner(key, value, f"state {key}")):
                yield key, self._state(key, inner)

    def _state(self, name: str, table: Table) -> State:
        listen = tuple(self._rules(table, "listen", "rule"))
        reactions = self._reactions(table)
        return State(name, read_reaction(table, also_known=("listen", "else", "silence")), listen, reactions)

    def _reactions(self, table: Table) -> Reactions:
        return Reactions(read_choices(table, "else"), read_choices(table, "silence"))

    def _rules(self, table: Table, key: str, word: str) -> Iterator[Rule]:
        rules = list(table.tables(key, word))
        if len(rules) > MAX_RULES:
            table.fault(key, f"has {len(rules)} rules, and may have {MAX_RULES}")
        for rule in rules[:MAX_RULES]:
            given = rule.texts("hear")
            hear = self._patterns(given, in_list=False)
            if not given:
                rule.fault("hear", "is missing: the phrases to listen for")
            also = self._patterns(rule.texts("also"), in_list=False)
            yield Rule(hear, also, read_reaction(rule, also_known=("hear", "also")))
