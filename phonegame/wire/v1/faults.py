"""What is wrong with a message, in the words of whoever wrote the game.

msgspec refuses what does not fit; its texts speak of Python's types and name no place in a list. So this walks along
the same types once more, for the first fault. Nothing here is on the path of a message that is right.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import inspect

SHOWN = 40
"""Characters of a wrong value that are shown."""


@dataclass(frozen=True, slots=True)
class Fault:
    field: str
    what: str

    def __str__(self) -> str:
        return f"{self.field}: {self.what}"


def find_fault(fields: dict[str, Any], struct: type[msgspec.Struct]) -> Fault | None:
    """The first of the struct's fields that is missing or does not fit; fields that it does not have do not matter."""
    return _find(fields, _fields(struct), "")


def _find(values: dict[str, Any], fields: Iterable[inspect.Field], at: str) -> Fault | None:
    for field in fields:
        path = f"{at}{field.encode_name}"
        if field.encode_name in values:
            fault = _check(values[field.encode_name], field.type, path)
            if fault is not None:
                return fault
        elif field.required:
            return Fault(path, "is missing")
    return None


@functools.cache
def _fields(struct: type[msgspec.Struct]) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    return info.fields


def _check(value: Any, kind: inspect.Type, path: str) -> Fault | None:
    match kind:
        case inspect.Metadata(type=inner):
            return _check(value, inner, path)
        case inspect.UnionType():
            return _check_union(value, kind, path)
        case inspect.VarTupleType():
            return _check_list(value, kind, path)
        case inspect.StructType(fields=fields) if isinstance(value, dict):
            return _find(value, fields, f"{path}.")
        case inspect.AnyType():
            return None
        case _:
            what = _what_is_wrong(value, kind)
            return Fault(path, what) if what else None


def _check_union(value: Any, union: inspect.UnionType, path: str) -> Fault | None:
    """Of its types, the one that comes nearest to the value tells what is wrong."""
    types = [each for each in union.types if not isinstance(each, inspect.NoneType)]
    faults = [_check(value, each, path) for each in types]
    if None in faults:
        return None
    of_its_kind = [fault for fault, each in zip(faults, types, strict=True) if _name(each) == _name_of(value)]
    if of_its_kind or len(faults) == 1:
        return (of_its_kind or faults)[0]
    return Fault(path, _wrong_kind(value, " or ".join(dict.fromkeys(_name(each) for each in types))))


def _check_list(value: Any, kind: inspect.VarTupleType, path: str) -> Fault | None:
    if not isinstance(value, list):
        return Fault(path, _wrong_kind(value, "a list"))
    if kind.max_length is not None and len(value) > kind.max_length:
        return Fault(path, f"{len(value)} entries, and at most {kind.max_length} are allowed")
    faults = (_check(entry, kind.item_type, f"{path}[{index}]") for index, entry in enumerate(value))
    return next((fault for fault in faults if fault is not None), None)


def _what_is_wrong(value: Any, kind: inspect.Type) -> str | None:
    match kind:
        case inspect.StrType():
            return _what_is_wrong_with_text(value, kind)
        case inspect.IntType() | inspect.FloatType():
            return _what_is_wrong_with_number(value, kind)
        case inspect.BoolType():
            return None if isinstance(value, bool) else _wrong_kind(value, "true or false")
        case inspect.EnumType(cls=cls):
            return _what_is_wrong_with_choice(value, [choice.value for choice in cls])
        case inspect.LiteralType(values=values):
            return _what_is_wrong_with_choice(value, list(values))
        case inspect.StructType() | inspect.DictType():
            return None if isinstance(value, dict) else _wrong_kind(value, "an object")
        case _:
            raise AssertionError(f"no message of a game has such a field: {kind}")


def _what_is_wrong_with_text(value: Any, kind: inspect.StrType) -> str | None:
    if not isinstance(value, str):
        return _wrong_kind(value, "a string")
    if kind.min_length is not None and len(value) < kind.min_length:
        return "is empty"
    if kind.max_length is not None and len(value) > kind.max_length:
        return f"{len(value)} characters, and at most {kind.max_length} are allowed"
    if kind.pattern is not None and re.search(kind.pattern, value) is None:
        return f"{_shown(value)} does not fit {kind.pattern}"
    return None


def _what_is_wrong_with_number(value: Any, kind: inspect.IntType | inspect.FloatType) -> str | None:
    whole = isinstance(kind, inspect.IntType)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _wrong_kind(value, "a whole number" if whole else "a number")
    low = kind.ge if kind.ge is not None else kind.gt
    too_low = low is not None and (value < low or value == kind.gt)
    if too_low or (kind.le is not None and value > kind.le):
        shown = "is too large a number;" if math.isinf(value) else f"{value} is not"
        return f"{shown} {'from' if kind.gt is None else 'above'} {low} to {kind.le}"
    return f"{value} is not a whole number" if whole and isinstance(value, float) else None


def _what_is_wrong_with_choice(value: Any, choices: list[Any]) -> str | None:
    if not isinstance(value, str):
        return _wrong_kind(value, f"one of {', '.join(choices)}")
    if value in choices:
        return None
    return f"{_shown(value)} is not one of {', '.join(choices)}"


def _shown(value: str) -> str:
    return repr(value if len(value) <= SHOWN else value[:SHOWN] + "...")


def _wrong_kind(value: Any, expected: str) -> str:
    return f"is {_name_of(value)}, and must be {expected}"


def _name(kind: inspect.Type) -> str:
    match kind:
        case inspect.Metadata(type=inner):
            return _name(inner)
        case inspect.StrType():
            return "a string"
        case inspect.VarTupleType():
            return "a list"
        case inspect.StructType() | inspect.DictType():
            return "an object"
        case _:
            return "a number"


def _name_of(value: Any) -> str:
    """What JSON calls it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return "a string"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "an object"
