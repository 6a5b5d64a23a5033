"""Patterns, the phrases that a script listens for: from text to a tree.

yes | yeah | of course          one of these, anywhere in what the caller says
i'd like (a | one) pizza[s]     alternatives, optional endings
[hello] [my] name is            optional words
{count:number} {topping}        slots: what is said there becomes a variable
cut ... wire                    any words between
= no                            nothing else is said, but for "please" and the like
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from phonegame.characters.brains.script.spoken_numbers import numbers_at
from phonegame.characters.brains.script.words import UNSTRESSED, Word, words_of

MAX_LENGTH = 300
MAX_DEPTH = 10
MAX_FORMS = 16
"""Of one word with optional parts."""
KINDS = frozenset(("number", "digits", "word", "text"))
"""Of slots, besides the script's lists."""
NAME = re.compile(r"[a-z_][a-z0-9_]*", re.IGNORECASE)


class PatternError(ValueError):
    """Says what is wrong with a pattern, and what to do."""


@dataclass(frozen=True, slots=True)
class Literal:
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Number:
    """A certain number, said in whatever way."""

    digits: str
    text: str


@dataclass(frozen=True, slots=True)
class Slot:
    name: str
    kind: str
    """One of `KINDS`, or the name of a list."""


@dataclass(frozen=True, slots=True)
class Gap:
    pass


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Maybe:
    item: Node


Node = Literal | Number | Slot | Gap | Sequence | Choice | Maybe


@dataclass(frozen=True, slots=True)
class Pattern:
    text: str
    """As written."""
    root: Node
    whole: bool
    """Nothing else may be said."""
    first: frozenset[str] | None
    """Keys of the words that it can begin with; None for whatever cannot be told so."""

    @property
    def is_open(self) -> bool:
        """Fits nearly everything that anybody may say."""
        return not any(isinstance(node, Literal | Number) or _is_narrow(node) for node in nodes(self.root))


def _is_narrow(node: Node) -> bool:
    return isinstance(node, Slot) and node.kind not in ("word", "text")


def nodes(root: Node) -> Iterator[Node]:
    yield root
    match root:
        case Sequence(items=inner) | Choice(options=inner):
            for node in inner:
                yield from nodes(node)
        case Maybe(item):
            yield from nodes(item)
        case _:
            pass


@dataclass(frozen=True, slots=True)
class Item:
    """One of a list."""

    value: str | int
    patterns: tuple[Pattern, ...]


Lists = Mapping[str, tuple[Item, ...]]


def _first_of(node: Node, lists: Lists) -> frozenset[str] | None:
    match node:
        case Literal(key=key):
            return frozenset((key,))
        case Maybe(item):
            return _first_of(item, lists)
        case Choice(options):
            return _united(_first_of(option, lists) for option in options)
        case Sequence(items):
            end = next((at for at, item in enumerate(items, start=1) if not may_be_empty(item)), len(items))
            return _united(_first_of(item, lists) for item in items[:end])
        case Slot(kind=kind) if kind in lists:
            return _united(pattern.first for item in lists[kind] for pattern in item.patterns)
        case _:
            return None


def _united(several: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    united: frozenset[str] = frozenset()
    for each in several:
        if each is None:
            return None
        united |= each
    return united


def slots_of(pattern: Pattern) -> list[Slot]:
    return [node for node in nodes(pattern.root) if isinstance(node, Slot)]


def parse_pattern(text: str, lists: Lists | None = None) -> Pattern:
    """`lists`: those that slots may have as their kind. Raises PatternError."""
    if len(text) > MAX_LENGTH:
        raise PatternError(f"has {len(text)} characters, and may have {MAX_LENGTH}; make several of it")
    stripped = text.strip()
    whole = stripped.startswith("=")
    for unstressed_may_be_missing in (True, False):
        root = _Parser(stripped.removeprefix("="), lists or {}, unstressed_may_be_missing).parse()
        if not may_be_empty(root):
            return Pattern(text, root, whole, _first_of(root, lists or {}))
    raise PatternError(f"{text!r} fits a caller who says nothing; at least one word must not be optional")


def may_be_empty(node: Node) -> bool:
    match node:
        case Literal() | Number() | Slot():
            return False
        case Gap() | Maybe():
            return True
        case Sequence(items):
            return all(map(may_be_empty, items))
        case Choice(options):
            return any(map(may_be_empty, options))


_LITERAL = r"[^\s()\[\]{}|…]+"
_AFFIX = r"\[[^\s()\[\]{}…]+\]"
_TOKEN = re.compile(
    rf"\s*(?:(?P<word>(?:{_AFFIX})*{_LITERAL}(?:{_AFFIX}|{_LITERAL})*)|\{{(?P<slot>[^{{}}]*)\}}|(?P<sign>[()\[\]|…]))"
)


@dataclass(slots=True)
class _Parser:
    text: str
    lists: Lists
    unstressed_may_be_missing: bool
    at: int = 0
    depth: int = 0

    def parse(self) -> Node:
        self.text = self.text.replace("...", "…").rstrip()
        node = self._choice(closing="")
        if self.at < len(self.text):
            raise PatternError(f"{self.text[self.at :].strip()[:1]!r} has no partner in {self.text!r}")
        return node

    def _choice(self, closing: str) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise PatternError(f"brackets within brackets, deeper than {MAX_DEPTH}")
        options = [self._sequence()]
        while self._sign("|"):
            options.append(self._sequence())
        if closing and not self._sign(closing):
            raise PatternError(f"{closing!r} is missing in {self.text!r}")
        self.depth -= 1
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _sign(self, sign: str) -> bool:
        token = _TOKEN.match(self.text, self.at)
        if token is None or token["sign"] != sign:
            return False
        self.at = token.end()
        return True

    def _sequence(self) -> Node:
        items: list[Node] = []
        literals: list[Word] = []
        while (token := _TOKEN.match(self.text, self.at)) and token["sign"] not in ("|", ")", "]"):
            self.at = token.end()
            forms = _forms(token["word"]) if token["word"] else []
            if len(forms) == 1:
                literals += _words(forms[0])
                continue
            items += self._flush(literals)
            if forms:
                items.append(Choice(tuple(Sequence(tuple(self._flush(_words(form)))) for form in forms)))
            elif token["slot"] is not None:
                items.append(self._slot(token["slot"]))
            else:
                items.append(self._bracket(token["sign"]))
        items += self._flush(literals)
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def _bracket(self, sign: str) -> Node:
        match sign:
            case "(":
                return self._choice(")")
            case "[":
                return Maybe(self._choice("]"))
            case _:
                return Gap()

    def _slot(self, inside: str) -> Slot:
        name, colon, kind = (part.strip() for part in inside.partition(":"))
        kind = kind if colon else name
        if NAME.fullmatch(name) is None:
            raise PatternError(f"{{{inside}}} is no slot; write {{name}} or {{name:kind}}, with letters, digits and _")
        if kind not in KINDS and kind not in self.lists:
            known = ", ".join([*sorted(KINDS), *sorted(self.lists)])
            raise PatternError(f"{{{inside}}}: {kind!r} is no list; there are: {known}")
        return Slot(name, kind)

    def _flush(self, literals: list[Word]) -> list[Node]:
        """Words that make a number together become one."""
        items: list[Node] = []
        at = 0
        while at < len(literals):
            end, digits = next(numbers_at(literals, at, pronouns=True), (at, ""))
            if digits:
                items.append(Number(digits, " ".join(word.text for word in literals[at:end])))
                at = end
                continue
            literal = Literal(literals[at].key, literals[at].text)
            optional = self.unstressed_may_be_missing and literal.text in UNSTRESSED
            items.append(Maybe(literal) if optional else literal)
            at += 1
        literals.clear()
        return items


def _forms(word: str) -> list[str]:
    """pizza[s] -> pizzas, pizza."""
    parts = re.findall(rf"{_AFFIX}|{_LITERAL}", word)
    choices = [[*part[1:-1].split("|"), ""] if part.startswith("[") else [part] for part in parts]
    forms = list(itertools.islice(itertools.product(*choices), MAX_FORMS + 1))
    if len(forms) > MAX_FORMS:
        raise PatternError(f"{word!r} has too many forms; write them as (one | another)")
    return ["".join(form) for form in forms]


def _words(form: str) -> list[Word]:
    words = words_of(form)
    if not words and any(map(str.isalnum, form)):
        raise PatternError(f"{form!r} is a filler such as um, and is never heard; leave it out")
    return words
