"""Runnables of every kind, those that do harm among them. The suite runs on a chat model."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import threading
import types
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import trio
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import Runnable, RunnableGenerator, RunnableLambda
from structlog.testing import capture_logs

from phonegame.characters.brain import ActionCall, BrainError, BrainMissing, Usage
from phonegame.characters.brains import asyncio_thread, find_brain
from phonegame.characters.brains.langchain import LangChainBrain
from tests.characters.brains.asking import ask, request_of, text_of

SECRET = "xylophone"
ABANDONED = "asyncio task ignores its cancellation, and is abandoned"


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio_thread, "CANCEL_SECONDS", 0.05)


def brain_of(runnable: Any) -> LangChainBrain:
    return LangChainBrain(runnable, "tests:runnable")


def echo(messages: list[BaseMessage]) -> AIMessage:
    usage: Any = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
    call: Any = {"name": "bake", "args": {"size": 3}, "id": "1", "type": "tool_call"}
    text = str(messages[-1].text).rpartition("\n")[2]
    return AIMessage(f"You said: {text}", tool_calls=[call], usage_metadata=usage)


async def test_a_message_that_comes_whole() -> None:
    async with brain_of(RunnableLambda(echo)) as brain:
        pieces = await ask(brain, "hello")
    assert text_of(pieces) == "You said: hello"
    (call,) = [piece for piece in pieces if isinstance(piece, ActionCall)]
    assert (call.name, call.arguments) == ("bake", '{"size": 3}')
    assert pieces[-1] == Usage(1, 2)


async def test_a_chain_that_gives_texts() -> None:
    async with brain_of(RunnableLambda(echo) | StrOutputParser()) as brain:
        assert text_of(await ask(brain, "hello")) == "You said: hello"


def test_a_module_of_the_folder_where_the_server_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    code = "from langchain_core.runnables import RunnableLambda\nbot = RunnableLambda(str)"
    (tmp_path / "planted_runnable.py").write_text(code)
    (tmp_path / "json.py").write_text("raise AssertionError")
    assert find_brain("langchain:planted_runnable:bot").name == "langchain:planted_runnable:bot"
    assert sys.path[-1] == str(tmp_path)


async def test_halves_of_characters_reach_nobody() -> None:
    async with brain_of(RunnableLambda(lambda _: "a \ud83d b")) as brain:
        assert text_of(await ask(brain, "hello")) == "a ? b"


async def test_the_messages_tell_who_it_is_and_what_was_said() -> None:
    seen: list[list[BaseMessage]] = []

    def see(messages: list[BaseMessage]) -> str:
        seen.append(messages)
        return "well"

    async with brain_of(RunnableLambda(see)) as brain:
        await ask(brain, "hello")
    assert [message.type for message in seen[0]] == ["system", "human"]
    assert "Luigi" in str(seen[0][0].text)


async def test_a_graph_gives_what_its_models_say() -> None:
    class Graph(Runnable[Any, Any]):
        stream_mode = "values"

        def invoke(self, *_: Any, **__: Any) -> Any:
            raise AssertionError("asked without streaming")

        async def astream(self, input: Any, *_: Any, **kwargs: Any) -> AsyncIterator[Any]:  # noqa: ASYNC900, ASYNC911, A002
            assert kwargs == {"stream_mode": "messages"}
            yield AIMessageChunk(content=f"{len(input['messages'])} "), {"langgraph_node": "agent"}  # noqa: ASYNC911
            yield BaseMessage(content="a tool's", type="tool"), {"langgraph_node": "tools"}  # noqa: ASYNC911
            yield AIMessageChunk(content="messages"), {"langgraph_node": "agent"}  # noqa: ASYNC911

    async with brain_of(Graph()) as brain:
        assert text_of(await ask(brain, "hello")) == "2 messages"


async def test_what_is_no_text_is_told() -> None:
    async with brain_of(RunnableLambda(lambda _: {"output": SECRET})) as brain:
        with pytest.raises(BrainError, match="gives dict, where texts or messages are expected"):
            await ask(brain, "hello")


async def test_an_error_is_told_without_its_text() -> None:
    def fail(_: object) -> str:
        raise LookupError(SECRET)

    async with brain_of(RunnableLambda(fail)) as brain:
        with capture_logs() as logged, pytest.raises(BrainError, match=r"failed \(LookupError\)") as caught:
            await ask(brain, "hello")
    printed = str(logged)
    assert "test_langchain.py" in printed
    assert SECRET not in f"{printed} {caught.value} {caught.value.__cause__}"


async def test_one_that_cancels_itself_is_an_error() -> None:
    async def cancel(_: object) -> str:
        raise asyncio.CancelledError

    async with brain_of(RunnableLambda(cancel)) as brain:
        with pytest.raises(BrainError, match="failed"):
            await ask(brain, "hello")


async def test_one_that_makes_more_than_is_read_waits() -> None:
    made = 0

    async def endless(_: object) -> AsyncIterator[str]:  # noqa: ASYNC900
        nonlocal made
        while True:
            made += 1
            yield "word "  # noqa: ASYNC911

    async with brain_of(RunnableGenerator(endless)) as brain, brain.think(request_of("hello")) as pieces:
        for _ in range(300):
            await anext(pieces)
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert made <= 300 + 2 * asyncio_thread.BUFFER + 2


async def test_one_that_blocks_is_abandoned_and_others_go_on() -> None:
    release, blocked = threading.Event(), trio.Event()
    token = trio.lowlevel.current_trio_token()

    async def block(messages: list[BaseMessage]) -> str:
        if "block" in str(messages[-1].text):
            token.run_sync_soon(blocked.set)
            release.wait(30)
        return "well"

    try:
        async with brain_of(RunnableLambda(block)) as brain:
            with capture_logs() as logged:
                for _ in range(asyncio_thread.MAX_BLOCKED):
                    assert text_of(await ask(brain, "hello")) == "well"
                    await _ask_and_leave(brain, "block", blocked)
                    blocked = trio.Event()
            assert [line["event"] for line in logged] == [ABANDONED] * asyncio_thread.MAX_BLOCKED
            with pytest.raises(BrainError, match="blocks"):
                await ask(brain, "hello")
            release.set()
            await _until_answered(brain)
    finally:
        release.set()


async def _ask_and_leave(brain: LangChainBrain, text: str, begun: trio.Event) -> None:
    async with brain.open() as mind, mind.think(request_of(text)):
        await begun.wait()


async def _until_answered(brain: LangChainBrain) -> None:
    with trio.fail_after(10):
        while True:
            try:
                assert text_of(await ask(brain, "hello")) == "well"
            except BrainError:
                await trio.sleep(0.01)
            else:
                return


async def test_one_that_blocks_fails_those_that_share_its_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    release, begun = threading.Event(), trio.Event()
    token = trio.lowlevel.current_trio_token()

    async def behave(messages: list[BaseMessage]) -> str:
        if "block" in str(messages[-1].text):
            token.run_sync_soon(begun.set)
            release.wait(30)
        await asyncio.sleep(3600)
        return "well"

    failed = trio.Event()

    async def wait(brain: LangChainBrain) -> None:
        with pytest.raises(BrainError, match="blocks"):
            await ask(brain, "hello")
        failed.set()

    try:
        async with brain_of(RunnableLambda(behave)) as brain, trio.open_nursery() as nursery:
            nursery.start_soon(wait, brain)
            await trio.testing.wait_all_tasks_blocked()
            await _ask_and_leave(brain, "block", begun)
            await failed.wait()
    finally:
        release.set()


async def test_one_that_ignores_its_cancellation_is_abandoned_alone() -> None:
    begun = trio.Event()
    token = trio.lowlevel.current_trio_token()

    async def ignore(messages: list[BaseMessage]) -> str:
        if "ignore" in str(messages[-1].text):
            token.run_sync_soon(begun.set)
            # the first one: with the second, the loop ends
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(3600)
            await asyncio.sleep(3600)
        return "well"

    async with brain_of(RunnableLambda(ignore)) as brain:
        with capture_logs() as logged:
            await _ask_and_leave(brain, "ignore", begun)
        assert [line["event"] for line in logged] == [ABANDONED]
        assert text_of(await ask(brain, "hello")) == "well"
        assert threading.active_count() <= 3


async def test_what_has_no_asynchronous_way_keeps_nobody_waiting() -> None:
    release, begun = threading.Event(), trio.Event()
    token = trio.lowlevel.current_trio_token()

    def block(messages: list[BaseMessage]) -> str:
        if "block" in str(messages[-1].text):
            token.run_sync_soon(begun.set)
            release.wait(30)
        return "well"

    try:
        async with brain_of(RunnableLambda(block)) as brain:
            await _ask_and_leave(brain, "block", begun)
            assert text_of(await ask(brain, "hello")) == "well"
    finally:
        release.set()


async def test_the_thread_ends_with_the_brain() -> None:
    async with brain_of(RunnableLambda(echo)) as brain:
        await ask(brain, "hello")
        assert any(thread.name == brain.name for thread in threading.enumerate())
    assert not any(thread.name == brain.name for thread in threading.enumerate())


@pytest.fixture
def module() -> Iterator[types.ModuleType]:
    module = types.ModuleType("planted_module")
    sys.modules["planted_module"] = module
    yield module
    del sys.modules["planted_module"]


async def test_a_runnable_is_found_by_its_name(module: types.ModuleType) -> None:
    module.bots = types.SimpleNamespace(echo=RunnableLambda(echo))  # type: ignore[attr-defined]
    async with find_brain("langchain:planted_module:bots.echo") as brain:
        assert brain.name == "langchain:planted_module:bots.echo"
        assert text_of(await ask(brain, "hello")) == "You said: hello"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("planted_module", "write langchain:module:object"),
        ("nowhere_at_all:x", "No module named 'nowhere_at_all'"),
        ("planted_module:x", "has no attribute 'x'"),
        ("planted_module:__name__", "but a str"),
    ],
)
@pytest.mark.usefixtures("module")
def test_what_is_no_runnable_is_missing(name: str, words: str) -> None:
    with pytest.raises(BrainMissing, match=words):
        find_brain(f"langchain:{name}")


def test_their_logs_are_silent(module: types.ModuleType) -> None:
    module.x = RunnableLambda(echo)  # type: ignore[attr-defined]
    logging.getLogger("openai").setLevel(logging.DEBUG)
    find_brain("langchain:planted_module:x")
    assert logging.getLogger("openai").level == logging.WARNING
