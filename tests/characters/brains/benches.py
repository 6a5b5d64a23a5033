"""Brains to be tried. A brain of another kind joins the suites by a bench of its own in `MODELS`, or in `BENCHES`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import pytest
import trio
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable

from phonegame.characters.brain import Brain
from phonegame.characters.brains import find_brain
from phonegame.characters.brains.langchain import LangChainBrain
from phonegame.characters.brains.script.brain import ScriptBrain
from phonegame.characters.persona import Persona
from phonegame.local.model import Answer, Call, ModelConfig, Script, serve_model
from phonegame.local.model.record import Asked, Requests
from phonegame.local.model.script import tokens_of
from tests.characters.brains.play import ANSWERS, BROKEN, PERSONA, SCRIPTED

KEY = "planted0model0key"


@dataclass(frozen=True, slots=True)
class Stage:
    """`requests`: what the brain has asked somebody else for, and what has become of it."""

    brain: Brain
    requests: Requests
    persona: Persona = PERSONA
    """Whom it plays."""
    broken: Persona = PERSONA
    """Whom it cannot play when the caller says "break off"."""

    async def request(self, number: int) -> Asked:
        return await self.requests.wait_for(number)


class Bench(Protocol):
    name: str

    def play(self) -> AbstractAsyncContextManager[Stage]:
        """What play.py says."""


class ModelBench(Bench, Protocol):
    """The brain is in front of something that answers as it is told to."""

    is_http: bool
    """Whether there is a server that can refuse."""

    def open(self, *answers: Answer, **config: Any) -> AbstractAsyncContextManager[Stage]:
        """`config`: of a `ModelConfig`, for those with a server."""


class ScriptBench:
    name = "script"

    @asynccontextmanager
    async def play(self) -> AsyncIterator[Stage]:
        await trio.lowlevel.checkpoint()
        yield Stage(ScriptBrain(), Requests(), SCRIPTED, BROKEN)


class HttpBench:
    is_http = True

    def __init__(self, name: str) -> None:
        self.name = name

    def play(self) -> AbstractAsyncContextManager[Stage]:
        return self.open(*ANSWERS)

    @asynccontextmanager
    async def open(self, *answers: Answer, **config: Any) -> AsyncIterator[Stage]:
        async with trio.open_nursery() as nursery:
            settings = ModelConfig(script=Script(answers), **{"key": KEY, **config})
            service = await nursery.start(serve_model, settings)
            url = service.openai_url if self.name == "openai" else service.anthropic_url
            async with find_brain(f"{self.name}:some-model", url=url, key=KEY) as brain:
                yield Stage(brain, service.requests)
            nursery.cancel_scope.cancel()


class LangChainBench:
    name = "langchain"
    is_http = False

    def play(self) -> AbstractAsyncContextManager[Stage]:
        return self.open(*ANSWERS)

    @asynccontextmanager
    async def open(self, *answers: Answer, **config: Any) -> AsyncIterator[Stage]:
        assert not config
        requests = Requests()
        model: Any = ScriptedModel(script=Script(answers), requests=requests, token=trio.lowlevel.current_trio_token())
        async with LangChainBrain(model, "tests:model") as brain:
            yield Stage(brain, requests)


class ScriptedModel(BaseChatModel):
    """Follows a script as the model server does, in asyncio's thread."""

    script: Any
    requests: Any
    token: Any

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Runnable[Any, Any]:
        return self.bind(tools=tools, **kwargs)

    def _generate(self, *_: Any, **__: Any) -> ChatResult:
        raise AssertionError("asked without streaming")

    async def _astream(self, messages: list[BaseMessage], *_: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:  # noqa: ASYNC900
        said = str(messages[-1].text).rpartition("\n")[2]
        answer = self.script.next_for(said)
        asked: list[Asked] = []

        def add() -> None:
            asked.append(self.requests.add("", {}, 0))
            asked[0].body = {"messages": messages, **kwargs}

        def tell(what: str, *arguments: Any) -> None:
            self.token.run_sync_soon(lambda: getattr(asked[0], what)(*arguments))

        self.token.run_sync_soon(add)
        try:
            async for message in _chunks(answer, said, tell):
                yield ChatGenerationChunk(message=message)
        except asyncio.CancelledError:
            tell("end", "client gone")
            raise
        tell("end", "answered")


async def _chunks(answer: Answer, said: str, tell: Callable[[str], None]) -> AsyncIterator[AIMessageChunk]:  # noqa: ASYNC900, ASYNC911
    tokens = tokens_of(answer, said)
    await asyncio.sleep(answer.first_token)
    for sent, part in enumerate([*tokens, None]):
        if sent == answer.cut_after:
            raise ConnectionError("planted: " + said)
        if sent == answer.stall_after:
            await asyncio.Event().wait()
        if isinstance(part, Call):
            for chunk in _call_chunks(part, sent):
                yield AIMessageChunk(content="", tool_call_chunks=[chunk])  # noqa: ASYNC911
        elif part is not None:
            yield AIMessageChunk(content=part)  # noqa: ASYNC911
        tell("add_token")
    count = len(tokens)
    yield AIMessageChunk(  # noqa: ASYNC911
        content="", usage_metadata={"input_tokens": 7, "output_tokens": count, "total_tokens": 7 + count}
    )


def _call_chunks(call: Call, index: int) -> list[Any]:
    arguments = json.dumps(call.arguments)
    head = {"name": call.name, "args": arguments[:3], "id": f"c{index}", "index": index}
    return [head, {"name": None, "args": arguments[3:], "id": None, "index": index}]


MODELS: tuple[ModelBench, ...] = (HttpBench("openai"), HttpBench("anthropic"), LangChainBench())
BENCHES: tuple[Bench, ...] = (ScriptBench(), *MODELS)

every = pytest.mark.parametrize("bench", BENCHES, ids=lambda bench: bench.name)
every_model = pytest.mark.parametrize("bench", MODELS, ids=lambda bench: bench.name)
every_http = pytest.mark.parametrize("bench", [b for b in MODELS if b.is_http], ids=lambda bench: bench.name)
