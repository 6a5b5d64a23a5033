"""Whatever speaks OpenAI's chat completions, through OpenAI's own library: OpenAI, Ollama, llama.cpp, vLLM, ...

Source: OpenAI's API reference, "Create chat completion", "Streaming events".
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Set
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import msgspec
import trio

from phonegame.characters.brain import Piece, Request, Text, Usage
from phonegame.characters.brains import failures
from phonegame.characters.brains.calls import CallsInPieces
from phonegame.characters.brains.http_reply import read_reply
from phonegame.characters.brains.model_brain import HttpBrain
from phonegame.characters.brains.phone_rules import system_prompt
from phonegame.characters.brains.turns import Ours, turns_of
from phonegame.characters.persona import HANG_UP, Action

_LIMITS = ("max_completion_tokens", "max_tokens")
"""OpenAI's newer models refuse the second, which is the only one that most other servers know."""


class OpenAIBrain(HttpBrain):
    library = "openai"
    maker = "OpenAI"
    makers_url = "https://api.openai.com/v1"

    def __init__(self, model: str, *, url: str = "", key: str = "") -> None:
        super().__init__(model, url=url, key=key)
        self._refused: set[str] = set()
        """Optional fields that this server has turned out not to take."""

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._key}"} if self._key else {}

    def _open_client(self, library: Any) -> Any:
        client = library.AsyncOpenAI(
            api_key=self._key or "none", base_url=self._url, max_retries=0, timeout=None, http_client=self._http
        )
        # here, since it imports for a third of a second
        self._create = client.chat.completions.with_streaming_response.create
        return client

    @asynccontextmanager
    async def think(self, request: Request) -> AsyncIterator[AsyncIterator[Piece]]:
        async with AsyncExitStack() as stack:
            yield await self._ask(request, stack)

    async def _ask(self, request: Request, stack: AsyncExitStack) -> AsyncIterator[Piece]:
        """A request that is refused for an optional field has cost nothing, and is sent without that field."""
        content: dict[str, Any] = {"messages": messages_of(request)}
        if request.actions:
            content["tools"] = tools_of(request)
        while True:
            await trio.lowlevel.checkpoint()
            optional = self._optional(request)
            # as a body of ours, which goes out as it is: to walk through all messages, for nothing, takes the library
            # longer than all else that it does
            body = {**content, **optional}
            response = self._create(model=self._model, messages=[], stream=True, extra_body=body)
            meaning = partial(self._meaning, optional.keys())
            try:
                return await stack.enter_async_context(read_reply(response, OpenAIReading(), meaning, request.sent))
            except _FieldsRefused as refused:
                self._refused |= refused.fields

    def _optional(self, request: Request) -> dict[str, Any]:
        limits = _LIMITS if self._url == self.makers_url else _LIMITS[::-1]
        limit = next((field for field in limits if field not in self._refused), "")
        optional = {"stream_options": {"include_usage": True}, limit: request.max_tokens}
        return {field: value for field, value in optional.items() if field and field not in self._refused}

    def _meaning(self, optional: Set[str], error: Exception) -> Exception | None:
        import openai

        if not isinstance(error, openai.APIError):
            return None
        if not isinstance(error, openai.APIStatusError):
            return failures.unreachable()
        fields = {field for field in optional if field in str(error.body)}
        if fields and error.status_code in (400, 422) and error.code != "context_length_exceeded":
            return _FieldsRefused(fields)
        return failures.refusal(error.status_code, error.code, has_key=bool(self._key))


class _FieldsRefused(Exception):
    def __init__(self, fields: set[str]) -> None:
        super().__init__()
        self.fields = fields


def messages_of(request: Request) -> list[dict[str, Any]]:
    """As OpenAI takes them; so does LangChain."""
    can_hang_up = any(action.name == HANG_UP for action in request.actions)
    messages = [{"role": "system", "content": system_prompt(request.persona, can_hang_up=can_hang_up)}]
    for turn in turns_of(request.entries, with_calls=bool(request.actions)):
        messages += _ours(turn) if isinstance(turn, Ours) else [{"role": "user", "content": turn.text}]
    return messages


def _ours(turn: Ours) -> list[dict[str, Any]]:
    message: dict[str, Any] = {"role": "assistant", "content": turn.text}
    if turn.calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(call.arguments)},
            }
            for call in turn.calls
        ]
    return [
        message,
        *(
            {"role": "tool", "tool_call_id": result.id, "content": "Failed: " * result.failed + result.text}
            for result in turn.results
        ),
    ]


def tools_of(request: Request) -> list[dict[str, Any]]:
    """As OpenAI takes them; so does LangChain."""
    return [{"type": "function", "function": _function(action)} for action in request.actions]


def _function(action: Action) -> dict[str, Any]:
    return {"name": action.name, "description": action.description, "parameters": schema_of(action)}


def schema_of(action: Action) -> dict[str, Any]:
    return {"type": "object", "properties": {}, **action.parameters}


# --- what comes ---


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class _Call(msgspec.Struct):
    function: _Function
    index: int | None = None


class _Delta(msgspec.Struct):
    content: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Chunk(msgspec.Struct):
    choices: list[_Choice] = []
    usage: _Usage | None = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Chunk)


class OpenAIReading:
    def __init__(self) -> None:
        self._calls = CallsInPieces()
        self._newest_call = -1
        self._usage: _Usage | None = None
        self._is_whole = False

    def receive(self, data: str) -> Iterator[Piece]:
        if data.strip() == "[DONE]":
            self._is_whole = True
            return
        chunk = _decoder.decode(data)
        if chunk.error is not None:
            raise failures.reported()
        self._usage = chunk.usage or self._usage
        for choice in chunk.choices[:1]:
            if choice.delta is not None:
                yield from self._add(choice.delta)
            if choice.finish_reason == "content_filter":
                raise failures.filtered()
            self._is_whole = self._is_whole or choice.finish_reason is not None

    def _add(self, delta: _Delta) -> Iterator[Text]:
        if delta.content:
            yield Text(delta.content)
        for call in delta.tool_calls or ():
            # some servers send calls whole, and without an index
            is_next = bool(call.function.name) if call.index is None else call.index > self._newest_call
            self._newest_call += is_next
            index = self._newest_call if call.index is None else call.index
            self._calls.add(index, call.function.name or "", call.function.arguments or "")

    def finish(self) -> Iterator[Piece]:
        if not self._is_whole:
            raise failures.cut()
        yield from self._calls.finish()
        if self._usage is not None:
            yield Usage(self._usage.prompt_tokens, self._usage.completion_tokens)
