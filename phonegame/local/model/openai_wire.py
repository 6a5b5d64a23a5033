"""OpenAI's chat completions, as a server sends them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

from phonegame.local.model.config import ModelConfig
from phonegame.local.model.openai_check import check_chat
from phonegame.local.model.refused import Refused
from phonegame.local.model.script import Answer, Call

PATH = "/v1/chat/completions"
_STOP = {"stop": "stop", "length": "length", "filter": "content_filter"}


class OpenAIReply:
    """One reply: `check` first, then `said`, then `opening`, `token` for each, `closing`; or `whole`."""

    def __init__(self, number: int, body: dict[str, Any]) -> None:
        self._body = body
        self._number = number
        self._calls = 0

    def check(self, config: ModelConfig) -> None:
        check_chat(self._body, config.unknown_fields)
        model = self._body["model"]
        if config.models and model not in config.models:
            raise Refused(
                404, f"The model `{model}` does not exist or you do not have access to it.", "model_not_found"
            )

    @property
    def streams(self) -> bool:
        return self._body.get("stream") is True

    @property
    def said(self) -> str:
        """By the caller, or by a tool: the last line, since what happened on the line may stand before it."""
        return str(self._body["messages"][-1].get("content") or "").rpartition("\n")[2]

    def opening(self) -> Iterator[str]:
        yield self._chunk({"role": "assistant", "content": ""})

    def token(self, token: str | Call) -> Iterator[str]:
        if isinstance(token, str):
            yield self._chunk({"content": token})
            return
        arguments = arguments_of(token)
        head = {"index": self._calls, **self._call(token, "")}
        self._calls += 1
        yield self._chunk({"tool_calls": [head]})
        for part in halves(arguments):
            yield self._chunk({"tool_calls": [{"index": head["index"], "function": {"arguments": part}}]})

    def closing(self, answer: Answer, tokens: int) -> Iterator[str]:
        yield self._chunk({}, self._finish(answer))
        if answer.usage and (self._body.get("stream_options") or {}).get("include_usage"):
            yield self._event({"choices": [], "usage": self._usage(tokens)})
        yield "data: [DONE]\n\n"

    def whole(self, answer: Answer, tokens: Sequence[str | Call]) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": "".join(t for t in tokens if isinstance(t, str))}
        calls = [token for token in tokens if isinstance(token, Call)]
        for self._calls, call in enumerate(calls):
            message.setdefault("tool_calls", []).append(self._call(call, arguments_of(call)))
        choice = {"index": 0, "message": message, "finish_reason": self._finish(answer)}
        usage = {"usage": self._usage(len(tokens))} if answer.usage else {}
        return {**self._head("chat.completion"), "choices": [choice], **usage}

    def failure(self) -> str:
        """An error in the midst of the stream."""
        return f"data: {json.dumps(error_body(500, 'The server had an error.', 'server_error'))}\n\n"

    def _call(self, call: Call, arguments: str) -> dict[str, Any]:
        function = {"name": call.name, "arguments": arguments}
        return {"id": f"call_{self._number}_{self._calls}", "type": "function", "function": function}

    def _finish(self, answer: Answer) -> str:
        return "tool_calls" if answer.calls and answer.stop == "stop" else _STOP[answer.stop]

    def _usage(self, tokens: int) -> dict[str, int]:
        prompt = len(json.dumps(self._body["messages"]).split())
        return {"prompt_tokens": prompt, "completion_tokens": tokens, "total_tokens": prompt + tokens}

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> str:
        return self._event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    def _event(self, content: dict[str, Any]) -> str:
        return f"data: {json.dumps({**self._head('chat.completion.chunk'), **content})}\n\n"

    def _head(self, kind: str) -> dict[str, Any]:
        head = {"id": f"chatcmpl-{self._number}", "object": kind, "created": int(time.time())}
        return {**head, "model": self._body["model"]}


def error_body(status: int, message: str, code: str | None = None, field: str | None = None) -> dict[str, Any]:
    kind = "invalid_request_error" if status < 500 else "server_error"
    return {"error": {"message": message, "type": kind, "param": field, "code": code}}


def arguments_of(call: Call) -> str:
    return call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments)


def halves(text: str) -> list[str]:
    """As models send them: in pieces that are no JSON by themselves."""
    middle = len(text) // 2
    return [part for part in (text[:middle], text[middle:]) if part]
