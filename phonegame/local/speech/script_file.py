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

import msgspec

from phonegame.local.speech.query import Refusal
from phonegame.local.speech.script import REFUSALS, Plan, Script


class ScriptFileError(ValueError):
    """The file cannot be used; the text names the file and the field."""


def load_script(path: Path) -> Script:
    try:
        text = path.read_text(encoding="utf-8")
        data = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
        return parse_script(data)
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise ScriptFileError(f"{path}: {error}") from error


def parse_script(data: dict[str, object]) -> Script:
    """ValueError (msgspec's too) names the field that is wrong."""
    unknown = data.keys() - {"connection", "then"}
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))} (known: connection, then)")
    connections, then = data.get("connection", []), data.get("then", {})
    if not isinstance(connections, list) or not isinstance(then, dict):
        raise ValueError("`connection` is a list of tables, `then` is one table")
    return Script([_plan(entry) for entry in connections], then=_plan(then))


def _plan(entry: dict[str, object]) -> Plan:
    unknown = entry.keys() - set(Plan.__slots__)
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    refusal = entry.get("refuse")
    if isinstance(refusal, int):
        if refusal not in REFUSALS:
            raise ValueError(f"refuse: {refusal} (known: {', '.join(map(str, REFUSALS))})")
        entry = entry | {"refuse": _as_dict(REFUSALS[refusal])}
    return msgspec.convert(entry, Plan)


def _as_dict(refusal: Refusal) -> dict[str, object]:
    return {"status": refusal.status, "err_code": refusal.err_code, "err_msg": refusal.err_msg}
