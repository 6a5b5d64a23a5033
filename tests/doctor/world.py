"""What a doctor's checks ask: a server, a speech service, a carrier, all of it one ASGI application on loopback."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from phonegame.settings import Settings
from phonegame.twilio.signature import is_genuine
from tests.hypercorn_server import config_for, serving

TOKEN = "0123456789abcdef0123456789abcdef"
ACCOUNT = "AC" + "0" * 32
NUMBER = "+15551230042"
SECRETS = ("deepgram-secret", TOKEN, "operator-secret", "games-secret", "5551230042")


@dataclass
class World:
    """Healthy, unless told otherwise."""

    status: int = 200
    health: bytes = b'{"status": "ok"}'
    speech_status: int = 101
    stream_status: int | None = None
    """None: 101 for a signed handshake, 403 for others."""
    number: dict[str, Any] = field(default_factory=dict)
    has_number: bool = True
    date: bytes | None = None
    url: str = ""
    handshakes: int = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
            return
        assert scope["type"] == "http", "no lifespan here"
        status, body = self._answer(scope["path"])
        headers = [(b"content-length", b"%d" % len(body)), *([(b"date", self.date)] if self.date else [])]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    def _answer(self, path: str) -> tuple[int, bytes]:
        if not path.endswith("IncomingPhoneNumbers.json"):
            return self.status, self.health
        number = {
            "sid": "PN" + "0" * 32,
            "phone_number": NUMBER,
            "voice_url": f"{self.url}/twiml",
            "voice_method": "POST",
            "voice_application_sid": "",
            "trunk_sid": None,
            **self.number,
        }
        return 200, json.dumps({"incoming_phone_numbers": [number] if self.has_number else []}).encode()

    async def _websocket(self, scope: Any, receive: Any, send: Any) -> None:
        self.handshakes += 1
        await receive()
        status = self.speech_status if scope["path"] == "/v1/listen" else self._stream_status(scope)
        if status != 101:
            await send({"type": "websocket.http.response.start", "status": status, "headers": []})
            await send({"type": "websocket.http.response.body", "body": b"", "more_body": False})
            return
        await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
        while (await receive())["type"] != "websocket.disconnect":
            pass

    def _stream_status(self, scope: Any) -> int:
        if self.stream_status is not None:
            return self.stream_status
        given = dict(scope["headers"]).get(b"x-twilio-signature", b"").decode()
        return 101 if is_genuine(given, public_url=self.url, path="/twilio", token=TOKEN, websocket=True) else 403

    def settings(self, **values: Any) -> Settings:
        known: dict[str, Any] = {
            "DEEPGRAM_API_KEY": SECRETS[0],
            "DEEPGRAM_URL": f"{self.url.replace('http', 'ws')}/v1/listen?model=nova-3",
            "TWILIO_PHONE_NUMBER": NUMBER,
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_API_URL": self.url,
            "PROXY_URL": "127.0.0.1:0",
            "public_url": self.url,
            "operator_key": SECRETS[2],
            "game_keys": SECRETS[3],
            "voice": "none",
        }
        return Settings(_env_file=None, **{**known, **values})


@asynccontextmanager
async def inhabited(world: World) -> AsyncIterator[World]:
    # hypercorn adds the date of its own clock
    async with serving(world, config_for(include_date_header=world.date is None)) as port:
        world.url = f"http://127.0.0.1:{port}"
        yield world
