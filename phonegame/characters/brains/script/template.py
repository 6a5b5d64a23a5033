"""Texts with variables in them.

{count} {size} {topping}        what the variables hold
{count:pizza|pizzas}            the first if it is 1, the second if not
{count * 9} dollars             a calculation
{lists.topping}                 all of a list: "margherita, pepperoni and four cheese"
{{ and }}                       braces themselves
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from phonegame.characters.brains.script.expression import Expression, ExpressionError, are_equal, parse_expression

MAX_LENGTH = 1000
"""A minute of speech."""
MAX_FILLED = 2000

_PART = re.compile(r"\{\{|\}\}|\{(?P<inside>[^{}]*)\}|(?P<brace>[{}])|[^{}]+")


class TemplateError(ValueError):
    """Says what is wrong with a text, and what to do."""


@dataclass(frozen=True, slots=True)
class Field:
    expression: Expression
    one: str | None = None
    many: str = ""

    def text(self, variables: Mapping[str, Any]) -> str:
        value = self.expression.value(variables)
        if self.one is None:
            return spoken(value)
        return self.one if are_equal(value, 1) else self.many


@dataclass(frozen=True, slots=True)
class Template:
    parts: tuple[str | Field, ...]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(name for part in self.parts if isinstance(part, Field) for name in part.expression.names)

    def text(self, variables: Mapping[str, Any]) -> str:
        filled = "".join(part if isinstance(part, str) else part.text(variables) for part in self.parts)
        return filled[:MAX_FILLED]

    def value(self, variables: Mapping[str, Any]) -> Any:
        """Of a template that is one expression and nothing else: what that is, a number as a number."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Field) and self.parts[0].one is None:
            return self.parts[0].expression.value(variables)
        return self.text(variables)


def parse_template(text: str) -> Template:
    """Raises TemplateError."""
    if len(text) > MAX_LENGTH:
        raise TemplateError(f"has {len(text)} characters; at most {MAX_LENGTH} can be spoken")
    return Template(tuple(_parts(text)))


def _parts(text: str) -> Iterator[str | Field]:
    for part in _PART.finditer(text):
        if part["brace"]:
            raise TemplateError(f"a {part['brace']} without a partner; write {{{{ or }}}} for a brace itself")
        if part["inside"] is not None:
            yield _field(part["inside"])
        else:
            yield {"{{": "{", "}}": "}"}.get(part[0], part[0])


def _field(inside: str) -> Field:
    # a colon within quotes is one of the words'
    colon = re.search(r":(?=(?:[^'\"]|'[^']*'|\"[^\"]*\")*$)", inside)
    expression, forms = (inside[: colon.start()], inside[colon.end() :]) if colon else (inside, None)
    try:
        parsed = parse_expression(expression)
    except ExpressionError as error:
        raise TemplateError(str(error)) from None
    if forms is None:
        return Field(parsed)
    one, bar, many = forms.partition("|")
    if not bar:
        raise TemplateError(f"{{{inside}}}: behind the colon stand two forms, as in {{count:pizza|pizzas}}")
    return Field(parsed, one, many)


def spoken(value: Any) -> str:
    """As it is said: a list with an "and" before its last."""
    match value:
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            texts = [spoken(each) for each in value]
            return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)
        case Mapping():
            return ", ".join(f"{name} {spoken(each)}" for name, each in value.items())
        case None:
            return ""
        case _:
            return str(value)
