"""A server of a customer's on hypercorn, the carrier, and twilio's own library between them."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import trio
from quart import Response, request, websocket
from quart_trio import QuartTrio
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from phonegame.local.speech.marker import MarkerRecogniser, encode_speech
from phonegame.local.twilio_api import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    Answer,
    CarrierConfig,
    LocalCarrier,
    Timing,
    Webhook,
    serve_carrier,
)
from tests.hypercorn_server import config_for, serving

CALLEE = "+12015550101"
QUICK = Timing(ring_seconds=1.0, between_calls=0, hurry=50)
STREAM = """<Response><Connect action="/after"><Stream url="{stream}">
<Parameter name="token" value="t1"/>
</Stream></Connect></Response>"""
HANG_UP = "<Response><Hangup/></Response>"

T = TypeVar("T")


async def speak_markers(text: str) -> bytes:
    return encode_speech(text, word_ms=20)


def words_in(mulaw: bytes) -> list[str]:
    """Of the carrier's announcements."""
    recogniser = MarkerRecogniser(endpointing_ms=None)
    recogniser.feed(mulaw)
    return [word.text for final in recogniser.finish() for word in getattr(final, "words", ())]


@dataclass
class Customer:
    """Serves what `pages` says: path -> TwiML, or (status, content type, body). Websockets are kept until told."""

    pages: dict[str, str | tuple[int, str, str]] = field(default_factory=dict)
    forged: list[str] = field(default_factory=list)
    """Requests that twilio's own validator does not take for Twilio's."""
    forms: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    streams: list[dict[str, Any]] = field(default_factory=list)
    """The `start` of each media stream."""
    heard: list[dict[str, Any]] = field(default_factory=list)
    audio: bytearray = field(default_factory=bytearray)
    """mu-law: what came by the media streams."""
    say: bytes = b""
    """mu-law: for the media stream, once it may speak."""
    clear_at_once: bool = False
    """What it has just said."""
    started: trio.Event = field(default_factory=trio.Event)
    """A media stream has."""
    stopped: trio.Event = field(default_factory=trio.Event)
    """And has come to its end: all of it has been heard."""
    speak: trio.Event = field(default_factory=trio.Event)
    close_stream: trio.Event = field(default_factory=trio.Event)
    close_code: int = 1000
    refuses_streams: bool = False
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def stream_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/twilio"

    def app(self) -> QuartTrio:
        app = QuartTrio(__name__)
        validator = RequestValidator(AUTH_TOKEN)

        @app.route("/<path:path>", methods=["GET", "POST"])
        async def page(path: str) -> Response:
            form = dict((await request.form).items(multi=False))
            signature = request.headers.get("X-Twilio-Signature", "")
            if not validator.validate(request.url, form, signature):
                self.forged.append(request.url)
            self.forms.append((path, form or dict(request.args)))
            answer = self.pages.get(f"/{path}", (204, "", ""))
            if isinstance(answer, str):
                answer = (200, "text/xml", answer.replace("{stream}", self.stream_url))
            status, content_type, body = answer
            headers = {"Location": body} if status == 302 else {}
            return Response(body, status, headers, content_type=content_type)

        @app.websocket("/twilio")
        async def twilio() -> None:
            signature = websocket.headers.get("X-Twilio-Signature", "")
            if self.refuses_streams or not validator.validate(self.stream_url, {}, signature):
                await websocket.close(1000)
                return
            await websocket.accept()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._take)
                nursery.start_soon(self._speak)
                await self.close_stream.wait()
                await websocket.close(self.close_code)
                nursery.cancel_scope.cancel()

        return app

    async def _speak(self) -> None:
        await self.speak.wait()
        await self.started.wait()
        stream_sid = {"streamSid": self.streams[-1]["streamSid"]}
        payload = base64.b64encode(self.say).decode()
        await websocket.send(json.dumps({"event": "media", **stream_sid, "media": {"payload": payload}}))
        await websocket.send(json.dumps({"event": "mark", **stream_sid, "mark": {"name": "said"}}))
        if self.clear_at_once:
            await websocket.send(json.dumps({"event": "clear", **stream_sid}))

    async def _take(self) -> None:
        while True:
            message = json.loads(await websocket.receive())
            if message["event"] == "start":
                self.streams.append(message["start"])
                self.started.set()
            elif message["event"] == "media":
                self.audio += base64.b64decode(message["media"]["payload"])
            else:
                self.heard.append(message)
            if message["event"] == "stop":
                self.stopped.set()

    def forms_of(self, path: str) -> list[dict[str, str]]:
        return [form for at, form in self.forms if at == path.lstrip("/")]


@dataclass
class World:
    customer: Customer
    carrier: LocalCarrier
    client: Client

    async def ask(self, do: Callable[..., T], /, *arguments: Any, **fields: Any) -> T:
        """Calls twilio's library in a thread."""
        return await trio.to_thread.run_sync(partial(do, *arguments, **fields))

    async def dial(self, to: str = CALLEE, **fields: Any) -> Any:
        if not fields.keys() & {"url", "twiml"}:
            fields["url"] = f"{self.customer.url}/twiml"
        return await self.ask(self.client.calls.create, to=to, from_=self.carrier.number, **fields)

    async def dial_reported(self, to: str = CALLEE, **fields: Any) -> Any:
        """With every status callback."""
        events = ["initiated", "ringing", "answered", "completed"]
        return await self.dial(
            to, status_callback=f"{self.customer.url}/status", status_callback_event=events, **fields
        )

    @property
    def reported(self) -> list[str]:
        return [form["CallStatus"] for form in self.customer.forms_of("/status")]

    def webhooks(self, event: str) -> list[Webhook]:
        return [webhook for webhook in self.carrier.webhooks if webhook.event == event]

    @property
    def alert_codes(self) -> list[int]:
        return [alert.code for alert in self.carrier.alerts]


@asynccontextmanager
async def world(
    phones: Mapping[str, Answer] | None = None,
    pages: Mapping[str, Any] | None = None,
    *,
    seconds: float = 10,
    **config: Any,
) -> AsyncIterator[World]:
    """`seconds`: at most, for what a test does in there; it is all quick here, but for processes."""
    customer = Customer({"/twiml": HANG_UP, **(pages or {})})
    settings = {"timing": QUICK, "synthesise": speak_markers, "phones": phones or {}, **config}
    with trio.fail_after(seconds):
        async with serving(customer.app(), config_for()) as port, trio.open_nursery() as nursery:
            customer.port = port
            carrier = await nursery.start(serve_carrier, CarrierConfig(**settings))
            carrier.numbers[0].voice_url = f"{customer.url}/twiml"
            http = TwilioHttpClient(timeout=5)
            client = Client(ACCOUNT_SID, AUTH_TOKEN, http_client=http)
            client.api.base_url = carrier.url
            try:
                yield World(customer, carrier, client)
            finally:
                assert http.session is not None
                http.session.close()
            nursery.cancel_scope.cancel()
