"""The model server, asked as any client would: more strictly than a brain of ours could tell."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from phonegame.local.model import Answer, Call, ModelConfig, ModelService, Script, serve_model
from tests.http_client import Answer as HttpAnswer
from tests.http_client import bearer, fetch

USER = {"role": "user", "content": "hello"}
CHAT: dict[str, Any] = {"model": "m", "messages": [USER]}
MESSAGES: dict[str, Any] = {**CHAT, "max_tokens": 9}
FUNCTION = {"type": "function", "function": {"name": "bake", "parameters": {"type": "object", "properties": {}}}}
CALLS = [{"id": "c1", "type": "function", "function": {"name": "bake", "arguments": "{}"}}]
ASKED = {"role": "assistant", "content": None, "tool_calls": CALLS}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "done"}
TOOL = {"name": "bake", "input_schema": {"type": "object"}}
USE = {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "bake", "input": {}}]}
USED = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "done"}]}
TEXT = {"type": "text", "text": "hello"}


@asynccontextmanager
async def served(*answers: Answer, **config: Any) -> AsyncIterator[ModelService]:
    async with trio.open_nursery() as nursery:
        yield await nursery.start(serve_model, ModelConfig(script=Script(answers), **config))
        nursery.cancel_scope.cancel()


async def chat(service: ModelService, body: object, *headers: tuple[str, str]) -> HttpAnswer:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await fetch(f"127.0.0.1:{service.port}", "POST", "/v1/chat/completions", headers, sent)


async def messages(service: ModelService, body: object, version: str = "2023-06-01") -> HttpAnswer:
    headers = [("anthropic-version", version)] if version else []
    return await fetch(f"127.0.0.1:{service.port}", "POST", "/v1/messages", headers, json.dumps(body).encode())


async def test_a_whole_reply_of_openai() -> None:
    answer = Answer(text="You said: {said}", calls=(Call("bake", {"size": 3}),))
    async with served(answer) as service:
        reply = json.loads((await chat(service, CHAT)).text)
        assert (await service.request(0)).outcome == "answered"
    (choice,) = reply["choices"]
    assert choice["message"]["content"] == "You said: hello"
    assert choice["message"]["tool_calls"][0]["function"] == {"name": "bake", "arguments": '{"size": 3}'}
    assert choice["finish_reason"] == "tool_calls"
    assert reply["usage"]["completion_tokens"] == 4


async def test_a_whole_reply_of_anthropic() -> None:
    async with served(Answer(text="Very well.", calls=(Call("bake", {"size": 3}),))) as service:
        reply = json.loads((await messages(service, MESSAGES)).text)
    assert [block["type"] for block in reply["content"]] == ["text", "tool_use"]
    assert (reply["content"][1]["input"], reply["stop_reason"]) == ({"size": 3}, "tool_use")


@pytest.mark.parametrize(
    ("options", "has_usage"), [({}, False), ({"stream_options": {"include_usage": True}}, True)], ids=["no", "yes"]
)
async def test_openai_tells_the_cost_of_a_stream_when_asked(options: dict[str, Any], has_usage: bool) -> None:
    async with served() as service:
        sent = (await chat(service, {**CHAT, "stream": True, **options})).text
    assert ('"usage"' in sent) == has_usage
    assert sent.endswith("data: [DONE]\n\n")


async def test_answers_come_in_order_and_those_for_words_whenever_they_are_said() -> None:
    script = Script([Answer(text="1"), Answer(said="Dough", text="2"), Answer(text="3")])
    said = ["x", "the dough", "x", "dough", "x"]
    assert [script.next_for(text).text for text in said] == ["1", "2", "3", "2", "You said: {said}"]


async def test_models_are_listed() -> None:
    async with served(models=("a", "b")) as service:
        listed = json.loads((await fetch(f"127.0.0.1:{service.port}", "GET", "/v1/models")).text)
        assert [model["id"] for model in listed["data"]] == ["a", "b"]
        assert (await chat(service, CHAT)).status == 404
        assert (await messages(service, MESSAGES)).status == 404


async def test_a_key_is_asked_for() -> None:
    async with served(key="planted") as service:
        assert (await chat(service, CHAT)).status == 401
        assert (await chat(service, CHAT, bearer("other"))).status == 401
        assert (await chat(service, CHAT, bearer("planted"))).status == 200
        assert (await chat(service, CHAT, ("x-api-key", "planted"))).status == 200


async def test_other_addresses_are_not_there() -> None:
    async with served() as service:
        for method, path in (("GET", "/v1/chat/completions"), ("POST", "/v1/models"), ("HEAD", "/v1")):
            assert (await fetch(f"127.0.0.1:{service.port}", method, path)).status == 404


def with_messages(*messages: object, **fields: object) -> dict[str, object]:
    return {"model": "m", "messages": list(messages), **fields}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"not JSON", "could not parse"),
        ({"messages": [USER]}, "you must provide a model"),
        ({"model": "m", "messages": []}, "messages is too short"),
        ({"model": "m", "messages": "hello"}, "a list of objects"),
        ({**CHAT, "colour": "red"}, "Unrecognized request argument supplied: colour"),
        ({**CHAT, "stream_options": {}}, "stream_options needs stream"),
        ({**CHAT, "max_tokens": 5, "max_completion_tokens": 5}, "both limits"),
        ({**CHAT, "max_tokens": 0}, "too small"),
        ({**CHAT, "tools": []}, "tools is too short"),
        ({**CHAT, "tools": [{"type": "function", "function": {"name": "no name"}}]}, "does not match"),
        ({**CHAT, "tools": [{"type": "function", "function": {"name": "a", "parameters": {}}}]}, "JSON Schema"),
        (with_messages({"role": "caller", "content": "x"}), "unknown role 'caller'"),
        (with_messages({"role": "user", "content": 1}), "content must be a text"),
        (with_messages({"role": "assistant", "content": None}), "content must be a text"),
        (with_messages(USER, RESULT), "must be a response"),
        (with_messages(USER, ASKED), "did not have response messages: c1"),
        (with_messages(USER, ASKED, USER, RESULT), "did not have response messages: c1"),
        (with_messages(USER, ASKED, RESULT, RESULT), "must be a response"),
        (with_messages(USER, {**ASKED, "tool_calls": CALLS * 2}, RESULT), "an id comes twice"),
    ],
)
async def test_openai_refuses(body: object, words: str) -> None:
    async with served() as service:
        answer = await chat(service, body)
        assert (await service.request(0)).outcome == "refused"
    assert answer.status == 400
    assert words in json.loads(answer.text)["error"]["message"]


async def test_openai_takes_calls_with_their_results() -> None:
    async with served() as service:
        answer = await chat(service, with_messages(USER, ASKED, RESULT, tools=[FUNCTION]))
    assert answer.status == 200


def turns(*turns: object, tools: Sequence[object] = (TOOL,)) -> dict[str, object]:
    return {"model": "m", "max_tokens": 9, "messages": list(turns), **({"tools": list(tools)} if tools else {})}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (CHAT, "max_tokens: Field required"),
        ({**MESSAGES, "stream_options": {}}, "stream_options: Extra inputs"),
        (turns(), "at least one message"),
        (turns({"role": "assistant", "content": "x"}, USER), "first message"),
        (turns(USER, {"role": "assistant", "content": "x"}), "prefill"),
        (turns({"role": "user", "content": " "}), "non-empty"),
        (turns({"role": "user", "content": []}), "non-empty"),
        (turns(USER, {"role": "system", "content": "x"}, USER), "Input should be"),
        (turns(USER, USE, USER), "without `tool_result`"),
        (turns(USER, USED), "unexpected `tool_use_id`"),
        (turns(USER, USE, {"role": "user", "content": [TEXT, *USED["content"]]}), "come first"),
        (turns(USER, USE, USED, tools=()), "must define tools"),
        (turns(USER, {"role": "assistant", "content": USED["content"]}, USER), "not expected here"),
        (turns(USER, tools=({"name": "no name"},)), "should match pattern"),
        (turns(USER, tools=({"name": "a", "input_schema": {}},)), "input_schema"),
    ],
)
async def test_anthropic_refuses(body: object, words: str) -> None:
    async with served() as service:
        answer = await messages(service, body)
    assert answer.status == 400
    error = json.loads(answer.text)
    assert error["type"] == "error"
    assert words in error["error"]["message"]


async def test_anthropic_takes_calls_with_their_results_and_wants_its_version() -> None:
    body = turns(USER, USE, {"role": "user", "content": [*USED["content"], TEXT]})
    async with served() as service:
        assert (await messages(service, body)).status == 200
        assert (await messages(service, body, version="")).status == 400
