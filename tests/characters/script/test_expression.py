from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phonegame.characters.brains.script.expression import LARGEST, ExpressionError, parse_expression
from phonegame.characters.brains.script.template import TemplateError, parse_template

VARIABLES: dict[str, Any] = {
    "count": 3,
    "one": 1,
    "size": "Large",
    "digits": "42",
    "clues": ["knife", "letter"],
    "result": {"minutes": 12, "cook": {"name": "Ada"}},
    "lists": {"wire": ["red", "blue", "green"]},
    "sure": True,
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("count", 3),
        ("count == 3", True),
        ("count == '3'", True),
        ("count != 3", False),
        ("count > 2 and count <= 3", True),
        ("1 < count < 3", False),
        ("size == 'large'", True),
        ("size < 3", False),
        ("digits > 41", True),
        ("not address", True),
        ("address", ""),
        ("address == ''", True),
        ("address > 0", False),
        ("'knife' in clues", True),
        ("'rope' not in clues", True),
        ("'arg' in size", True),
        ("'' in size", False),
        ("3 in count", False),
        ("count in lists.wire or sure", True),
        ("sure == true", True),
        ("sure and false", False),
        ("result.minutes", 12),
        ("result.cook.name == 'ada'", True),
        ("result.seconds", ""),
        ("size.length", ""),
        ("count * 2 + 1", 7),
        ("-count", -3),
        ("count / 2", 1.5),
        ("count / 0", 0),
        ("size * 3", 0),
        ("(count - 1) * 10 / 4", 5),
        ("100000000000000 * 100000000000000", LARGEST),
        ('size == "it\'s"', False),
    ],
)
def test_values(text: str, value: Any) -> None:
    assert parse_expression(text).value(VARIABLES) == value


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "count = 3", "count ==", "count(3)", "count[0]", "__import__('os').system('x')", "lambda: 3", "3 if 1",
        "count ** 2", "count % 2", "'a' 'b", "(count", "1or 2", "x is y", "[1, 2]", "'\\d'", "count; 3", "9" * 301,
        "1.", "a.b().c", "not", "{x}", "f'x'", "x == None",
    ],
)  # fmt: skip
def test_what_is_no_expression_says_so(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_expression(text)


def test_a_single_equals_sign_is_explained() -> None:
    with pytest.raises(ExpressionError, match="write == to compare"):
        parse_expression("count = 3")


def test_names_are_those_of_variables() -> None:
    names = parse_expression("a.b > lists.wire and c in d and true").names
    assert names == {"a", "c", "d", "lists.wire"}


values = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.lists(st.integers()))
expressions = st.lists(
    st.sampled_from(
        [*"abc", "1", "2.5", "'x'", "and", "or", "not", "in", "==", "!=", "<", ">=", *"+-*/()", "true", "a.b", "="]
    ),
    max_size=12,
).map(" ".join)


@settings(deadline=None)
@given(text=st.one_of(expressions, st.text(max_size=30)), variables=st.dictionaries(st.sampled_from("abc"), values))
def test_any_expression_has_a_value_whatever_the_variables(text: str, variables: dict[str, Any]) -> None:
    try:
        expression = parse_expression(text)
    except ExpressionError:
        return
    assert isinstance(expression.holds(variables), bool)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Hello.", "Hello."),
        ("{count} {size}", "3 Large"),
        ("{count:pizza|pizzas}", "pizzas"),
        ("{one:pizza|pizzas}", "pizza"),
        ("{one:|s}", ""),
        ("{count * 9} dollars", "27 dollars"),
        ("{clues}", "knife and letter"),
        ("{lists.wire}", "red, blue and green"),
        ("{result.cook}", "name Ada"),
        ("{sure}", "yes"),
        ("{{braces}}", "{braces}"),
        ("{nothing}", ""),
        ("{size == 'a:b':x|y}", "y"),
    ],
)
def test_texts_are_filled(text: str, filled: str) -> None:
    assert parse_template(text).text(VARIABLES) == filled


def test_a_number_stays_one_where_it_stands_alone() -> None:
    assert parse_template("{count}").value(VARIABLES) == 3
    assert parse_template("{count} ").value(VARIABLES) == "3 "


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{count", "{ without a partner"),
        ("count}", "} without a partner"),
        ("{}", "an expression has"),
        ("{count:pizza}", "two forms"),
        ("{count = 1}", "write == to compare"),
        ("x" * 1001, "at most 1000"),
    ],
)
def test_faults_of_texts(text: str, fault: str) -> None:
    with pytest.raises(TemplateError, match=re.escape(fault)):
        parse_template(text)


@settings(deadline=None)
@given(st.text(alphabet=st.one_of(st.sampled_from("{}:|ab1'= "), st.characters()), max_size=40))
def test_any_text_is_a_template_or_a_fault(text: str) -> None:
    try:
        template = parse_template(text)
    except TemplateError:
        return
    assert isinstance(template.text(VARIABLES), str)
