"""Characters that a message tells."""

from __future__ import annotations

from typing import Any

import pytest

from phonegame.characters.inline import InlineCharacter, Invalid, as_persona
from phonegame.characters.persona import Action, Persona

SCRIPT = '[states.hello]\nsay = "Yes?"\nlisten = [{ hear = "door", do = "open", go = "hello" }]\n'
FILE = 'name = "Witness"\npatience = 0.2\n[[actions]]\nname = "open"\n' + SCRIPT


def lines(**fields: Any) -> list[str]:
    invalid = as_persona(InlineCharacter(**fields))
    assert isinstance(invalid, Invalid)
    assert invalid.what.startswith(f"{invalid.field}: ")
    return invalid.what.splitlines()


def test_fields_are_the_character_s() -> None:
    assert as_persona(InlineCharacter(name="A", persona="p", patience=1)) == Persona(name="A", persona="p", patience=1)


def test_a_whole_file_may_be_the_script() -> None:
    persona = as_persona(InlineCharacter(script=FILE))
    assert isinstance(persona, Persona)
    assert (persona.name, persona.patience, persona.script) == ("Witness", 0.2, FILE)
    assert [action.name for action in persona.actions] == ["open"]
    assert persona.vocabulary == ("door",)


def test_what_the_message_says_counts_in_its_place() -> None:
    persona = as_persona(InlineCharacter(name="Other", script=FILE, patience=1.5, greeting="Hi."))
    assert isinstance(persona, Persona)
    assert (persona.name, persona.patience, persona.greeting) == ("Other", 1.5, "Hi.")


def test_a_file_without_states_is_played_by_a_model() -> None:
    persona = as_persona(InlineCharacter(script='name = "A"\npersona = "A cook."'))
    assert persona == Persona(name="A", persona="A cook.")


def test_it_needs_a_name_and_something_to_be() -> None:
    assert lines() == ["name: is missing", "persona: is missing, and so is script; who is it, or what does it say?"]


def test_all_faults_of_actions_are_told() -> None:
    actions = (
        Action(name="hang_up"),
        Action(name="open", parameters={"type": "text"}),
        Action(name="open", parameters={"type": "array"}),
        Action(name="ring", parameters={"$ref": "#"}),
    )
    told = lines(name="A", persona="p", actions=actions)
    assert [line.partition(":")[0] for line in told] == [
        "actions[0].name",
        "actions[1].parameters",
        "actions[2].name",
        "actions[3].parameters",
    ]


def test_all_faults_of_a_script_are_told_with_their_places() -> None:
    assert lines(name="A", script=SCRIPT.replace('go = "hello"', 'go = "helo"')) == [
        "script: state hello, rule 1, go: there is no state 'helo'; did you mean 'hello'?",
        "script: state hello, rule 1, do: there is no action 'open'; declare it: [[actions]]",
    ]


def test_actions_of_the_message_are_the_script_s() -> None:
    assert isinstance(as_persona(InlineCharacter(name="A", script=SCRIPT, actions=(Action(name="open"),))), Persona)


def test_thousands_of_faults_are_told_in_short() -> None:
    script = "".join(f'[states.s{number}]\ngo = "x{"y" * 300}{number}"\n' for number in range(400))
    told = lines(name="A", script=script)
    assert len(told) == 21
    assert told[-1] == "and 380 more"
    assert max(map(len, told)) <= 200


def test_faults_are_named_where_they_are_in_the_message() -> None:
    invalid = as_persona(InlineCharacter(name="A"), "character.")
    assert isinstance(invalid, Invalid)
    assert invalid.field == "character.persona"
    assert invalid.what.startswith("character.persona: ")


@pytest.mark.parametrize("script", ["[", "x" * 200_001, "[states]\n", "a = " + "[" * 5000])
def test_whatever_the_script_it_has_an_outcome(script: str) -> None:
    assert lines(name="A", script=script)
