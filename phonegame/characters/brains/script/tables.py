"""Tables of a TOML file, read key by key; whatever is wrong goes to the faults, and reading goes on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from phonegame.characters.brains.script.expression import LARGEST, Expression, parse_expression
from phonegame.characters.brains.script.faults import Faults, suggestion
from phonegame.characters.brains.script.pattern import NAME
from phonegame.characters.brains.script.template import TemplateError, parse_template

Parsed = TypeVar("Parsed")
MAX_DEPTH = 20
"""Of tables within tables."""

_KINDS: dict[type, str] = {
    str: "text in quotes", bool: "true or false", dict: "a table", list: "a list in [ ]", float: "a number",
}  # fmt: skip


@dataclass(slots=True)
class Table:
    content: Mapping[str, Any]
    place: str
    faults: Faults
    taken: set[str] = field(default_factory=set)
    depth: int = 0

    def at(self, key: str) -> str:
        return f"{self.place}, {key}" if self.place else key

    def fault(self, key: str, text: str) -> None:
        self.faults.add(self.at(key), text)

    def raw(self, key: str) -> Any:
        """None if it is not there: TOML has no such value."""
        self.taken.add(key)
        return self.content.get(key)

    def take(self, key: str, kind: type[Parsed]) -> Parsed | None:
        value = self.raw(key)
        if value is None:
            return None
        if kind is float and isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return value  # type: ignore[return-value]
        if isinstance(value, kind) and kind is not float:
            return value
        self.fault(key, f"must be {_KINDS[kind]}")
        return None

    def flag(self, key: str) -> bool:
        return self.take(key, bool) or False

    def parsed(self, key: str, parse: Callable[[str], Parsed]) -> Parsed | None:
        text = self.take(key, str)
        return None if text is None else attempt(parse, text, self.at(key), self.faults)

    def condition(self) -> Expression | None:
        return self.parsed("if", parse_expression)

    def texts(self, key: str) -> list[tuple[str, str]]:
        """(place, text) of one text, or of a list of them."""
        value = self.raw(key)
        if isinstance(value, str):
            return [(self.at(key), value)]
        found = []
        for number, each in enumerate(self.list_of(key), start=1):
            if isinstance(each, str):
                found.append((f"{self.at(key)} {number}", each))
            else:
                self.fault(f"{key} {number}", "must be text in quotes")
        return found

    def list_of(self, key: str) -> list[Any]:
        return self.take(key, list) or []

    def table(self, key: str) -> Table | None:
        value = self.take(key, dict)
        return None if value is None else self.inner(key, value)

    def inner(self, key: str, value: Mapping[str, Any], place: str | None = None) -> Table | None:
        """None, and a fault, where tables lie too deep in each other."""
        place = self.at(key) if place is None else place
        if self.depth >= MAX_DEPTH:
            self.faults.add(place, f"tables within tables, deeper than {MAX_DEPTH}")
            return None
        return Table(value, place, self.faults, depth=self.depth + 1)

    def tables(self, key: str, word: str) -> Iterator[Table]:
        """Of a list of tables; `word`: what one of them is called."""
        for number, value in enumerate(self.list_of(key), start=1):
            place = f"{word} {number}"
            if not isinstance(value, dict):
                self.fault(place, "must be a table")
            elif table := self.inner(place, value):
                yield table

    def name(self, key: str) -> str | None:
        """Checked to be one that can stand in texts and conditions."""
        if NAME.fullmatch(key):
            return key
        self.fault(repr(key), "is no name; names are made of letters, digits and _, as in table_number")
        return None

    def finish(self, *others: str) -> None:
        """Tells of every key that nobody has asked for. `others`: keys that are known, too."""
        known = self.taken | set(others)
        for key in self.content:
            if key not in known:
                self.fault(key, f"unknown; {suggestion(key, known)}")


def attempt(parse: Callable[[str], Parsed], text: str, place: str, faults: Faults) -> Parsed | None:
    try:
        return parse(text)
    except ValueError as error:
        faults.add(place, str(error))
        return None


def read_value(value: Any, place: str, faults: Faults, depth: int = 0) -> Any:
    """A value that JSON can hold; texts become templates where they have braces."""
    match value:
        case str():
            try:
                template = parse_template(value)
            except TemplateError as error:
                faults.add(place, str(error))
                return ""
            return template if template.names or "{" in value or "}" in value else value
        case bool():
            return value
        case int() if -LARGEST <= value <= LARGEST:
            return value
        case float() if math.isfinite(value):
            return value
        case list() if depth < MAX_DEPTH:
            return [read_value(each, place, faults, depth + 1) for each in value]
        case dict() if depth < MAX_DEPTH:
            return {name: read_value(each, f"{place}, {name}", faults, depth + 1) for name, each in value.items()}
        case _:
            faults.add(place, "must be text, a number, true, false, or lists and tables of them")
            return ""
