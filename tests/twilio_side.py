"""Twilio at a locked server's doors: signs its webhooks, and opens the media streams that it is told to."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

import trio

from phonegame.local.phone import Identity, place_call
from tests.house import Caller
from tests.http_client import Answer, fetch, signed_form

PUBLIC_URL = "https://phone.example"
TOKEN = "planted-auth-token"
GAME_KEY = "planted-game-key"
OPERATOR_KEY = "planted-operator-key"
LOCKS: dict[str, Any] = {
    "TWILIO_AUTH_TOKEN": TOKEN,
    "game_keys": GAME_KEY,
    "operator_key": OPERATOR_KEY,
    "public_url": PUBLIC_URL,
}
CALLER = "+12025550147"
CALLED = "+12025550100"


def new_sid() -> str:
    return "CA" + secrets.token_hex(16)


@dataclass(frozen=True)
class Connect:
    """What a `<Connect>` in an answer tells Twilio to do."""

    stream_url: str
    after: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def verbs(answer: Answer) -> list[ET.Element]:
    assert answer.status == 200, answer
    assert answer.header("content-type") == ["text/xml; charset=utf-8"]
    return list(ET.fromstring(answer.text))  # noqa: S314 - the server's own


def says(answer: Answer) -> list[tuple[str, str | None]]:
    return [(verb.tag, verb.text) for verb in verbs(answer)]


@dataclass
class TwilioSide:
    address: str
    token: str = TOKEN
    public_url: str = PUBLIC_URL

    async def post(self, target: str, fields: Mapping[str, str]) -> Answer:
        """A webhook, signed for the public address."""
        headers, body = signed_form(self.public_url + target, dict(fields), self.token)
        return await fetch(self.address, "POST", target, headers, body, host="phone.example")

    async def announces(self, call_sid: str, target: str = "/twiml") -> Connect:
        """A call, whose caller has not heard anything yet."""
        return connect_in(await self.post(target, self.call(call_sid)))

    def call(self, call_sid: str) -> dict[str, str]:
        return {"CallSid": call_sid, "From": CALLER, "To": CALLED, "CallStatus": "ringing", "CallerName": ""}

    @asynccontextmanager
    async def stream(
        self, call_sid: str, parameters: Mapping[str, str], *, signed: bool = True
    ) -> AsyncIterator[Caller]:
        """A media stream to /twilio, as behind a proxy that takes the TLS away."""
        identity = Identity(call_sid=call_sid, parameters=parameters)
        host, _, port = self.address.rpartition(":")
        stream = await trio.open_tcp_stream(host, int(port))
        url = f"wss{self.public_url.removeprefix('https')}/twilio"
        async with place_call(
            url, identity=identity, auth_token=self.token if signed else None, stream=stream
        ) as phone:
            yield Caller(phone)


def connect_in(answer: Answer) -> Connect:
    connect = verbs(answer)[-1]
    assert connect.tag == "Connect", answer.text
    (stream,) = connect
    parameters = {each.attrib["name"]: each.attrib["value"] for each in stream}
    return Connect(stream.attrib["url"], connect.attrib["action"], parameters)
