"""Anthropic's models, through Anthropic's own library.

Source: Anthropic's API reference, "Create a Message", "Streaming messages".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from phonegame.characters.brain import Piece, Request, Text, Usage
from phonegame.characters.brains import failures
from phonegame.characters.brains.calls import CallsInPieces
from phonegame.characters.brains.http_reply import read_reply
from phonegame.characters.brains.model_brain import HttpBrain
from phonegame.characters.brains.openai import schema_of
from phonegame.characters.brains.phone_rules import system_prompt
from phonegame.characters.brains.turns import Ours, turns_of
from phonegame.characters.persona import HANG_UP, Action


class AnthropicBrain(HttpBrain):
    library = "anthropic"
    maker = "Anthropic"
    makers_url = "https://api.anthropic.com"

    def __init__(self, model: str, *, url: str = "", key: str = "") -> None:
        # the library adds it
        super().__init__(model, url=url.removesuffix("/v1"), key=key)

    def _headers(self) -> dict[str, str]:
        """The library's own for the key; without one, none of the environment's either."""
        return self._client.auth_headers if self._key else {}

    def _open_client(self, library: Any) -> Any:
        client = library.AsyncAnthropic(
            api_key=self._key or "none",
            base_url=self._url,
            max_retries=0,
            timeout=None,
            http_client=self._http,
            open_telemetry=False,
        )
        # here, since it imports for a third of a second
        self._create = client.messages.with_streaming_response.create
        return client

    @asynccontextmanager
    async def think(self, request: Request) -> AsyncIterator[AsyncIterator[Piece]]:
        # as a body of ours, which goes out as it is: see openai.py
        response = self._create(
            model=self._model, max_tokens=request.max_tokens, messages=[], stream=True, extra_body=_content(request)
        )
        async with read_reply(response, AnthropicReading(), self._meaning, request.sent) as pieces:
            yield pieces

    def _meaning(self, error: Exception) -> Exception | None:
        import anthropic

        if isinstance(error, anthropic.APIStatusError):
            return failures.refusal(error.status_code, _kind(error.body), has_key=bool(self._key))
        return failures.unreachable() if isinstance(error, anthropic.APIError) else None


def _kind(body: object) -> object:
    error = body.get("error") if isinstance(body, dict) else None
    return error.get("type") if isinstance(error, dict) else None


def _content(request: Request) -> dict[str, Any]:
    can_hang_up = any(action.name == HANG_UP for action in request.actions)
    content: dict[str, Any] = {
        "system": system_prompt(request.persona, can_hang_up=can_hang_up),
        "messages": _messages(request),
    }
    if request.actions:
        content["tools"] = [_tool(action) for action in request.actions]
    return content


def _messages(request: Request) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    for turn in turns_of(request.entries, with_calls=bool(request.actions)):
        if isinstance(turn, Ours):
            messages.append({"role": "assistant", "content": [*_text(turn.text), *_calls(turn)]})
            if turn.results:
                messages.append({"role": "user", "content": _results(turn)})
        elif messages and messages[-1]["role"] == "user":
            # behind results, in the same message
            messages[-1]["content"] += _text(turn.text)
        else:
            messages.append({"role": "user", "content": _text(turn.text)})
    return messages


def _text(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text}] if text else []


def _calls(turn: Ours) -> Iterator[dict[str, Any]]:
    for call in turn.calls:
        yield {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments}


def _results(turn: Ours) -> list[dict[str, Any]]:
    return [
        {"type": "tool_result", "tool_use_id": result.id, "content": result.text, "is_error": result.failed}
        for result in turn.results
    ]


def _tool(action: Action) -> dict[str, Any]:
    return {"name": action.name, "description": action.description, "input_schema": schema_of(action)}


# --- what comes ---


class _Part(msgspec.Struct):
    """A content block, or what is added to one, or to the message."""

    type: str = ""
    text: str = ""
    name: str = ""
    partial_json: str = ""
    stop_reason: str | None = None


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    output_tokens: int | None = None


class _Message(msgspec.Struct):
    usage: _Usage = msgspec.field(default_factory=_Usage)


class _Event(msgspec.Struct):
    type: str
    index: int = 0
    message: _Message | None = None
    content_block: _Part | None = None
    delta: _Part | None = None
    usage: _Usage | None = None


_decoder = msgspec.json.Decoder(_Event)


class AnthropicReading:
    def __init__(self) -> None:
        self._calls = CallsInPieces()
        self._input_tokens = 0
        self._output_tokens = 0
        self._is_whole = False

    def receive(self, data: str) -> Iterator[Piece]:
        event = _decoder.decode(data)
        match event:
            case _Event(type="message_start", message=_Message(usage=usage)):
                self._count(usage)
            case _Event(type="content_block_start", content_block=_Part(type="tool_use", name=name)):
                self._calls.add(event.index, name, "")
            case _Event(type="content_block_delta", delta=_Part(type="text_delta", text=text)) if text:
                yield Text(text)
            case _Event(type="content_block_delta", delta=_Part(type="input_json_delta", partial_json=part)):
                self._calls.add(event.index, "", part)
            case _Event(type="message_delta", delta=_Part(stop_reason="refusal")):
                raise failures.filtered()
            case _Event(type="message_delta"):
                self._count(event.usage or _Usage())
            case _Event(type="message_stop"):
                self._is_whole = True
            case _Event(type="error"):
                raise failures.reported()

    def _count(self, usage: _Usage) -> None:
        """The counts are those of the whole reply so far; what came from a cache has been read too."""
        cached = (usage.cache_creation_input_tokens or 0) + (usage.cache_read_input_tokens or 0)
        if usage.input_tokens is not None:
            self._input_tokens = usage.input_tokens + cached
        self._output_tokens = usage.output_tokens or self._output_tokens

    def finish(self) -> Iterator[Piece]:
        if not self._is_whole:
            raise failures.cut()
        yield from self._calls.finish()
        yield Usage(self._input_tokens, self._output_tokens)
