"""Anthropic's messages, as its server sends them. Source: Anthropic's documentation, "Streaming messages"."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from phonegame.local.model.anthropic_check import check_messages
from phonegame.local.model.config import ModelConfig
from phonegame.local.model.openai_wire import arguments_of, halves
from phonegame.local.model.refused import Refused
from phonegame.local.model.script import Answer, Call

PATH = "/v1/messages"
_STOP = {"stop": "end_turn", "length": "max_tokens", "filter": "refusal"}
_ERRORS = {401: "authentication_error", 402: "billing_error", 403: "permission_error", 404: "not_found_error"}
_ERRORS |= {400: "invalid_request_error", 413: "request_too_large", 429: "rate_limit_error", 529: "overloaded_error"}


class AnthropicReply:
    """One reply: `check` first, then `said`, then `opening`, `token` for each, `closing`; or `whole`."""

    def __init__(self, number: int, body: dict[str, Any]) -> None:
        self._body = body
        self._number = number
        self._blocks = 0
        self._in_text = False

    def check(self, config: ModelConfig) -> None:
        check_messages(self._body)
        if config.models and self._body["model"] not in config.models:
            raise Refused(404, f"model: {self._body['model']}")

    @property
    def streams(self) -> bool:
        return self._body.get("stream") is True

    @property
    def said(self) -> str:
        """By the caller, or by a tool: the last line, since what happened on the line may stand before it."""
        content = self._body["messages"][-1]["content"]
        block = {"text": content} if isinstance(content, str) else content[-1]
        return str(block.get("text") or block.get("content") or "").rpartition("\n")[2]

    def opening(self) -> Iterator[str]:
        yield _event("message_start", {"message": self._message([], 0)})
        yield _event("ping", {})

    def token(self, token: str | Call) -> Iterator[str]:
        if isinstance(token, str):
            if not self._in_text:
                self._in_text = True
                yield self._start({"type": "text", "text": ""})
            yield self._delta({"type": "text_delta", "text": token})
            return
        yield from self._stop_text()
        yield self._start({"type": "tool_use", "id": self._call_id(), "name": token.name, "input": {}})
        for part in halves(arguments_of(token)):
            yield self._delta({"type": "input_json_delta", "partial_json": part})
        yield self._stop()

    def closing(self, answer: Answer, tokens: int) -> Iterator[str]:
        yield from self._stop_text()
        delta = {"stop_reason": self._stop_reason(answer), "stop_sequence": None}
        yield _event("message_delta", {"delta": delta, "usage": {"output_tokens": tokens}})
        yield _event("message_stop", {})

    def whole(self, answer: Answer, tokens: Sequence[str | Call]) -> dict[str, Any]:
        content: list[dict[str, Any]] = []
        text = "".join(token for token in tokens if isinstance(token, str))
        if text:
            content.append({"type": "text", "text": text})
        for self._blocks, call in enumerate(token for token in tokens if isinstance(token, Call)):
            arguments = json.loads(arguments_of(call))
            content.append({"type": "tool_use", "id": self._call_id(), "name": call.name, "input": arguments})
        return {**self._message(content, len(tokens)), "stop_reason": self._stop_reason(answer)}

    def failure(self) -> str:
        """An error in the midst of the stream."""
        return _event("error", {"error": {"type": "overloaded_error", "message": "Overloaded"}})

    def _message(self, content: list[dict[str, Any]], tokens: int) -> dict[str, Any]:
        usage = {"input_tokens": len(json.dumps(self._body["messages"]).split()), "output_tokens": tokens}
        head = {"id": f"msg_{self._number}", "type": "message", "role": "assistant", "model": self._body["model"]}
        return {**head, "content": content, "stop_reason": None, "stop_sequence": None, "usage": usage}

    def _call_id(self) -> str:
        return f"toolu_{self._number}_{self._blocks}"

    def _stop_reason(self, answer: Answer) -> str:
        return "tool_use" if answer.calls and answer.stop == "stop" else _STOP[answer.stop]

    def _stop_text(self) -> Iterator[str]:
        if self._in_text:
            self._in_text = False
            yield self._stop()

    def _start(self, block: dict[str, Any]) -> str:
        return _event("content_block_start", {"index": self._blocks, "content_block": block})

    def _delta(self, delta: dict[str, Any]) -> str:
        return _event("content_block_delta", {"index": self._blocks, "delta": delta})

    def _stop(self) -> str:
        self._blocks += 1
        return _event("content_block_stop", {"index": self._blocks - 1})


def error_body(status: int, message: str) -> dict[str, Any]:
    kind = _ERRORS.get(status, "invalid_request_error" if status < 500 else "api_error")
    return {"type": "error", "error": {"type": kind, "message": message}}


def _event(kind: str, content: dict[str, Any]) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **content})}\n\n"
