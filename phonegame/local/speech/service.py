"""The speech service: on one TCP port Deepgram's `/v1/listen`, `/v2/listen` and `/v1/speak`.

speech = await nursery.start(serve_speech, SpeechConfig(recogniser="marker"))
... connect to speech.url ...
record = await speech.connection(0)
assert record.transcripts == ["forty two"]
... connect to speech.speak_url ...
record = await speech.speak_connection(0)
assert record.utterances[0].text == "Hello."
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable
from functools import partial

import trio
from trio_websocket import ConnectionClosed, WebSocketRequest, wrap_server_stream
from wsproto.utilities import LocalProtocolError

from phonegame.local.speech.config import SpeechConfig
from phonegame.local.speech.listening import ListenEndpoint
from phonegame.local.speech.prefixed import PrefixedStream, read_head
from phonegame.local.speech.record import ConnectionRecord
from phonegame.local.speech.refusals import Refusal
from phonegame.local.speech.speaking.endpoint import SpeakEndpoint
from phonegame.local.speech.speaking.record import SpeakRecord
from phonegame.local.speech.speaking.rest import SpeakOverHttp
from phonegame.local.speech.upgrade import reject

__all__ = ["SpeechConfig", "SpeechService", "serve_speech"]

LISTEN_PATH, FLUX_PATH, SPEAK_PATH = "/v1/listen", "/v2/listen", "/v1/speak"
HANDSHAKE_SECONDS = 10.0
NOT_FOUND = Refusal(404, "NOT_FOUND", "Not found.")


async def serve_speech(
    config: SpeechConfig, *, task_status: trio.TaskStatus[SpeechService] = trio.TASK_STATUS_IGNORED
) -> None:
    """Serves until cancelled; `nursery.start` gives the `SpeechService` once the port is open, or raises OSError."""
    listeners = await trio.open_tcp_listeners(config.port, host=config.host)
    service = SpeechService(config, port=listeners[0].socket.getsockname()[1])
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(trio.serve_listeners, service.serve_stream, listeners))
        task_status.started(service)


class SpeechService:
    """What a test sees of the service. `serve_stream` needs no TCP: for memory streams and mock clocks."""

    def __init__(self, config: SpeechConfig, port: int = 0) -> None:
        self.config = config
        self.port = port
        self._listen = ListenEndpoint(config)
        self._speak = SpeakEndpoint(config)
        self._over_http = SpeakOverHttp(config)

    @property
    def url(self) -> str:
        """Of `/v1/listen`, without a query."""
        return self._url(LISTEN_PATH)

    @property
    def flux_url(self) -> str:
        """Of `/v2/listen`, without a query."""
        return self._url(FLUX_PATH)

    @property
    def speak_url(self) -> str:
        """Of `/v1/speak`, without a query."""
        return self._url(SPEAK_PATH)

    @property
    def connections(self) -> deque[ConnectionRecord]:
        """The newest upgrade requests on `/v1/listen` and `/v2/listen`, oldest first."""
        return self._listen.records.kept

    @property
    def speak_connections(self) -> deque[SpeakRecord]:
        """The newest upgrade requests on `/v1/speak`, oldest first."""
        return self._speak.records.kept

    async def connection(self, number: int) -> ConnectionRecord:
        """The record of connection `number` to `/v1/listen` or `/v2/listen`, from 0 on; waits for it to come in."""
        return await self._listen.records.wait_for(number)

    async def speak_connection(self, number: int) -> SpeakRecord:
        """The record of connection `number` to `/v1/speak`, counted from 0; waits for it to come in."""
        return await self._speak.records.wait_for(number)

    async def serve_stream(self, stream: trio.abc.Stream) -> None:
        """One client, from its handshake to its end; closes `stream`. Raises nothing that a client causes."""
        try:
            async with stream:
                head = b""
                with trio.move_on_after(HANDSHAKE_SECONDS):
                    head = await read_head(stream)
                if head.startswith(b"POST "):
                    await self._over_http.serve(stream, head)
                elif head:
                    await self._serve_websocket(stream, head)
        except* (ConnectionClosed, LocalProtocolError, trio.BrokenResourceError):
            # Gone during the handshake; or trio-websocket 0.12 answered a ping behind our close frame, which
            # wsproto refuses. Either way the connection is over, and its record says all there is to say.
            await trio.lowlevel.checkpoint()

    async def _serve_websocket(self, stream: trio.abc.Stream, head: bytes) -> None:
        async with trio.open_nursery() as nursery:
            request, whole = None, PrefixedStream(head, stream)
            with trio.move_on_after(HANDSHAKE_SECONDS):
                request = await wrap_server_stream(nursery, whole)
            if request is not None:
                await self._answer(request, stream, lambda: whole.read_at)
            nursery.cancel_scope.cancel()

    async def _answer(self, request: WebSocketRequest, stream: trio.abc.Stream, read_at: Callable[[], float]) -> None:
        path, _, query = request.path.partition("?")
        if path == LISTEN_PATH:
            await self._listen.serve(request, stream, query)
        elif path == FLUX_PATH:
            await self._listen.serve(request, stream, query, read_at=read_at)
        elif path == SPEAK_PATH:
            await self._speak.serve(request, stream, query)
        else:
            await reject(request, NOT_FOUND, str(uuid.uuid4()))

    def _url(self, path: str) -> str:
        host = f"[{self.config.host}]" if ":" in self.config.host else self.config.host
        return f"ws://{host}:{self.port}{path}"
