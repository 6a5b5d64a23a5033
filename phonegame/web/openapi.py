"""The HTTP routes for machines: an OpenAPI 3.1 document. Whose a route is comes from doors.py, rules from dialling.

Source: OpenAPI specification 3.1.1. tests/web/test_openapi.py compares it with the routes, and asks them.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import msgspec

from phonegame.dialling.rules import Rule
from phonegame.twilio import twiml
from phonegame.web.doors import SIGNED, is_open
from phonegame.web.live import CONTENT_TYPE as EVENTS
from phonegame.web.operator import FORM, JSON, Ending, Order

Json = dict[str, Any]

DESCRIPTION = """\
Phone calls as a part of video games. Each route is for one kind of visitor: Twilio, whose requests are signed; the
server's operator, who has a key; or anybody. Where a lock has no key set, the server lets in whoever comes from its own
machine, and nobody else. What goes wrong is told in one line of text. What games say over `/game` is in
`/asyncapi.json`.
"""
TEXT = "text/plain"
HTML = "text/html"
XML = twiml.CONTENT_TYPE.partition(";")[0]

_STRING: Json = {"type": "string"}
_ANYTHING: Json = {"type": "object"}

SECURITY_SCHEMES: dict[str, Json] = {
    "operatorBearer": {"type": "http", "scheme": "bearer", "description": "PHONEGAME_OPERATOR_KEY."},
    "operatorBasic": {"type": "http", "scheme": "basic", "description": "The same as the password; any name."},
    "twilioSignature": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Twilio-Signature",
        "description": "Twilio's, made with TWILIO_AUTH_TOKEN over the public address and the form.",
    },
    "gameBearer": {"type": "http", "scheme": "bearer", "description": "One of PHONEGAME_GAME_KEYS."},
    "gameKey": {"type": "apiKey", "in": "query", "name": "key", "description": "The same, without headers."},
}

GAME_KEYS = ("gameBearer", "gameKey")


def openapi() -> Json:
    _, schemas = msgspec.json.schema_components([Order, Ending], ref_template="#/components/schemas/{name}")
    return {
        "openapi": "3.1.0",
        "info": {"title": "phonegame", "version": version("phonegame"), "description": DESCRIPTION},
        "servers": [{"url": "."}],
        "paths": {path: {method: _of_door(path, told)} for path, (method, told) in _routes().items()},
        "components": {"schemas": schemas, "securitySchemes": SECURITY_SCHEMES},
    }


def _routes() -> dict[str, tuple[str, Json]]:
    """Without what every route of a door has."""
    return {
        "/": ("get", _operation("The operator's page.", {"200": _answer("The page.", {HTML: _STRING})})),
        "/demo": ("get", _demo()),
        "/static/{name}": ("get", _asset()),
        "/events": ("get", _events()),
        "/call": ("post", _place_call()),
        "/hangup": ("post", _end_call()),
        "/twiml": ("post", _webhook("What shall happen with a call; the stream's address comes with a one-use token.")),
        "/twiml/after": ("post", _webhook("What shall happen with a call whose media stream has ended.")),
        "/twilio/status": ("post", _webhook("How an outgoing call goes.", "CallStatus", "SequenceNumber")),
        "/twilio/amd": ("post", _webhook("Who has answered an outgoing call.", "AnsweredBy")),
        "/healthz": ("get", _operation("Whether the process is alive.", {"200": _status("It is.", "ok")})),
        "/readyz": (
            "get",
            _operation(
                "Whether calls and games should be sent here.",
                {
                    "200": _status("They should; no calls where it is full.", "ok", "full"),
                    "503": _status("The server is to stop: it takes none.", "stopping"),
                },
            ),
        ),
        "/metrics": ("get", _operation("How the server does: Prometheus' text format.", {"200": _text("Metrics.")})),
        "/asyncapi.json": ("get", _document("phonegame.v1, the protocol of `/game`: AsyncAPI 3.0.")),
        "/openapi.json": ("get", _document("This document.")),
        "/game": ("get", _websocket("Games: with the subprotocol `phonegame.v1`, or in plain text.", *GAME_KEYS)),
        "/twilio": ("get", _websocket("Twilio's media streams.", "twilioSignature")),
    }


def _operation(summary: str, responses: Json, **more: Any) -> Json:
    return {"summary": summary, **more, "responses": responses}


def _answer(description: str, content: dict[str, Json]) -> Json:
    return {"description": description, "content": {kind: {"schema": schema} for kind, schema in content.items()}}


def _text(description: str) -> Json:
    return _answer(description, {TEXT: _STRING})


def _status(description: str, *statuses: str) -> Json:
    return _answer(description, {JSON: _object({"status": {"enum": list(statuses)}}, "status")})


def _object(properties: Json, *required: str) -> Json:
    return {"type": "object", "properties": properties, "required": list(required)}


def _document(summary: str) -> Json:
    return _operation(summary, {"200": _answer("The document.", {JSON: _ANYTHING})})


def _demo() -> Json:
    responses = {
        "200": _answer("The page.", {HTML: _STRING}),
        "404": _text("It is off; the text tells how to turn it on."),
    }
    return _operation("A small game in the browser, and a phone beside it where it is the local one.", responses)


def _asset() -> Json:
    name = {"name": "name", "in": "path", "required": True, "schema": {**_STRING, "examples": ["client/phonegame.js"]}}
    kinds = ("text/css", "text/javascript", "image/svg+xml", TEXT)
    responses = {
        "200": _answer("The file.", dict.fromkeys(kinds, _STRING)),
        "304": {"description": "It is as `If-None-Match` has it."},
        "404": _text("There is no such file."),
    }
    return _operation("Style and scripts of the pages, and the JavaScript client.", responses, parameters=[name])


def _events() -> Json:
    call = {"name": "call", "in": "query", "schema": _STRING, "description": "Whose time line is told as well."}
    responses = {
        "200": _answer("Server-sent events, without an end: each `data` is a `Change`.", {EVENTS: _STRING}),
        "503": _text("Too many pages are looking; `Retry-After` tells when to try again."),
    }
    return _operation("What changes on the operator's page, as it changes.", responses, parameters=[call])


def _end_call() -> Json:
    responses = {
        "200": _answer("It is being ended.", {JSON: _object({"call": _STRING}, "call"), HTML: _STRING}),
        "400": _told("The request names no call.", {}),
        "404": _told("There is no such call, or it has ended.", {}),
    }
    body = _body(JSON, FORM, schema={"$ref": "#/components/schemas/Ending"})
    return _operation("Ends a call, or the ringing of a phone.", responses, requestBody=body)


def _body(*kinds: str, schema: Json) -> Json:
    return {"required": True, "content": {kind: {"schema": schema} for kind in kinds}}


def _place_call() -> Json:
    """A browser's form is answered with the page, everything else with JSON."""
    rules: dict[int, list[str]] = {}
    for rule in Rule:
        rules.setdefault(rule.http_status, []).append(rule.label)
    refused = {
        str(status): _told(f"Not placed. Rules: {', '.join(labels)}.", {"rule": {"enum": labels}})
        for status, labels in rules.items()
    }
    return _operation(
        "Rings somebody up.",
        {
            "200": _answer(
                "The carrier has taken it.", {JSON: _object({"callSid": _STRING}, "callSid"), HTML: _STRING}
            ),
            **refused,
            "502": _told("The carrier does not do it; `error` tells whether it may have all the same.", {}),
        },
        requestBody=_body(JSON, FORM, schema={"$ref": "#/components/schemas/Order"}),
    )


def _told(description: str, properties: Json) -> Json:
    return _answer(description, {JSON: _object({"error": _STRING, **properties}, "error"), HTML: _STRING})


def _webhook(summary: str, *fields: str) -> Json:
    properties = {"CallSid": {"type": "string", "minLength": 1}, **dict.fromkeys(["From", "To", *fields], _STRING)}
    form = {**_object(properties, "CallSid"), "additionalProperties": _STRING}
    call_id = {"name": "call", "in": "query", "schema": _STRING, "description": "Our id of an outgoing call."}
    responses = {"200": _answer("TwiML.", {XML: _STRING}), "400": _text("There is no CallSid.")}
    return _operation(summary, responses, parameters=[call_id], requestBody=_body(FORM, schema=form))


def _websocket(summary: str, *schemes: str) -> Json:
    """Its keys are asked for in the handshake alone: whoever sends none is told how to open a websocket."""
    responses = {
        "101": {"description": "The websocket is open."},
        "401": _text("The key is missing or wrong."),
        "426": _text("The request asks for no websocket."),
        "429": _text("There are too many connections from this address."),
        "503": _text("The server is going down."),
    }
    return _operation(summary, responses, security=[{scheme: []} for scheme in schemes])


def _of_door(path: str, operation: Json) -> Json:
    """With what is the same for all that the same visitors may use."""
    responses = operation["responses"]
    _add_text(responses, "403", "Not for this visitor; the text says whom it is for, and what to set.")
    if "requestBody" in operation:
        _add_text(responses, "408", "The request has not come in time.")
        _add_text(responses, "413", "The request is too long.")
    if is_open(path):
        return {"security": [], **operation}
    if path in SIGNED:
        return {"security": [{"twilioSignature": []}], **operation}
    _add_text(responses, "401", "The operator's key is missing or wrong.")
    _add_text(
        responses, "429", "Too many wrong keys have come from this address; `Retry-After` tells when to try again."
    )
    return {"security": [{"operatorBearer": []}, {"operatorBasic": []}], **operation}


def _add_text(responses: Json, status: str, description: str) -> None:
    responses.setdefault(status, _answer(description, {}))["content"][TEXT] = {"schema": _STRING}
