from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft7Validator
from protocol import README, as_in_readme, main

from phonegame.wire import v1
from phonegame.wire.v1.asyncapi import asyncapi
from phonegame.wire.v1.catalogue import CATALOGUE, Direction, table
from phonegame.wire.v1.to_game import Unnumbered
from tests.wire.messages import FROM_GAME, TO_GAME

NUMBERED = [json.loads(v1.encode(message, None if isinstance(message, Unnumbered) else 17)) for message in TO_GAME]
DOCUMENT = asyncapi()


def validator(message: str) -> Draft7Validator:
    """For the payload of this message, within the document that its references lead into."""
    return Draft7Validator({"$ref": f"#/components/messages/{message}/payload"} | DOCUMENT)


def references(value: Any) -> set[str]:
    match value:
        case dict():
            own = {value["$ref"]} if "$ref" in value else set()
            return own.union(*(references(entry) for entry in value.values()))
        case list():
            return set().union(*(references(entry) for entry in value))
        case _:
            return set()


def resolve(reference: str) -> Any:
    value: Any = DOCUMENT
    for name in reference.removeprefix("#/").split("/"):
        value = value[name]
    return value


def test_there_is_a_sample_of_each_message() -> None:
    sampled = {message["type"] for message in FROM_GAME + NUMBERED}
    assert sampled == {entry.name for entry in CATALOGUE}


@pytest.mark.parametrize("message", FROM_GAME + NUMBERED, ids=lambda message: message["type"])
def test_messages_are_as_their_schema_says(message: dict[str, Any]) -> None:
    assert list(validator(message["type"]).iter_errors(message)) == []


@pytest.mark.parametrize("message", FROM_GAME + NUMBERED, ids=lambda message: message["type"])
def test_a_schema_knows_each_field_and_misses_those_that_must_be_there(message: dict[str, Any]) -> None:
    name = message["type"]
    schema = resolve(resolve(f"#/components/messages/{name}")["payload"]["$ref"])
    assert set(message) <= set(schema["properties"])
    for field in schema["required"]:
        assert not validator(name).is_valid({key: value for key, value in message.items() if key != field})


@pytest.mark.parametrize(
    "message",
    [
        {"type": "say", "text": "x" * 4001},
        {"type": "say", "text": "hi", "players": [17]},
        {"type": "say", "text": "hi", "priority": "later"},
        {"type": "vocabulary", "words": [""]},
        {"type": "accept", "callers": 0},
        {"type": "resume", "resume_token": "t", "last_seq": -1},
    ],
    ids=lambda message: message["type"],
)
def test_what_the_server_refuses_the_schema_refuses_too(message: dict[str, Any]) -> None:
    assert isinstance(v1.parse(json.dumps(message)), v1.Malformed)
    assert not validator(message["type"]).is_valid(message)


def test_schemas_are_schemas() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft7Validator.check_schema(schema)


def test_references_lead_somewhere() -> None:
    assert [resolve(reference) for reference in references(DOCUMENT)]


def test_a_game_sends_and_receives_each_message_in_one_operation() -> None:
    operations = DOCUMENT["operations"]
    for action, direction in (("send", Direction.FROM_GAME), ("receive", Direction.TO_GAME)):
        assert operations[action]["action"] == action
        listed = [resolve(resolve(each["$ref"])["$ref"])["name"] for each in operations[action]["messages"]]
        assert listed == [entry.name for entry in CATALOGUE if entry.direction is direction]


def test_the_document_names_the_server_that_gives_it() -> None:
    assert asyncapi("game.example:443", "wss")["servers"]["phonegame"] == {
        "host": "game.example:443",
        "protocol": "wss",
    }


def test_the_document_can_be_sent() -> None:
    assert json.loads(msgspec.json.encode(DOCUMENT)) == DOCUMENT


def test_each_message_is_explained_in_a_row() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*) \| (.+) \|$", table(), re.MULTILINE)
    assert [name for name, _, _ in rows] == [entry.name for entry in CATALOGUE]
    fields = {name: fields for name, fields, _ in rows}
    assert fields["hangup"] == "`call_id?`, `players?`, `at_once?`"
    assert fields["dtmf"] == "`seq`, `call_id`, `player`, `digit`"


def test_the_readmes_table_is_up_to_date() -> None:
    text = README.read_text(encoding="utf-8")
    assert as_in_readme(text) == text, "python scripts/protocol.py writes it anew"


def test_a_table_that_is_not_up_to_date_is_found_and_mended(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- phonegame.v1 -->\nold\n<!-- /phonegame.v1 -->\nafter\n", encoding="utf-8")
    assert main(["--check", str(readme)]) == 1
    assert main([str(readme)]) == 0
    assert main(["--check", str(readme)]) == 0
    text = readme.read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- phonegame.v1 -->\n")
    assert text.endswith("<!-- /phonegame.v1 -->\nafter\n")
    assert table() in text


def test_a_readme_without_the_markers_is_an_error(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("nothing", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"phonegame\.v1"):
        main([str(readme)])
