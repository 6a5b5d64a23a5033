"""What is wrong with messages about characters, for whoever writes a game."""

from __future__ import annotations

import json
from typing import Any

import pytest

from phonegame.wire.v1 import ActionResult, Malformed, parse

GUIDO = {"name": "Guido", "persona": "A cook."}
RESULT = {"type": "action_result", "action_id": "a1"}


def character(**fields: Any) -> dict[str, Any]:
    return {"type": "character", **GUIDO, **fields}


def dial(character: Any) -> dict[str, Any]:
    return {"type": "dial", "to": "+12025550123", "dial_id": "d1", "character": character}


@pytest.mark.parametrize(
    ("message", "field", "what"),
    [
        (character(actions={}), "actions", "is an object, and must be a list"),
        (character(actions=["bake"]), "actions[0]", "is a string, and must be an object"),
        (character(actions=[{"name": "a"}, {}]), "actions[1].name", "is missing"),
        (
            character(actions=[{"name": "bake it"}]),
            "actions[0].name",
            "'bake it' does not fit ^[A-Za-z0-9_-]{1,64}$",
        ),
        (character(actions=[{"name": "a", "seconds": 0}]), "actions[0].seconds", "0 is not above 0 to 60"),
        (
            character(actions=[{"name": "a", "parameters": []}]),
            "actions[0].parameters",
            "is a list, and must be an object",
        ),
        (character(patience=9), "patience", "9 is not from 0 to 5"),
        (character(vocabulary=[""]), "vocabulary[0]", "is empty"),
        (character(use=""), "use", "is empty"),
        (character(call_id="c", players=[1]), "players", "is there, and so is call_id; give only one"),
        (dial(5), "character", "is a number, and must be an object or a string"),
        (dial({"name": 5}), "character.name", "is a number, and must be a string"),
        (dial({"name": "a", "actions": [{}]}), "character.actions[0].name", "is missing"),
        (RESULT | {"failed": "no"}, "failed", "is a string, and must be true or false"),
        (RESULT | {"result": "x" * 9000}, "result", "has 9002 bytes as JSON, and at most 8000 are allowed"),
        ({"type": "action_result"}, "action_id", "is missing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_does_not_fit_is_malformed(message: dict[str, Any], field: str, what: str) -> None:
    parsed = parse(json.dumps(message))
    assert isinstance(parsed, Malformed)
    assert (parsed.code, parsed.field, parsed.message) == ("malformed", field, f"{field}: {what}")
    assert (parsed.in_reply_to, parsed.dial_id) == (message["type"], message.get("dial_id"))


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"type": "character"}, "name"),
        ({"type": "character", "name": "Guido"}, "persona"),
        (character(script="["), "script"),
        (character(actions=[{"name": "hang_up"}]), "actions[0].name"),
        (character(actions=[{"name": "a", "parameters": {"type": 5}}]), "actions[0].parameters"),
        (character(use="guido"), "use"),
        (dial({"name": "Guido"}), "character.persona"),
        (dial({"name": "Guido", "script": "["}), "character.script"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_played_is_a_bad_character(message: dict[str, Any], field: str) -> None:
    parsed = parse(json.dumps(message))
    assert isinstance(parsed, Malformed)
    assert (parsed.code, parsed.field) == ("bad_character", field)
    assert parsed.message.startswith(f"{field}: ")
    assert (parsed.in_reply_to, parsed.dial_id) == (message["type"], message.get("dial_id"))


@pytest.mark.parametrize("result", [None, True, 0, 1.5, "done", [1, [None]], {"a": {"b": 1}}])
def test_a_result_is_any_json(result: object) -> None:
    parsed = parse(json.dumps(RESULT | {"result": result}))
    assert parsed == ActionResult(action_id="a1", result=result)
