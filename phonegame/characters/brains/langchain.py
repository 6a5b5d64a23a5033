"""Any LangChain runnable: a chat model, a chain, an agent. LangChain is bound to asyncio, which has its own thread.

It is given the conversation as a list of messages, and may give texts or messages, whole or in pieces. Actions need a
chat model (`bind_tools`). A graph of LangGraph's is given {"messages": [...]}, and calls its tools itself.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
import traceback
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

import structlog
import trio

from phonegame.characters.brain import BrainError, BrainMissing, Piece, Request, Text, Usage
from phonegame.characters.brains.asyncio_thread import AsyncioThread, Blocked
from phonegame.characters.brains.calls import CallsInPieces
from phonegame.characters.brains.model_brain import ModelBrain
from phonegame.characters.brains.openai import messages_of, tools_of

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage
    from langchain_core.messages.ai import UsageMetadata

log = structlog.get_logger()


def find_runnable(name: str) -> Any:
    """`module:object`: installed, or in the folder where the server was started. Raises BrainMissing."""
    module_name, _, path = name.partition(":")
    if not module_name or not path:
        raise BrainMissing(f"PHONEGAME_MODEL: langchain:{name} names no object; write langchain:module:object")
    if importlib.util.find_spec("langchain_core") is None:
        raise BrainMissing("A runnable needs LangChain: pip install 'phonegame[langchain]'")
    if (here := str(Path.cwd())) not in sys.path:
        # an installed command does not look there; last, so that nothing there takes the place of a library
        sys.path.append(here)
    try:
        found = importlib.import_module(module_name)
        for attribute in path.split("."):
            found = getattr(found, attribute)
    except (ImportError, AttributeError) as error:
        raise BrainMissing(f"PHONEGAME_MODEL: langchain:{name} cannot be imported: {error}") from error
    return found


class LangChainBrain(ModelBrain):
    """What connects, and how, is the runnable's own affair. Raises BrainMissing."""

    def __init__(self, runnable: Any, name: str) -> None:
        from langchain_core.runnables import Runnable

        if not isinstance(runnable, Runnable):
            raise BrainMissing(
                f"PHONEGAME_MODEL: {name} is no runnable of LangChain's, but a {type(runnable).__name__}"
            )
        self.name = f"langchain:{name}"
        self._runnable: Any = runnable
        # as LangGraph's graphs have it
        self._is_graph = hasattr(runnable, "stream_mode")
        self._thread = AsyncioThread(self.name)

    async def __aexit__(self, *_: object) -> None:
        await self._thread.aclose()

    @asynccontextmanager
    async def think(self, request: Request) -> AsyncIterator[AsyncIterator[Piece]]:
        async with AsyncExitStack() as stack:
            stream = self._stream(request)
            request.sent()
            try:
                items = await stack.enter_async_context(self._thread.iterate(stream))
            except Blocked:
                raise _blocked() from None
            yield _Pieces(items)

    def _stream(self, request: Request) -> Callable[[], AsyncIterator[Any]]:
        """To be called in asyncio's thread: a runnable may connect as soon as it is asked."""
        messages = messages_of(request)
        tools = tools_of(request)

        def make() -> AsyncIterator[Any]:
            from langchain_core.messages import convert_to_messages

            content: Any = convert_to_messages(messages)
            if self._is_graph:
                stream = self._runnable.astream({"messages": content}, stream_mode="messages")
            else:
                stream = _with_tools(self._runnable, tools).astream(content)
            return cast("AsyncIterator[Any]", stream)

        return make


def _with_tools(runnable: Any, tools: list[dict[str, Any]]) -> Any:
    if not tools or not hasattr(runnable, "bind_tools"):
        return runnable
    try:
        return runnable.bind_tools(tools)
    except NotImplementedError:
        # of the base class: this model has none
        return runnable


class _Pieces:
    def __init__(self, items: AsyncIterator[Any]) -> None:
        self._items = items
        self._calls = CallsInPieces()
        self._call_index = 0
        self._usage: Usage | None = None
        self._ready: deque[Piece] = deque()
        self._is_over = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Piece:
        await trio.lowlevel.checkpoint()
        while not self._ready and not self._is_over:
            try:
                self._understand(await anext(self._items))
            except StopAsyncIteration:
                self._is_over = True
                self._ready.extend(self._calls.finish())
                if self._usage is not None:
                    self._ready.append(self._usage)
            except Blocked:
                raise _blocked() from None
            except BrainError:
                raise
            except Exception as error:  # noqa: BLE001 - a runnable may raise anything, and it is told
                # its text may hold what was said
                log.warning("runnable failed", error=type(error).__name__, at=_place(error))
                raise BrainError(f"The runnable of PHONEGAME_MODEL failed ({type(error).__name__})") from None
        if not self._ready:
            raise StopAsyncIteration
        return self._ready.popleft()

    def _understand(self, item: Any) -> None:
        from langchain_core.messages import AIMessage

        if isinstance(item, str):
            self._add_text(item)
        elif isinstance(item, AIMessage):
            self._add_text(str(item.text))
            self._add_calls(item)
            self._add_usage(item.usage_metadata)
        elif isinstance(item, tuple) and item and not isinstance(item[0], str):
            # of a graph: a message, and where it comes from; the graph carries out its calls, and tells of the results
            if isinstance(item[0], AIMessage):
                self._add_text(str(item[0].text))
                self._add_usage(item[0].usage_metadata)
        else:
            raise BrainError(
                f"The runnable of PHONEGAME_MODEL gives {type(item).__name__}, where texts or messages are expected; "
                "put StrOutputParser() behind it, or a function that takes the text out"
            )

    def _add_text(self, text: str) -> None:
        if text:
            # halves of characters could be sent to nobody
            self._ready.append(Text(text.encode(errors="replace").decode()))

    def _add_calls(self, message: AIMessage) -> None:
        from langchain_core.messages import AIMessageChunk

        if isinstance(message, AIMessageChunk):
            for chunk in message.tool_call_chunks:
                index = chunk.get("index")
                self._calls.add(index, chunk.get("name") or "", chunk.get("args") or "")
        else:
            for call in message.tool_calls:
                self._call_index += 1
                self._calls.add(("whole", self._call_index), call["name"], json.dumps(call["args"]))

    def _add_usage(self, usage: UsageMetadata | None) -> None:
        """LangChain adds up what the pieces of a message say."""
        if usage is not None:
            before = self._usage or Usage(0, 0)
            self._usage = Usage(
                before.input_tokens + usage["input_tokens"], before.output_tokens + usage["output_tokens"]
            )


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""


def _blocked() -> BrainError:
    return BrainError("The runnable of PHONEGAME_MODEL blocks, or ignores its cancellation: make it asynchronous")
