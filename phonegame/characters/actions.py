"""What a character can have done: what is declared is checked when it arrives, what a brain calls when it does."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, best_match
from jsonschema.validators import extend

from phonegame.characters.brain import ActionCall
from phonegame.characters.persona import HANG_UP, Action

MAX_SCHEMA_LENGTH = 10_000
"""Characters of JSON: a model reads each schema at each turn."""
MAX_ARGUMENTS_LENGTH = 10_000
MAX_REASON_LENGTH = 300
NESTED = "are nested too deeply"

HANGING_UP = Action(
    name=HANG_UP,
    description="Ends the phone call. Say goodbye first, in the same reply: the call ends when that has been heard.",
)


class ActionInvalid(Exception):
    """A declared action cannot be used. The text says which, why, and what to do."""

    def __init__(self, field: str, why: str, name: str) -> None:
        super().__init__(f"actions: {name!r}, {field}: {why}")
        self.field = field
        self.why = why


@dataclass(frozen=True, slots=True)
class Checked:
    action: Action
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """For the brain, which may do better then."""

    why: str
    arguments: dict[str, Any]
    """As far as they were an object."""


def _ignored(*_: object) -> Iterator[Any]:
    """A keyword that is not checked."""
    yield from ()


# a pattern of a game's could keep the whole server busy; the model is told of it all the same
_Validator: Any = extend(  # type: ignore[no-untyped-call]  # its types say nothing of the result
    Draft202012Validator, {"pattern": _ignored, "patternProperties": _ignored}
)


class Actions:
    """A character's own, and the server's. Raises `ActionInvalid`."""

    def __init__(self, declared: Sequence[Action]) -> None:
        self.all = (*declared, HANGING_UP)
        self._validators: dict[str, Any] = {}
        for action in self.all:
            _check_name(action, self._validators)
            self._validators[action.name] = _Validator(_schema(action))

    def check(self, call: ActionCall) -> Checked | Refusal:
        """What a brain calls may be anything."""
        arguments = _object(call.arguments or "{}")
        action = next((each for each in self.all if each.name == call.name), None)
        if action is None:
            names = ", ".join(each.name for each in self.all)
            return Refusal(f"there is no action of this name; there are: {names}", arguments or {})
        if arguments is None:
            return Refusal("the arguments are no JSON object", {})
        error = best_match(self._validators[action.name].iter_errors(arguments))
        if error is not None:
            place = ".".join(map(str, error.absolute_path)) or "the arguments"
            return Refusal(f"{place}: {error.message}"[:MAX_REASON_LENGTH], arguments)
        return Checked(action, arguments)


def _object(text: str) -> dict[str, Any] | None:
    try:
        arguments = msgspec.json.decode(text) if len(text) <= MAX_ARGUMENTS_LENGTH else None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return arguments if isinstance(arguments, dict) else None


def faults_of(declared: Sequence[Action]) -> Iterator[tuple[int, ActionInvalid]]:
    """All that cannot be used, each with its index."""
    names = {HANG_UP}
    for index, action in enumerate(declared):
        try:
            _check_name(action, names)
            names.add(action.name)
            _schema(action)
        except ActionInvalid as fault:
            yield index, fault


def _check_name(action: Action, taken: Container[str]) -> None:
    if action.name in taken:
        what = "is the server's own" if action.name == HANG_UP else "comes twice"
        raise ActionInvalid("name", f"{what}; use another one", action.name)


def _schema(action: Action) -> dict[str, Any]:
    """Checked; of an action without parameters, one that takes none."""
    if not action.parameters:
        return {"type": "object", "properties": {}, "additionalProperties": False}
    try:
        why = _what_is_wrong(msgspec.json.encode(action.parameters))
    except RecursionError:
        why = NESTED
    if why:
        raise ActionInvalid("parameters", why, action.name)
    return action.parameters


@lru_cache(maxsize=256)
def _what_is_wrong(encoded: bytes) -> str:
    """With a schema as JSON; "" for nothing. It takes 5 ms for a small one, and 100 for the largest: whoever takes a
    character in checks it in a thread, and when the character plays it is known.
    """
    if len(encoded) > MAX_SCHEMA_LENGTH:
        return f"are longer than {MAX_SCHEMA_LENGTH} characters"
    try:
        schema = msgspec.json.decode(encoded)
        if _has_reference(schema):
            return "have a $ref, which is not supported; write out what it refers to"
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return f"are no JSON Schema: {error.message[:MAX_REASON_LENGTH]}"
    except RecursionError:
        return NESTED
    if schema.get("type") != "object":
        return 'must describe an object: "type": "object", "properties": ...'
    return ""


def _has_reference(schema: Any) -> bool:
    """References could lead anywhere: to another server, or in circles."""
    if isinstance(schema, dict):
        refers = any(isinstance(schema.get(key), str) for key in ("$ref", "$dynamicRef"))
        return refers or any(map(_has_reference, schema.values()))
    return isinstance(schema, list) and any(map(_has_reference, schema))
