"""The OpenAPI document has every route, and says whose it is. test_openapi_fuzz.py asks whether the routes obey it."""

from __future__ import annotations

from typing import Any

import schemathesis

from phonegame.app import create_app
from phonegame.settings import Settings
from phonegame.web.openapi import openapi
from tests.house import open_house
from tests.http_client import fetch
from tests.twilio_side import LOCKS

AUTOMATIC = {"HEAD", "OPTIONS"}
WEBSOCKETS = {"/game", "/twilio"}


def operations() -> dict[tuple[str, str], Any]:
    paths: dict[str, dict[str, Any]] = openapi()["paths"]
    return {(path, method.upper()): told for path, methods in paths.items() for method, told in methods.items()}


def test_it_has_every_route_and_nothing_else() -> None:
    app = create_app(Settings(_env_file=None, DEEPGRAM_API_KEY="key", voice="none"))
    routes = {(rule.rule, method) for rule in app.url_map.iter_rules() for method in rule.methods or ()}
    assert operations().keys() == {(path, method) for path, method in routes if method not in AUTOMATIC}


def test_it_is_what_openapi_allows() -> None:
    schemathesis.openapi.from_dict(openapi()).validate()


async def test_whose_a_route_is_can_be_told_by_who_is_let_in() -> None:
    async with open_house(**LOCKS) as house:
        for (path, method), told in operations().items():
            answer = await fetch(house.address, method, path)
            assert str(answer.status) in told["responses"]
            expected = {401: "operatorBearer", 403: "twilioSignature", 426: WEBSOCKETS, 200: None}[answer.status]
            if path in WEBSOCKETS:
                assert answer.status == 426
            else:
                assert [*told["security"], {None: []}][0] == {expected: []}


async def test_it_is_served_to_anybody() -> None:
    async with open_house(**LOCKS) as house:
        answer = await fetch(house.address, "GET", "/openapi.json")
        assert answer.header("content-type") == ["application/json"]
