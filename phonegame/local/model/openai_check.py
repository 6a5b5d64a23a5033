"""Whether a request is one that OpenAI would take. Source: OpenAI's API reference, "Create chat completion"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from phonegame.local.model.refused import Refused, is_name, is_object, need, objects

FIELDS = frozenset(
    {"model", "messages", "stream", "stream_options", "tools", "tool_choice", "parallel_tool_calls", "max_tokens"}
    | {"max_completion_tokens", "temperature", "top_p", "stop", "user", "seed", "n", "reasoning_effort"}
)


def check_chat(body: dict[str, Any], unknown_fields: Sequence[str] = ()) -> None:
    """Raises `Refused`."""
    for field in body:
        if field not in FIELDS or field in unknown_fields:
            raise Refused(400, f"Unrecognized request argument supplied: {field}", "unknown_parameter", field)
    need(isinstance(body.get("model"), str), "you must provide a model parameter", "model")
    need("stream_options" not in body or body.get("stream") is True, "stream_options needs stream", "stream_options")
    need(not ("max_tokens" in body and "max_completion_tokens" in body), "both limits of tokens are set", "max_tokens")
    for limit in ("max_tokens", "max_completion_tokens"):
        need(isinstance(body.get(limit, 1), int) and body.get(limit, 1) >= 1, f"{limit} is too small", limit)
    for number, tool in enumerate(objects(body.get("tools", []), "tools")):
        _check_tool(tool, f"tools[{number}]")
    need(body.get("tools") != [], "tools is too short", "tools")
    messages = objects(body.get("messages"), "messages")
    need(bool(messages), "messages is too short", "messages")
    _check_messages(messages)


def _check_tool(tool: dict[str, Any], field: str) -> None:
    function = tool.get("function")
    need(tool.get("type") == "function" and is_object(function), f"{field}: a function is expected", field)
    assert is_object(function)
    need(is_name(function.get("name")), f"{field}.function.name: does not match ^[a-zA-Z0-9_-]{{1,64}}$", field)
    parameters = function.get("parameters", {"type": "object", "properties": {}})
    well = is_object(parameters) and parameters.get("type") == "object" and is_object(parameters.get("properties", {}))
    need(well, f"{field}: schema must be a JSON Schema of 'type: \"object\"'", field)


def _check_messages(messages: list[dict[str, Any]]) -> None:
    open_calls: set[str] = set()
    for number, message in enumerate(messages):
        field = f"messages[{number}]"
        role = message.get("role")
        if role == "tool":
            call_id = message.get("tool_call_id")
            need(call_id in open_calls, f"{field}: role 'tool' must be a response to a preceding 'tool_calls'", field)
            open_calls.discard(str(call_id))
            need(isinstance(message.get("content"), str), f"{field}: content must be a text", field)
            continue
        _check_answered(open_calls, field)
        need(role in ("system", "developer", "user", "assistant"), f"{field}: unknown role {role!r}", field)
        if role == "assistant":
            open_calls = _check_assistant(message, field)
        else:
            need(isinstance(message.get("content"), str), f"{field}: content must be a text", field)
    _check_answered(open_calls, "messages")


def _check_answered(open_calls: set[str], field: str) -> None:
    need(not open_calls, f"tool_call_ids did not have response messages: {', '.join(sorted(open_calls))}", field)


def _check_assistant(message: dict[str, Any], field: str) -> set[str]:
    """The ids of its calls."""
    calls = objects(message.get("tool_calls", []), f"{field}.tool_calls")
    need(calls != [] or "tool_calls" not in message, f"{field}.tool_calls is too short", field)
    need(isinstance(message.get("content"), str) or bool(calls), f"{field}: content must be a text", field)
    for call in calls:
        function = call.get("function")
        well = call.get("type") == "function" and is_object(function) and is_name(function.get("name"))
        need(well and isinstance(call.get("id"), str), f"{field}.tool_calls: a named function with id expected", field)
        assert is_object(function)
        need(isinstance(function.get("arguments"), str), f"{field}.tool_calls: arguments must be a text", field)
        need(len(call["id"]) <= 40, f"{field}.tool_calls: id is too long", field)
    ids = {call["id"] for call in calls}
    need(len(ids) == len(calls), f"{field}.tool_calls: an id comes twice", field)
    return ids
