"""The real server and the local telephone company: calls in both directions, as with an account at Twilio."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import requests
import trio

from phonegame.local.speech.marker import encode_speech
from phonegame.local.twilio_api import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    Answer,
    Call,
    CarrierConfig,
    LocalCarrier,
    Timing,
    serve_carrier,
)
from phonegame.wire import v1
from tests.house import Caller, House, V1Game, open_house
from tests.ports import free_port

OURS = "+1 (201) 555-0100"
"""As games show it."""
TO = "+12015550101"
OPERATOR_KEY = "planted-operator-key"
QUICK = Timing(ring_seconds=1.0, between_calls=0, hurry=25)


@dataclass
class Town:
    house: House
    carrier: LocalCarrier
    variables: Mapping[str, str]
    """What `phonegame dial` and its like need in the environment."""

    @asynccontextmanager
    async def dials(self, to: str = TO) -> AsyncIterator[V1Game]:
        """A game that has just rung somebody up."""
        async with self.house.v1_game() as game:
            await game.client.dial(to, dial_id="d")
            yield game

    async def answered(self, number: int = 0) -> tuple[Call, Caller]:
        """The call of that number, once its media stream is open."""
        call = await self.carrier.call(number)
        return call, Caller(await call.handset.wait_stream())

    async def asks(self, method: str, path: str, *, accept: str = "*/*", **request: Any) -> requests.Response:
        """As the operator."""
        url = f"http://{self.house.address}{path}"
        headers = {"Authorization": f"Bearer {OPERATOR_KEY}", "Accept": accept}
        send = partial(requests.request, method, url, headers=headers, timeout=10, **request)
        return await trio.to_thread.run_sync(send)

    async def told_all(self) -> None:
        """Until the carrier has nothing more to tell about any call."""
        for call in self.carrier.calls:
            await call.closed.wait()


async def gets_statuses(game: V1Game, last: str) -> list[str]:
    """What the game is told of the call, up to this; that it rings may be told too late, and is left out."""
    told: list[str] = []
    while last not in told:
        status = await game.gets(v1.CallStatus)
        assert status.dial_id == "d"
        told.append(status.status)
    return [status for status in told if status != "ringing" or status == last]


async def speak_markers(text: str) -> bytes:
    return encode_speech(text, word_ms=20)


@asynccontextmanager
async def open_town(
    answer: Answer | None = None, *, alerts: int = 0, house: Mapping[str, Any] | None = None, **config: Any
) -> AsyncIterator[Town]:
    """`answer`: who is at `TO`. Asks at the end for how many `alerts` there would be in Twilio's debugger."""
    # the server's, which its public address must name before it runs
    address = f"127.0.0.1:{free_port()}"
    settings = {
        "timing": QUICK,
        "synthesise": speak_markers,
        "phones": {TO: answer} if answer else {},
        "voice_url": f"http://{address}/twiml",
        **config,
    }
    async with trio.open_nursery() as nursery:
        carrier: LocalCarrier = await nursery.start(serve_carrier, CarrierConfig(**settings))
        variables = {
            "PROXY_URL": address,
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            "TWILIO_API_URL": carrier.url,
            "TWILIO_PHONE_NUMBER": OURS,
        }
        own = {"public_url": f"http://{address}", "operator_key": OPERATOR_KEY, "dial_allow": "+1201"}
        async with open_house(**{"voice": "marker", **variables, **own, **(house or {})}) as opened:
            with_key = {**variables, "PHONEGAME_OPERATOR_KEY": OPERATOR_KEY}
            town = Town(opened, carrier, with_key)
            yield town
            await town.told_all()
            assert opened.errors == []
            assert len(carrier.alerts) == alerts, carrier.alerts
            assert not any(secret in str(record.msg) for record in opened.logged for secret in (TO, AUTH_TOKEN))
        nursery.cancel_scope.cancel()
