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
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from phonegame.local.speech.script import REFUSALS, Plan, Script, Send


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
    unknown = data.keys() - {"connection", "then"}
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))} (known: connection, then)")
    connections, then = data.get("connection", []), data.get("then", {})
    if not isinstance(connections, list) or not isinstance(then, dict):
        raise ValueError("`connection` is a list of tables, `then` is one table")
    return Script([_plan(entry) for entry in connections], then=_plan(then))


class _Text(msgspec.Struct, forbid_unknown_fields=True):
    """A `Send` of a file, which has no bytes."""

    data: str
    at: float = 0.0


def _plan(entry: dict[str, object]) -> Plan:
    hints = get_type_hints(Plan) | {"garbage": tuple[_Text, ...]}
    values = {name: _value(name, value, hints) for name, value in entry.items()}
    if "garbage" in values:
        values["garbage"] = tuple(Send(text.data, text.at) for text in values["garbage"])
    return Plan(**values)


def _value(name: str, value: object, hints: dict[str, Any]) -> Any:
    if name not in hints:
        raise ValueError(f"unknown: {name} (known: {', '.join(hints)})")
    if name == "refuse" and isinstance(value, int):
        if value not in REFUSALS:
            raise ValueError(f"refuse: {value} (known: {', '.join(map(str, REFUSALS))})")
        return REFUSALS[value]
    try:
        return msgspec.convert(value, hints[name])
    except msgspec.ValidationError as error:
        raise ValueError(f"{name}: {error}") from error
