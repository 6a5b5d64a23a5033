"""Reactions, and what is said in them: from tables of a TOML file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from phonegame.characters.brains.script.faults import suggestion
from phonegame.characters.brains.script.model import Do, Line, Order, Reaction, Say
from phonegame.characters.brains.script.tables import Table, attempt, read_value
from phonegame.characters.brains.script.template import parse_template
from phonegame.characters.persona import HANG_UP

_ORDERS: tuple[Order, ...] = ("random", "in_order", "cycle")
_WORD_FOR_ENTRY = 'must be text in quotes, or { text = "...", if = "...", weight = 2 }'


def read_reaction(table: Table, *, also_known: tuple[str, ...] = ()) -> Reaction:
    reaction = Reaction(
        place=table.place,
        condition=table.condition(),
        sets=_assignments(table, "set"),
        adds=_assignments(table, "add"),
        appends=_assignments(table, "append"),
        say=read_say(table, "say"),
        repeat=table.flag("repeat"),
        do=_do(table),
        choose=tuple(read_reaction(each) for each in table.tables("choose", "choose")),
        ask_again=table.flag("ask_again"),
        go=table.take("go", str),
        hang_up=table.flag("hang_up"),
    )
    if reaction.go is not None and reaction.hang_up:
        table.fault("go", "and hang_up exclude each other; a state that says goodbye can hang up itself")
    table.finish(*also_known)
    return reaction


def read_choices(table: Table, key: str) -> tuple[Reaction, ...]:
    """For `else` and `silence`: a text, or a list of texts and of tables, one for each time in a row."""
    value = table.raw(key)
    if value is None:
        return ()
    entries = value if isinstance(value, list) else [value]
    read = []
    for number, entry in enumerate(entries, start=1):
        place = f"{key} {number}" if isinstance(value, list) else key
        if isinstance(entry, str):
            entry = {"say": entry}
        if not isinstance(entry, dict):
            table.fault(place, 'must be text in quotes, or a table such as { say = "...", go = "..." }')
        elif inner := table.inner(place, entry):
            read.append(read_reaction(inner))
    if not entries:
        table.fault(key, "is empty")
    return tuple(read)


def _assignments(table: Table, key: str) -> tuple[tuple[str, Any], ...]:
    inner = table.table(key)
    if inner is None:
        return ()
    return tuple(
        (name, read_value(inner.raw(name), inner.at(name), table.faults)) for name in inner.content if inner.name(name)
    )


def _do(table: Table) -> Do | None:
    """`do`, `with`, and what follows: `done`, `failed`."""
    action = table.take("do", str)
    arguments = table.take("with", dict) or {}
    done, failed = table.table("done"), table.table("failed")
    if action is None:
        for key in ("with", "done", "failed"):
            if key in table.content:
                table.fault(key, "belongs to an action; say which: do = ...")
        return None
    if action == HANG_UP:
        table.fault("do", "write hang_up = true")
    return Do(
        action,
        {name: read_value(value, f"{table.at('with')}, {name}", table.faults) for name, value in arguments.items()},
        read_reaction(done) if done else None,
        read_reaction(failed) if failed else None,
    )


def read_say(table: Table, key: str) -> Say | None:
    """A text; a list, of which one is taken at random; or { in_order = [...] }, { cycle = [...] }."""
    value = table.raw(key)
    order: Order = "random"
    if isinstance(value, dict):
        name = next(iter(value), "")
        known = [each for each in _ORDERS if each == name]
        if len(value) != 1 or not known:
            table.fault(key, f"a table has one of: {', '.join(_ORDERS)}; {suggestion(name, _ORDERS)}")
            return None
        order, value = known[0], value[name]
    if value is None:
        return None
    entries = value if isinstance(value, list) else [value]
    lines = tuple(_lines(table, key, entries))
    if not entries:
        table.fault(key, "is empty")
    return Say(table.at(key), lines, order) if lines else None


def _lines(table: Table, key: str, entries: list[Any]) -> Iterator[Line]:
    for number, entry in enumerate(entries, start=1):
        place = f"{key} {number}" if len(entries) > 1 else key
        if isinstance(entry, str):
            entry = {"text": entry}
        if not isinstance(entry, dict):
            table.fault(place, _WORD_FOR_ENTRY)
        elif inner := table.inner(place, entry):
            yield from _line(inner)


def _line(table: Table) -> Iterator[Line]:
    text = table.take("text", str)
    weight = table.take("weight", float)
    condition = table.condition()
    table.finish()
    if weight is not None and not 0 < weight <= 1000:
        table.fault("weight", "must be above 0, and at most 1000")
        weight = None
    if text is None:
        table.fault("text", "is missing")
        return
    template = attempt(parse_template, text, table.place, table.faults)
    if template is not None:
        yield Line(template, 1.0 if weight is None else float(weight), condition)
