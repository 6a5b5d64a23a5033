"""Whether a request is one that Anthropic would take. Source: Anthropic's API reference, "Create a Message".

A reply that is already begun (a last message of the assistant's) is refused, as the newer models do.
"""

from __future__ import annotations

from typing import Any

from phonegame.local.model.refused import Refused, is_name, is_object, need, objects

FIELDS = frozenset(
    {"model", "messages", "max_tokens", "system", "stream", "tools", "tool_choice", "temperature", "top_p", "top_k"}
    | {"stop_sequences", "metadata", "thinking"}
)


def check_messages(body: dict[str, Any]) -> None:
    """Raises `Refused`."""
    for field in body:
        if field not in FIELDS:
            raise Refused(400, f"{field}: Extra inputs are not permitted")
    need(isinstance(body.get("model"), str), "model: Field required")
    limit = body.get("max_tokens")
    need(isinstance(limit, int) and limit >= 1, "max_tokens: Field required")
    need(isinstance(body.get("system", ""), str), "system: Input should be a valid string")
    for number, tool in enumerate(objects(body.get("tools", []), "tools")):
        _check_tool(tool, f"tools.{number}")
    messages = objects(body.get("messages"), "messages")
    need(bool(messages), "messages: at least one message is required")
    need(messages[0].get("role") == "user", "messages: first message must use the user role")
    need(messages[-1].get("role") == "user", "This model does not support assistant message prefill.")
    _check_turns(messages, has_tools=bool(body.get("tools")))


def _check_tool(tool: dict[str, Any], field: str) -> None:
    need(is_name(tool.get("name")), f"{field}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'")
    schema = tool.get("input_schema")
    need(is_object(schema) and schema.get("type") == "object", f"{field}.input_schema.type: Field required")


def _check_turns(messages: list[dict[str, Any]], *, has_tools: bool) -> None:
    open_calls: set[str] = set()
    for number, message in enumerate(messages):
        field = f"messages.{number}"
        need(message.get("role") in ("user", "assistant"), f"{field}.role: Input should be 'user' or 'assistant'")
        content = message.get("content")
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else objects(content, field)
        need(bool(blocks), f"{field}: all messages must have non-empty content")
        for block in blocks:
            _check_block(block, message["role"], field)
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        first_text = next((at for at, block in enumerate(blocks) if block["type"] == "text"), len(blocks))
        need(first_text >= len(results), f"{field}: tool_result blocks come first")
        need(not open_calls - set(results), "`tool_use` ids were found without `tool_result` blocks immediately after")
        need(not set(results) - open_calls, "unexpected `tool_use_id` found in `tool_result` blocks")
        calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
        open_calls = set(calls)
        need(len(open_calls) == len(calls), f"{field}: `tool_use` ids must be unique")
        need(has_tools or not calls, "Requests which include `tool_use` or `tool_result` blocks must define tools")
    need(not open_calls, "`tool_use` ids were found without `tool_result` blocks immediately after")


def _check_block(block: dict[str, Any], role: str, field: str) -> None:
    match block.get("type"):
        case "text":
            text = block.get("text")
            need(isinstance(text, str) and bool(text.strip()), f"{field}: text content blocks must be non-empty")
        case "tool_use" if role == "assistant":
            well = is_name(block.get("id")) and is_name(block.get("name")) and is_object(block.get("input"))
            need(well, f"{field}: tool_use needs id, name and input")
        case "tool_result" if role == "user":
            well = is_name(block.get("tool_use_id")) and isinstance(block.get("content", ""), str)
            need(well, f"{field}: tool_result needs tool_use_id and content")
        case kind:
            raise Refused(400, f"{field}: Input tag {kind!r} is not expected here")
