"""phonegame.v1 for machines: an AsyncAPI 3.0 document, from the game's point of view.

Source: AsyncAPI specification 3.0.0; its "WebSockets channel binding" 0.1.0. Payloads are its
schema objects: JSON Schema, draft 7.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import msgspec

from phonegame.wire.v1.catalogue import CATALOGUE, Direction, Entry
from phonegame.wire.v1.to_game import Error

Json = dict[str, Any]

DESCRIPTION = """\
How a game talks with phonegame: one JSON object a message. This document describes the game: it sends what its
operation `send` lists, and receives what its operation `receive` lists.

Open a websocket with the subprotocol `phonegame.v1`. The first message is `welcome`, with the phone number and the code
that the game shows. Ignore types and fields that you do not know. Optional fields may be left out or null. What cannot
be understood is answered by an `error` that names the field, and loses nothing else.

All messages to the game but `welcome` and `pong` are numbered by `seq`: 1, 2, 3, ... over the game's whole life (errors
on a connection that has no game yet are not). A `pong` comes behind all that was to be told before the `ping`. A game
whose connection is lost, other than by a close with 1000 or without a code, keeps its code and its calls for
`away_seconds`; connect again and send `resume` first, with the last `seq` that you have.
"""


def asyncapi(host: str = "127.0.0.1:5000", protocol: str = "ws") -> Json:
    """The document, for a server at that address (`ws` or `wss`)."""
    structs = [entry.struct for entry in CATALOGUE]
    components = msgspec.json.schema_components(structs, ref_template="#/components/schemas/{name}")
    # defaults as JSON has them: lists
    payloads, schemas = msgspec.json.decode(msgspec.json.encode(components))
    for schema in schemas.values():
        if "description" in schema:
            # Python 3.13 has taken the indent out of docstrings, earlier ones have not
            schema["description"] = " ".join(schema["description"].split())
    for entry in CATALOGUE:
        _complete(schemas[entry.struct.__name__], entry)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "phonegame.v1", "version": version("phonegame"), "description": DESCRIPTION},
        "defaultContentType": "application/json",
        "servers": {"phonegame": {"host": host, "protocol": protocol}},
        "channels": {"game": _channel()},
        "operations": {
            "send": _operation("send", Direction.FROM_GAME, "What the game tells the server."),
            "receive": _operation("receive", Direction.TO_GAME, "What the server tells the game."),
        },
        "components": {
            "messages": {
                entry.name: _message(entry, payload) for entry, payload in zip(CATALOGUE, payloads, strict=True)
            },
            "schemas": schemas,
        },
    }


def _channel() -> Json:
    subprotocol = {"type": "string", "const": "phonegame.v1"}
    return {
        "address": "/game",
        "servers": [{"$ref": "#/servers/phonegame"}],
        "messages": {entry.name: {"$ref": f"#/components/messages/{entry.name}"} for entry in CATALOGUE},
        "bindings": {
            "ws": {
                "method": "GET",
                "headers": {"type": "object", "properties": {"Sec-WebSocket-Protocol": subprotocol}},
                "bindingVersion": "0.1.0",
            }
        },
    }


def _operation(action: str, direction: Direction, summary: str) -> Json:
    names = [entry.name for entry in CATALOGUE if entry.direction is direction]
    return {
        "action": action,
        "summary": summary,
        "channel": {"$ref": "#/channels/game"},
        "messages": [{"$ref": f"#/channels/game/messages/{name}"} for name in names],
    }


def _message(entry: Entry, payload: Json) -> Json:
    return {
        "name": entry.name,
        "title": entry.name,
        "summary": entry.sentence,
        "contentType": "application/json",
        "payload": payload,
    }


def _complete(schema: Json, entry: Entry) -> None:
    """What the struct does not hold: the number, which is put in front when a message is sent."""
    if entry.numbered:
        seq = {"type": "integer", "minimum": 1, "description": "Counts the messages to this game, without a hole."}
        schema["properties"] = {"type": schema["properties"].pop("type"), "seq": seq, **schema["properties"]}
        # an error on a connection that has no game has no number
        numbered = [] if entry.struct is Error else ["seq"]
        schema["required"] = ["type", *numbered, *(name for name in schema["required"] if name != "type")]
