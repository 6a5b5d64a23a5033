"""The OpenAPI document has every route, and says whose it is. test_openapi_fuzz.py asks whether the routes obey it."""

from __future__ import annotations

import re
from typing import Any

import pytest
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
    rules = [(re.sub(r"<\w+:(\w+)>", r"{\1}", rule.rule), rule.methods or ()) for rule in app.url_map.iter_rules()]
    routes = {(path, method) for path, methods in rules for method in methods}
    assert operations().keys() == {(path, method) for path, method in routes if method not in AUTOMATIC}


def test_it_is_what_openapi_allows() -> None:
    schemathesis.openapi.from_dict(openapi()).validate()


OF_STRANGERS = {
    frozenset(): 200,
    frozenset({"twilioSignature"}): 403,
    frozenset({"operatorBearer", "operatorBasic"}): 401,
}
"""What somebody without a key is answered, by what the document asks for."""


def status_for_strangers(path: str, told: Any) -> int:
    if path in WEBSOCKETS:
        return 426
    if path == "/demo":
        # this server can be reached from outside
        return 404
    return OF_STRANGERS[frozenset(scheme for way in told["security"] for scheme in way)]


@pytest.mark.parametrize(("path", "method"), operations())
async def test_whose_a_route_is_can_be_told_by_who_is_let_in(path: str, method: str) -> None:
    told = operations()[path, method]
    async with open_house(**LOCKS) as house:
        answer = await fetch(house.address, method, path.replace("{name}", "style.css"))
    assert answer.status == status_for_strangers(path, told)
    assert str(answer.status) in told["responses"]


async def test_it_is_served_to_anybody() -> None:
    async with open_house(**LOCKS) as house:
        answer = await fetch(house.address, "GET", "/openapi.json")
        assert answer.header("content-type") == ["application/json"]
