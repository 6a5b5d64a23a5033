"""Conditions and calculations on variables: a few of Python's operators, read by its parser, never evaluated by it.

    count > 3 and size != 'small'        not address        'knife' in clues        price * count + 2

Nothing in here can fail once it has been read: what makes no sense with the values that there are is false, or 0.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

MAX_LENGTH = 300
LARGEST = 10**15
"""Beyond it numbers grow no more."""
UNSET = ""
"""What a variable is before anything is put into it."""

# what is not made of these is not looked at any further: Python warns of some of it
_TOKENS = re.compile(
    r"(?:\s+|[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_0-9]+)*|\d+(?:\.\d+)?(?![A-Za-z_0-9.])"
    r"|'[^'\\\n]*'|\"[^\"\\\n]*\"|==|!=|<=|>=|[<>()+\-*/])*"
)
_CONSTANTS: dict[str, Any] = {"true": True, "false": False, "none": UNSET}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_CALCULATE: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


class ExpressionError(ValueError):
    """Says what is wrong with an expression, and what to do."""


@dataclass(frozen=True, slots=True)
class Expression:
    text: str
    root: ast.expr

    @property
    def names(self) -> frozenset[str]:
        """The variables, without what stands behind their dots; but `lists.x` whole."""
        return frozenset(_names(self.root))

    def value(self, variables: Mapping[str, Any]) -> Any:
        return _value(self.root, variables)

    def holds(self, variables: Mapping[str, Any]) -> bool:
        return bool(self.value(variables))


def parse_expression(text: str) -> Expression:
    """Raises ExpressionError."""
    text = text.strip()
    if not text or len(text) > MAX_LENGTH:
        raise ExpressionError(f"an expression has 1 to {MAX_LENGTH} characters")
    if re.search(r"(?<![=!<>])=(?!=)", re.sub(r"'[^']*'|\"[^\"]*\"", "", text)):
        raise ExpressionError(f"{text!r}: write == to compare")
    readable = _TOKENS.fullmatch(text)
    try:
        root = ast.parse(text, mode="eval").body if readable else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        root = None
    if root is None or not _is_known(root):
        raise ExpressionError(
            f"{text!r} is not understood; there are variables, numbers, 'words', "
            "== != < <= > >= in, and or not, + - * / and brackets"
        )
    return Expression(text, root)


def _is_known(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=value):
            return isinstance(value, str | int | float)
        case ast.Name():
            return True
        case ast.Attribute(value=inner):
            return isinstance(inner, ast.Name | ast.Attribute) and _is_known(inner)
        case ast.BoolOp(values=values):
            return all(map(_is_known, values))
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            return _is_known(operand)
        case ast.BinOp(left=left, op=op, right=right):
            return type(op) in _CALCULATE and _is_known(left) and _is_known(right)
        case ast.Compare(left=left, ops=ops, comparators=others):
            known = all(type(op) in _COMPARE or isinstance(op, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for op in ops)
            return known and all(map(_is_known, [left, *others]))
        case _:
            return False


def _names(root: ast.expr) -> Iterator[str]:
    for node in ast.walk(root):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "lists":
            yield f"lists.{node.attr}"
        elif isinstance(node, ast.Name) and node.id not in _CONSTANTS and node.id != "lists":
            yield node.id


def _value(node: ast.expr, variables: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return variables.get(name, _CONSTANTS.get(name, UNSET))
        case ast.Attribute(value=inner, attr=name):
            owner = _value(inner, variables)
            return owner.get(name, UNSET) if isinstance(owner, Mapping) else UNSET
        case ast.BoolOp(op=op, values=values):
            decide = any if isinstance(op, ast.Or) else all
            return decide(bool(_value(each, variables)) for each in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand, variables)
        case ast.UnaryOp(operand=operand):
            return bounded(-number_in(_value(operand, variables)))
        case ast.BinOp(left=left, op=op, right=right):
            return _calculate(op, _value(left, variables), _value(right, variables))
        case ast.Compare(left=left, ops=ops, comparators=others):
            values = [_value(each, variables) for each in (left, *others)]
            return all(_compare(op, *pair) for op, pair in zip(ops, pairwise(values), strict=True))
        case _:
            return UNSET


def _calculate(op: ast.operator, left: Any, right: Any) -> Any:
    if isinstance(op, ast.Div) and not number_in(right):
        return 0
    return bounded(_CALCULATE[type(op)](number_in(left), number_in(right)))


def _compare(op: ast.cmpop, left: Any, right: Any) -> bool:
    match op:
        case ast.Eq():
            return are_equal(left, right)
        case ast.NotEq():
            return not are_equal(left, right)
        case ast.In():
            return _is_in(left, right)
        case ast.NotIn():
            return not _is_in(left, right)
        case _:
            numbers = as_number(left), as_number(right)
            return None not in numbers and _COMPARE[type(op)](*numbers)


def are_equal(left: Any, right: Any) -> bool:
    """Words whatever their capitals; 4 and "4" are equal."""
    if isinstance(left, bool) or isinstance(right, bool):
        return bool(left) == bool(right)
    numbers = as_number(left), as_number(right)
    if None not in numbers:
        return numbers[0] == numbers[1]
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    return bool(left == right)


def _is_in(left: Any, right: Any) -> bool:
    if isinstance(right, str):
        return bool(left) and str(left).casefold() in right.casefold()
    return isinstance(right, list | tuple) and any(are_equal(left, each) for each in right)


def as_number(value: Any) -> float | int | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if not isinstance(value, str):
        return bounded(value)
    return bounded(float(value)) if re.fullmatch(r"-?\d{1,15}(\.\d{1,9})?", value, re.ASCII) else None


def number_in(value: Any) -> float | int:
    number = as_number(value)
    return 0 if number is None else number


def bounded(number: float) -> float | int:
    """Whole numbers whole: 2.0 would be said as it stands."""
    if not -LARGEST < number < LARGEST:  # and what is no number at all
        return LARGEST if number > 0 else -LARGEST
    return int(number) if number == int(number) else round(number, 6)
