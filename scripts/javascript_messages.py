"""phonegame.v1's messages for the JavaScript client: lists of their types, and their fields as JSDoc."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from typing import Any

from phonegame.wire.v1.asyncapi import asyncapi
from phonegame.wire.v1.catalogue import CATALOGUE, Direction, Entry

Json = dict[str, Any]

HEAD = """\
// The messages of phonegame.v1, as the server's catalogue has them. Written by scripts/protocol.py, not by hand.
"""
WIDTH = 120
REFERENCE = "#/components/schemas/"
LISTS = {
    Direction.TO_GAME: ("TO_GAME", "ServerMessages", "the server sends"),
    Direction.FROM_GAME: ("FROM_GAME", "GameMessages", "a game sends"),
}
# what JavaScript or TypeScript has itself by that name
_RENAMED = {"Error": "ErrorMessage", "Record": "RecordMessage"}
_SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def messages_module() -> str:
    schemas: Json = asyncapi()["components"]["schemas"]
    lists = [_list(direction) for direction in Direction]
    typedefs = [_typedef(name, schema) for name, schema in schemas.items()]
    return "\n".join([HEAD, *lists, *typedefs])


def _list(direction: Direction) -> str:
    name, by_type, who = LISTS[direction]
    entries = [entry for entry in CATALOGUE if entry.direction is direction]
    types = "\n".join(f"  {json.dumps(entry.name)}," for entry in entries)
    messages = "\n".join(f" * @property {{{_struct(entry)}}} {entry.name}" for entry in entries)
    return (
        f"/** The types of all messages that {who}. */\n"
        f"export const {name} = Object.freeze(/** @type {{const}} */ ([\n{types}\n]));\n\n"
        f"/**\n * Each message that {who}, by its type.\n * @typedef {{object}} {by_type}\n{messages}\n */\n"
    )


def _struct(entry: Entry) -> str:
    return _name(entry.struct.__name__)


def _name(schema: str) -> str:
    return _RENAMED.get(schema, schema)


def _typedef(name: str, schema: Json) -> str:
    about = textwrap.wrap(schema.get("description", ""), WIDTH, initial_indent=" * ", subsequent_indent=" * ")
    if "properties" not in schema:
        return "\n".join(["/**", *about, f" * @typedef {{{_type(schema)}}} {_name(name)}", " */", ""])
    return "\n".join(["/**", *about, f" * @typedef {{object}} {_name(name)}", *_properties(schema), " */", ""])


def _properties(schema: Json) -> Iterator[str]:
    for name, field in schema["properties"].items():
        shown = name if name in schema.get("required", ()) else f"[{name}]"
        yield f" * @property {{{_type(field)}}} {shown} {field.get('description', '')}".rstrip()


def _type(schema: Json) -> str:
    match schema:
        case {"$ref": reference}:
            return _name(reference.removeprefix(REFERENCE))
        case {"enum": values}:
            return " | ".join(json.dumps(value) for value in values)
        case {"anyOf": choices}:
            return " | ".join(dict.fromkeys(_type(choice) for choice in choices))
        case {"type": "array", "items": items}:
            return f"ReadonlyArray<{_type(items)}>"
        case {"type": "object"}:
            return "{[name: string]: any}"
        case {"type": str(simple)}:
            return _SIMPLE[simple]
        case _:
            return "any"
