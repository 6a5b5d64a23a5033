"""What callers are likely to say to a script: for recognisers, which understand better what they expect."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator

from phonegame.characters.brains.script.model import Rule, Script
from phonegame.characters.brains.script.pattern import (
    Choice,
    Gap,
    Lists,
    Literal,
    Maybe,
    Node,
    Number,
    Pattern,
    Sequence,
    Slot,
    nodes,
)
from phonegame.characters.brains.script.words import SKIPPED, UNSTRESSED

MOST = 100
MOST_LETTERS = 900
"""Over all phrases: Deepgram takes 500 tokens, which may have no more than two letters each."""
MOST_WORDS = 5
"""Of a phrase."""
_MOST_FORMS = 40
"""Of a pattern."""


def vocabulary_of(script: Script, first: Iterable[str] = ()) -> tuple[str, ...]:
    """Words and short phrases, the best first, behind those that are in `first`, all of which somebody has chosen."""
    found: dict[str, None] = dict.fromkeys(phrase.casefold() for phrase in first if phrase)
    letters = sum(map(_letters, found))
    for phrase in _phrases(script):
        if phrase.casefold() in found or not phrase:
            continue
        letters += _letters(phrase)
        if letters > MOST_LETTERS or len(found) >= MOST:
            break
        found[phrase.casefold()] = None
    return tuple(found)


def _letters(phrase: str) -> int:
    return sum(map(str.isalnum, phrase))


def _phrases(script: Script) -> Iterator[str]:
    """Lists first, since they hold a game's own words; then one phrase of each pattern, another of each, and so on."""
    used = {node.kind for pattern in _patterns(script) for node in nodes(pattern.root) if isinstance(node, Slot)}
    for name, items in script.lists.items():
        if name in used:
            for item in items:
                yield from itertools.islice(_forms_of(item.patterns[0], {}), 1)
    each = [list(_forms_of(pattern, script.lists)) for pattern in _patterns(script)]
    for phrases in itertools.zip_longest(*each):
        yield from (phrase for phrase in phrases if phrase)
    for items in script.lists.values():
        for item in items:
            for pattern in item.patterns:
                yield from _forms_of(pattern, {})


def _patterns(script: Script) -> Iterator[Pattern]:
    """In the order in which a caller comes across them, roughly."""
    states = sorted(script.states.values(), key=lambda state: state.name != script.start)
    rules: list[Rule] = [rule for state in states for rule in state.listen]
    for rule in (*rules, *script.anywhere):
        yield from rule.hear
        yield from rule.also


def _forms_of(pattern: Pattern, lists: Lists) -> Iterator[str]:
    """Phrases that it fits, without the numbers and the free words in them: recognisers know numbers anyway."""
    for form in itertools.islice(_forms(pattern.root, lists), _MOST_FORMS):
        for part in " ".join(form).split(_BREAK):
            words = part.split()
            if 0 < len(words) <= MOST_WORDS and not SKIPPED.union(_OF_LITTLE_USE).issuperset(words):
                yield contracted(" ".join(words))


def contracted(phrase: str) -> str:
    """As it is spoken: "i am" is spelled out only to be compared."""
    for pattern, short in _CONTRACTIONS:
        phrase = pattern.sub(short, phrase)
    return phrase


_OF_LITTLE_USE = frozenset(("not", "i", "to", "in", "at", "on", "it", "is"))
_CONTRACTIONS = (
    (re.compile(r"\bcan not\b"), "can't"),
    (re.compile(r"\bwill not\b"), "won't"),
    (re.compile(r"\b(do|does|did|is|are|was|were|would|could|should|has|have|had) not\b"), r"\1n't"),
    (re.compile(r"\bi am\b"), "i'm"),
    (re.compile(r"\b(i|you|we|they|he|she) would\b"), r"\1'd"),
    (re.compile(r"\b(i|you|we|they|he|she|it) will\b"), r"\1'll"),
    (re.compile(r"\b(i|you|we|they) have\b"), r"\1've"),
    (re.compile(r"\b(you|we|they) are\b"), r"\1're"),
    (re.compile(r"\b(it|that|what|who|where|how|there|he|she) is\b"), r"\1's"),
)

_BREAK = "\n"
_Form = tuple[str, ...]


def _forms(node: Node, lists: Lists) -> Iterator[_Form]:
    match node:
        case Literal(text=text) | Number(text=text):
            yield (text,)
        case Gap():
            yield (_BREAK,)
        case Maybe(item=Literal(text=text)) if text in UNSTRESSED:
            yield (text,)  # people say it, though recognisers may lose it
        case Maybe(item):
            yield ()
            yield from _forms(item, lists)
        case Choice(options):
            for option in options:
                yield from _forms(option, lists)
        case Sequence(items):
            yield from _joined(items, lists)
        case Slot(kind=kind):
            yield from _slot_forms(kind, lists)


def _joined(items: tuple[Node, ...], lists: Lists) -> Iterator[_Form]:
    if not items:
        yield ()
        return
    for first in _forms(items[0], lists):
        for rest in _joined(items[1:], lists):
            yield first + rest


def _slot_forms(kind: str, lists: Lists) -> Iterator[_Form]:
    if kind not in lists:
        yield (_BREAK,)
    for item in lists.get(kind, ()):
        yield from itertools.islice(_forms(item.patterns[0].root, {}), 1)
