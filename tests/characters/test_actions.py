from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.characters.actions import ActionInvalid, Actions, Checked, Refusal
from phonegame.characters.brain import ActionCall
from phonegame.characters.persona import Action

DOOR = {
    "type": "object",
    "properties": {"side": {"type": "string", "pattern": "^(l|r)$"}, "times": {"type": "integer", "minimum": 1}},
    "required": ["side"],
    "additionalProperties": False,
}


def check(arguments: str, parameters: dict[str, Any] | None = None) -> Checked | Refusal:
    actions = Actions([Action(name="open", parameters=DOOR if parameters is None else parameters)])
    return actions.check(ActionCall("1", "open", arguments))


def why(arguments: str, parameters: dict[str, Any] | None = None) -> str:
    refusal = check(arguments, parameters)
    assert isinstance(refusal, Refusal)
    return refusal.why


def test_arguments_that_fit() -> None:
    checked = check('{"side": "l", "times": 2}')
    assert isinstance(checked, Checked)
    assert checked.arguments == {"side": "l", "times": 2}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("{}", "the arguments: 'side' is a required property"),
        ('{"side": 1}', "side: 1 is not of type 'string'"),
        ('{"side": "l", "times": 0}', "times: 0 is less than the minimum of 1"),
        ("[]", "the arguments are no JSON object"),
        ("{", "the arguments are no JSON object"),
        ("[" * 5000, "the arguments are no JSON object"),
        ('{"side": "' + "l" * 20_000 + '"}', "the arguments are no JSON object"),
    ],
)
def test_arguments_that_do_not(arguments: str, reason: str) -> None:
    assert why(arguments) == reason


def test_an_action_without_parameters_takes_none() -> None:
    assert isinstance(check("", {}), Checked)
    assert isinstance(check("{}", {}), Checked)
    assert "Additional properties" in why('{"x": 1}', {})


def test_patterns_are_not_checked() -> None:
    """One that backtracks would stop the server."""
    evil = {"type": "object", "properties": {"x": {"type": "string", "pattern": "^(a+)+$"}}}
    assert isinstance(check('{"x": "' + "a" * 40 + '!"}', evil), Checked)


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"type": "objekt"}, "are no JSON Schema: 'objekt' is not valid"),
        ({"type": "array"}, 'must describe an object: "type": "object"'),
        ({"properties": {}}, 'must describe an object: "type": "object"'),
        ({"type": "object", "properties": {"x": {"$ref": "https://example.com/"}}}, "have a $ref"),
        ({"type": "object", "allOf": [{"$ref": "#"}]}, "have a $ref"),
        ({"type": "object", "description": "x" * 20_000}, "are longer than 10000 characters"),
    ],
)
def test_schemas_that_cannot_be_used(parameters: dict[str, Any], reason: str) -> None:
    with pytest.raises(ActionInvalid) as invalid:
        Actions([Action(name="open", parameters=parameters)])
    assert str(invalid.value).startswith("actions: 'open', parameters: ")
    assert reason in str(invalid.value)


def test_a_property_may_be_called_ref() -> None:
    parameters = {"type": "object", "properties": {"$ref": {"type": "string"}}}
    assert isinstance(check('{"$ref": "x"}', parameters), Checked)


@pytest.mark.parametrize(
    ("names", "reason"),
    [(["open", "open"], "'open', name: comes twice"), (["hang_up"], "'hang_up', name: is the server's own")],
)
def test_names_that_are_taken(names: list[str], reason: str) -> None:
    with pytest.raises(ActionInvalid, match=reason):
        Actions([Action(name=name) for name in names])


def test_every_character_can_hang_up() -> None:
    assert isinstance(Actions([]).check(ActionCall("1", "hang_up", "")), Checked)


@given(st.text(), st.text())
def test_whatever_a_brain_calls_gets_an_answer(name: str, arguments: str) -> None:
    assert isinstance(Actions([Action(name="open", parameters=DOOR)]).check(ActionCall("1", name, arguments)), Refusal)
