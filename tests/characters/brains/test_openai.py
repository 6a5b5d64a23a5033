from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonegame.characters.brain import ActionCall, BrainRefused, Text, Usage
from phonegame.characters.brains.openai import OpenAIReading
from phonegame.local.model import Answer
from tests.characters.brains.asking import ask, text_of
from tests.characters.brains.benches import HttpBench

BENCH = HttpBench("openai")


@pytest.mark.parametrize(
    ("unknown", "requests"),
    [(["stream_options"], 2), (["max_tokens"], 2), (["stream_options", "max_tokens", "max_completion_tokens"], 4)],
)
async def test_a_server_that_refuses_a_field_is_sent_none_of_it_again(unknown: list[str], requests: int) -> None:
    async with BENCH.open(unknown_fields=unknown) as stage:
        for number in range(2):
            assert text_of(await ask(stage.brain, "hello")) == "You said: hello"
            assert stage.requests.count == requests + number


async def test_a_server_that_refuses_what_must_be_is_asked_once() -> None:
    async with BENCH.open(unknown_fields=["messages"]) as stage:
        with pytest.raises(BrainRefused, match="400, unknown_parameter"):
            await ask(stage.brain, "hello")
        assert stage.requests.count == 1


async def test_the_limit_of_a_reply_is_passed_on() -> None:
    async with BENCH.open() as stage:
        await ask(stage.brain, "hello")
        assert (await stage.request(0)).body["max_tokens"] == 50


@pytest.mark.parametrize(
    ("code", "words"), [("insufficient_quota", "no credit"), ("rate_limit_exceeded", "429, rate_limit_exceeded")]
)
async def test_a_code_that_is_known_is_shown(code: str, words: str) -> None:
    async with BENCH.open(Answer(status=429, code=code)) as stage:
        with pytest.raises(BrainRefused, match=words):
            await ask(stage.brain, "hello")


async def test_a_code_that_is_not_known_is_not_shown() -> None:
    async with BENCH.open(Answer(status=429, code="planted")) as stage:
        with pytest.raises(BrainRefused) as caught:
            await ask(stage.brain, "hello")
    assert "planted" not in str(caught.value)


def test_calls_that_come_whole_and_without_an_index() -> None:
    reading = OpenAIReading()
    for name in ("bake", "eat"):
        call = f'{{"function":{{"name":"{name}","arguments":"{{}}"}}}}'
        assert list(reading.receive(f'{{"choices":[{{"delta":{{"tool_calls":[{call}]}}}}]}}')) == []
    assert list(reading.receive('{"choices":[{"finish_reason":"tool_calls"}]}')) == []
    calls = list(reading.finish())
    assert [call.name for call in calls if isinstance(call, ActionCall)] == ["bake", "eat"]


def test_fields_that_are_null_or_unknown_do_no_harm() -> None:
    reading = OpenAIReading()
    delta = '{"content":"hi","tool_calls":null,"role":null,"new":1}'
    chunk = f'{{"choices":[{{"delta":{delta},"finish_reason":null}}],"usage":null}}'
    assert list(reading.receive(chunk)) == [Text("hi")]
    assert list(reading.receive("[DONE]")) == []
    assert list(reading.finish()) == []


def test_the_cost_is_that_of_the_last_chunk_that_has_one() -> None:
    reading = OpenAIReading()
    for tokens in (1, 2):
        list(reading.receive(f'{{"choices":[],"usage":{{"prompt_tokens":5,"completion_tokens":{tokens}}}}}'))
    list(reading.receive("[DONE]"))
    assert list(reading.finish()) == [Usage(5, 2)]


@given(st.text() | st.recursive(st.none() | st.text(), lambda part: st.dictionaries(st.text(), part)).map(str))
def test_no_event_raises_anything_but_value_errors(text: str) -> None:
    with contextlib.suppress(ValueError):
        list(OpenAIReading().receive(text))
