"""For load balancers, for monitors, and for tools that generate a client's side of the protocols."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal

from quart import Blueprint, Response, request

from phonegame.metrics import CONTENT_TYPE
from phonegame.web.openapi import openapi
from phonegame.wire.v1.asyncapi import asyncapi

Answer = tuple[dict[str, str], int]
Readiness = Literal["ok", "full", "stopping"]


def machine_pages(readiness: Callable[[], Readiness], metrics: Callable[[], Awaitable[str]]) -> Blueprint:
    pages = Blueprint("machines", __name__)

    @pages.get("/healthz")
    async def healthz() -> Answer:
        return {"status": "ok"}, 200

    @pages.get("/readyz")
    async def readyz() -> Answer:
        """Whether calls and games should be sent here. Who is full stays: it serves games, and says so to callers."""
        status = readiness()
        return {"status": status}, 503 if status == "stopping" else 200

    @pages.get("/metrics")
    async def metrics_of_all() -> Response:
        return Response(await metrics(), content_type=CONTENT_TYPE)

    @pages.get("/asyncapi.json")
    async def asyncapi_document() -> dict[str, Any]:
        return asyncapi(request.host, "wss" if request.scheme == "https" else "ws")

    @pages.get("/openapi.json")
    async def openapi_document() -> dict[str, Any]:
        return openapi()

    @pages.get("/game")
    @pages.get("/twilio")
    async def no_websocket() -> Response:
        text = "Connect with a websocket: ws:// or wss://.\n"
        return Response(text, 426, {"Upgrade": "websocket"}, content_type="text/plain; charset=utf-8")

    return pages
