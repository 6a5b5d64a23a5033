"""The model server: on one TCP port OpenAI's `/v1/chat/completions` and Anthropic's `/v1/messages`, from a script.

model = await nursery.start(serve_model, ModelConfig(script=Script([Answer(text="Hello.")])))
... ask at model.openai_url, or at model.anthropic_url ...
asked = await model.request(0)
assert await asked.wait_over() == "answered"
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from hmac import compare_digest
from typing import Any

import trio

from phonegame.local.http_server import Exchange, HttpAnswer, HttpRequest, serve_http
from phonegame.local.model import anthropic_wire, openai_wire
from phonegame.local.model.anthropic_wire import AnthropicReply
from phonegame.local.model.config import MODEL, ModelConfig
from phonegame.local.model.openai_wire import OpenAIReply
from phonegame.local.model.record import Asked, Requests
from phonegame.local.model.refused import Refused
from phonegame.local.model.script import Answer, tokens_of

BODY_BYTES = 4 * 1024 * 1024
MODELS_PATH = "/v1/models"
_REPLIES: dict[str, type[OpenAIReply | AnthropicReply]] = {
    openai_wire.PATH: OpenAIReply,
    anthropic_wire.PATH: AnthropicReply,
}


async def serve_model(
    config: ModelConfig, *, task_status: trio.TaskStatus[ModelService] = trio.TASK_STATUS_IGNORED
) -> None:
    """Serves until cancelled; `nursery.start` gives the `ModelService` once the port is open, or raises OSError."""
    listeners = await trio.open_tcp_listeners(config.port, host=config.host)
    service = ModelService(config, port=listeners[0].socket.getsockname()[1])
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(trio.serve_listeners, service.serve_stream, listeners))
        task_status.started(service)


class ModelService:
    """What a test sees of the server."""

    def __init__(self, config: ModelConfig, port: int) -> None:
        self.config = config
        self.port = port
        self.requests = Requests()
        """For replies; `/v1/models` is not among them."""
        self.connections = 0
        """That were ever opened."""

    @property
    def anthropic_url(self) -> str:
        host = f"[{self.config.host}]" if ":" in self.config.host else self.config.host
        return f"http://{host}:{self.port}"

    @property
    def openai_url(self) -> str:
        return f"{self.anthropic_url}/v1"

    async def request(self, number: int) -> Asked:
        """Number `number`, counted from 0; waits for it to come in."""
        return await self.requests.wait_for(number)

    async def serve_stream(self, stream: trio.abc.Stream) -> None:
        connection = _Connection(self, self.connections)
        self.connections += 1
        await serve_http(stream, connection.answer, body_bytes=BODY_BYTES, gone=connection.gone)


class _Connection:
    def __init__(self, service: ModelService, number: int) -> None:
        self._service = service
        self._config = service.config
        self._number = number
        self._asked: Asked | None = None

    def gone(self) -> None:
        if self._asked is not None:
            self._asked.end("client gone")

    async def answer(self, request: HttpRequest, exchange: Exchange) -> None:
        is_anthropic = "anthropic-version" in request.headers
        try:
            await self._route(request, exchange)
        except Refused as refusal:
            if self._asked is not None:
                self._asked.refusal = refusal.message
                self._asked.end("refused")
            body = (
                anthropic_wire.error_body(refusal.status, refusal.message)
                if is_anthropic
                else openai_wire.error_body(refusal.status, refusal.message, refusal.code, refusal.field)
            )
            await exchange.send_whole(HttpAnswer(refusal.status, body))

    async def _route(self, request: HttpRequest, exchange: Exchange) -> None:
        self._asked = None
        if request.path == MODELS_PATH and request.method == "GET":
            self._authenticate(request)
            await exchange.send_whole(HttpAnswer(200, self._models()))
        elif request.path in _REPLIES and request.method == "POST":
            self._asked = self._service.requests.add(request.path, request.headers, self._number)
            self._authenticate(request)
            await self._reply(self._asked, request, exchange)
        else:
            raise Refused(404, f"Invalid URL ({request.method} {request.path})")

    def _authenticate(self, request: HttpRequest) -> None:
        if self._config.key is None:
            return
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        key = request.headers.get("x-api-key") or (bearer if scheme.lower() == "bearer" else "")
        if not compare_digest(key.encode(), self._config.key.encode()):
            raise Refused(401, f"Incorrect API key provided: {key}.", "invalid_api_key")

    def _models(self) -> dict[str, Any]:
        names = self._config.models or (MODEL,)
        return {"object": "list", "data": [{"id": name, "object": "model", "owned_by": "local"} for name in names]}

    async def _reply(self, asked: Asked, request: HttpRequest, exchange: Exchange) -> None:
        if request.path == anthropic_wire.PATH and "anthropic-version" not in request.headers:
            raise Refused(400, "anthropic-version: header is required")
        asked.body = _parse(request.body)
        reply = _REPLIES[request.path](asked.number, asked.body)
        reply.check(self._config)
        answer = self._config.script.next_for(reply.said)
        if answer.status is not None:
            raise Refused(answer.status, f"Planned. You have said: {reply.said}", answer.code or None)
        if answer.redirect:
            asked.end("refused")
            await exchange.send_whole(HttpAnswer(307, {}, {"Location": answer.redirect}))
        elif reply.streams:
            await _stream(asked, reply, answer, exchange)
        else:
            await trio.sleep(answer.first_token)
            await exchange.send_whole(HttpAnswer(200, reply.whole(answer, tokens_of(answer, reply.said))))
            asked.end("answered")


def _parse(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        raise Refused(400, "We could not parse the JSON body of your request.")
    return parsed


async def _stream(asked: Asked, reply: OpenAIReply | AnthropicReply, answer: Answer, exchange: Exchange) -> None:
    """Leaves without an end of the body where the connection is to be cut."""
    tokens = tokens_of(answer, reply.said)
    await trio.sleep(answer.first_token)
    await exchange.begin_events()
    await _send(exchange, reply.opening())
    for sent in range(len(tokens) + 1):
        if sent == answer.garbage_after:
            await exchange.send_text(answer.garbage)
        if sent == answer.error_after:
            await exchange.send_text(reply.failure())
            await exchange.end()
            return asked.end("cut")
        if sent == answer.cut_after:
            return asked.end("cut")
        if sent == answer.stall_after:
            await trio.sleep_forever()
        if sent < len(tokens):
            await trio.sleep(answer.token if sent else 0)
            await _send(exchange, reply.token(tokens[sent]))
            asked.add_token()
    await _send(exchange, reply.closing(answer, len(tokens)))
    await exchange.end()
    return asked.end("answered")


async def _send(exchange: Exchange, events: Iterator[str]) -> None:
    for event in events:
        await exchange.send_text(event)
