from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phonegame.characters.brains.script.match import Heard, find
from phonegame.characters.brains.script.pattern import (
    Choice,
    Gap,
    Item,
    Literal,
    Maybe,
    Node,
    Number,
    Pattern,
    PatternError,
    Sequence,
    Slot,
    parse_pattern,
)

LISTS = {"drink": (Item("tea", (parse_pattern("tea"),)), Item("coffee", (parse_pattern("black coffee"),)))}
SPOKEN = {"number": "forty two", "digits": "zero seven", "word": "bicycle", "text": "some other words", "drink": "tea"}


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("", "fits a caller who says nothing"),
        ("[yes]", "fits a caller who says nothing"),
        ("...", "fits a caller who says nothing"),
        ("yes |", "fits a caller who says nothing"),
        ("=", "fits a caller who says nothing"),
        ("(yes", "')' is missing"),
        ("[yes", "']' is missing"),
        ("(yes]", "')' is missing"),
        ("yes)", "')' has no partner"),
        ("{name", "'{' has no partner"),
        ("name}", "'}' has no partner"),
        ("{na me:text}", "is no slot"),
        ("{:text}", "is no slot"),
        ("{toping}", "'toping' is no list; there are: digits, number, text, word, drink"),
        ("{x:toping}", "'toping' is no list"),
        ("mhm", "is never heard"),
        ("x" * 301, "may have 300"),
        ("(" * 11 + "x" + ")" * 11, "deeper than 10"),
        ("[a|b][c|d][e|f]x", "too many forms"),
    ],
)
def test_faults_say_what_is_wrong(pattern: str, fault: str) -> None:
    with pytest.raises(PatternError, match=re.escape(fault)):
        parse_pattern(pattern, LISTS)


@pytest.mark.parametrize(
    ("pattern", "is_open"), [("{x:text}", True), ("{x:word} ...", True), ("is {x:text}", False), ("{x:number}", False)]
)
def test_open_is_what_fits_nearly_everything(pattern: str, is_open: bool) -> None:
    assert parse_pattern(pattern).is_open is is_open


texts = st.text(alphabet=st.one_of(st.sampled_from("[](){}|.=:' abcs4"), st.characters()), max_size=60)


@settings(deadline=None)
@given(pattern=texts, said=texts)
def test_any_text_is_a_pattern_or_a_fault_and_any_pattern_can_be_looked_for(pattern: str, said: str) -> None:
    try:
        parsed = parse_pattern(pattern, LISTS)
    except PatternError:
        return
    for slips in (False, True):
        assert isinstance(find(parsed, Heard.of(said), LISTS, slips=slips), dict | None)


WORDS = ["cut", "the", "red", "wire", "i'd", "don't", "four", "twenty-one", "pizza[s]", "please", "yes"]
pieces = st.recursive(
    st.sampled_from([*WORDS, *(f"{{slot:{kind}}}" for kind in SPOKEN)]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(" ".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda options: f"({' | '.join(options)})"),
        inner.map(lambda item: f"[{item}]"),
        inner.map(lambda item: f"... {item}"),
    ),
    max_leaves=5,
)


def spoken(node: Node, draw: st.DataObject) -> str:
    """A phrase of those that the pattern is for."""
    match node:
        case Literal(text=text) | Number(text=text):
            return text
        case Gap():
            return ""
        case Slot(kind=kind):
            return SPOKEN[kind]
        case Maybe(item):
            return spoken(item, draw) if draw.draw(st.booleans()) else ""
        case Choice(options):
            return spoken(draw.draw(st.sampled_from(options)), draw)
        case Sequence(items):
            return " ".join(spoken(item, draw) for item in items)


def has_neighbouring_numbers(phrase: str) -> bool:
    """Two numbers in a row are one number, to a listener as well."""
    number = r"(forty two|zero seven|four|twenty one)"
    return re.search(rf"{number}\s+{number}", phrase) is not None


@settings(deadline=None)
@given(pattern=pieces, data=st.data())
def test_a_phrase_made_of_a_pattern_fits_it(pattern: str, data: st.DataObject) -> None:
    try:
        parsed: Pattern = parse_pattern(pattern, LISTS)
    except PatternError:
        return
    phrase = spoken(parsed.root, data)
    if not has_neighbouring_numbers(phrase):
        assert find(parsed, Heard.of(phrase), LISTS) is not None, (pattern, phrase)
        assert find(parsed, Heard.of(f"Um, {phrase.upper()}!"), LISTS) is not None
