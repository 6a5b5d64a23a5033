"""For load balancers, and for tools that generate a game's side of the protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from quart import Blueprint, request

from phonegame.wire.v1.asyncapi import asyncapi

Answer = tuple[dict[str, str], int]


def machine_pages(is_closing: Callable[[], bool]) -> Blueprint:
    pages = Blueprint("machines", __name__)

    @pages.get("/healthz")
    async def healthz() -> Answer:
        return {"status": "ok"}, 200

    @pages.get("/readyz")
    async def readyz() -> Answer:
        """Whether calls and games should be sent here."""
        return ({"status": "closing"}, 503) if is_closing() else ({"status": "ok"}, 200)

    @pages.get("/asyncapi.json")
    async def asyncapi_document() -> dict[str, Any]:
        return asyncapi(request.host, "wss" if request.scheme == "https" else "ws")

    @pages.get("/game")
    @pages.get("/twilio")
    async def no_websocket() -> tuple[str, int, dict[str, str]]:
        return "Connect with a websocket: ws:// or wss://.\n", 426, {"Upgrade": "websocket"}

    return pages
