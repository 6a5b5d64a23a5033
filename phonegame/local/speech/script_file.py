"""Scripts from a file, TOML or JSON, with the very names of `script.py`:

[[connection]]
refuse = 429                       # or { status = 402, err_code = "...", err_msg = "..." }
[[connection]]
drop_after = 2.5
garbage = [{ at = 1.0, data = "not JSON" }]
[[connection.results]]
text = "4"
at = 1.0
final = false
[then]
late = 0.2
[[speak]]                          # the connections to /v1/speak, and [then_speak] for the rest of them
stall = { bytes = 4000 }
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from phonegame.local.speech.refusals import REFUSALS
from phonegame.local.speech.script import Plan, Script, Send
from phonegame.local.speech.speaking.script import SendWhen, SpeakPlan


class ScriptFileError(ValueError):
    """The file cannot be used; the text names the file and the field."""


def load_script(path: Path) -> Script:
    try:
        text = path.read_text(encoding="utf-8")
        data = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
        return parse_script(data)
    except (OSError, ValueError) as error:
        raise ScriptFileError(f"{path}: {error}") from error


def parse_script(data: dict[str, object]) -> Script:
    """ValueError names the field that is wrong."""
    unknown = data.keys() - {"connection", "then", "speak", "then_speak"}
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))} (known: connection, then, speak, then_speak)")
    return Script(
        [_plan(entry) for entry in _tables("connection", data)],
        then=_plan(_table("then", data)),
        speak=tuple(_speak_plan(entry) for entry in _tables("speak", data)),
        then_speak=_speak_plan(_table("then_speak", data)),
    )


class _Text(msgspec.Struct, forbid_unknown_fields=True):
    """A `Send` of a file, which has no bytes."""

    data: str
    at: float = 0.0


class _TextWhen(msgspec.Struct, forbid_unknown_fields=True):
    """A `SendWhen` of a file."""

    data: str
    bytes: int = 0
    characters: int = 0


def _tables(name: str, data: dict[str, object]) -> list[dict[str, object]]:
    tables = data.get(name, [])
    if not isinstance(tables, list):
        raise ValueError(f"`{name}` is a list of tables")
    return tables


def _table(name: str, data: dict[str, object]) -> dict[str, object]:
    table = data.get(name, {})
    if not isinstance(table, dict):
        raise ValueError(f"`{name}` is one table")
    return table


def _plan(entry: dict[str, object]) -> Plan:
    values = _values(entry, get_type_hints(Plan) | {"garbage": tuple[_Text, ...]})
    if "garbage" in values:
        values["garbage"] = tuple(Send(text.data, text.at) for text in values["garbage"])
    return Plan(**values)


def _speak_plan(entry: dict[str, object]) -> SpeakPlan:
    values = _values(entry, get_type_hints(SpeakPlan) | {"garbage": tuple[_TextWhen, ...]})
    if "garbage" in values:
        texts = values["garbage"]
        values["garbage"] = tuple(
            SendWhen(data=text.data, bytes=text.bytes, characters=text.characters) for text in texts
        )
    return SpeakPlan(**values)


def _values(entry: dict[str, object], hints: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(name, value, hints) for name, value in entry.items()}


def _value(name: str, value: object, hints: dict[str, Any]) -> Any:
    if name not in hints:
        raise ValueError(f"unknown: {name} (known: {', '.join(hints)})")
    if name == "refuse" and isinstance(value, int):
        if value not in REFUSALS:
            raise ValueError(f"refuse: {value} (known: {', '.join(map(str, REFUSALS))})")
        return REFUSALS[value]
    try:
        converted = msgspec.convert(value, hints[name])
    except msgspec.ValidationError as error:
        raise ValueError(f"{name}: {error}") from error
    _check_fields(name, value, converted)
    return converted


def _check_fields(name: str, value: object, converted: object) -> None:
    """msgspec refuses unknown fields of its own structs alone, and a slip of the pen would be a fault that never is."""
    if isinstance(value, list) and isinstance(converted, tuple):
        for part, converted_part in zip(value, converted, strict=True):
            _check_fields(name, part, converted_part)
    elif isinstance(value, dict) and is_dataclass(converted):
        known = [field.name for field in fields(converted)]
        unknown = sorted(value.keys() - known)
        if unknown:
            raise ValueError(f"{name}: unknown: {', '.join(unknown)} (known: {', '.join(known)})")
