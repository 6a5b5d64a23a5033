"""The speech service: listens on a TCP port and speaks Deepgram's `/v1/listen`.

speech = await nursery.start(serve_speech, SpeechConfig(recogniser="marker"))
... connect to speech.url ...
record = await speech.connection(0)
assert record.transcripts == ["forty two"]
"""

from __future__ import annotations

import json
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import trio
from trio_websocket import ConnectionClosed, WebSocketRequest, wrap_server_stream
from wsproto.utilities import LocalProtocolError

from phonegame.local.speech.connection import Connection, Setup
from phonegame.local.speech.heard import DeafRecogniser, Recogniser
from phonegame.local.speech.intake import Limits
from phonegame.local.speech.marker import MarkerRecogniser
from phonegame.local.speech.query import ListenOptions, Refusal, check_key, parse_query
from phonegame.local.speech.record import ConnectionRecord
from phonegame.local.speech.script import Plan, Script
from phonegame.local.speech.scripted import ScriptedRecogniser

PATH = "/v1/listen"
HANDSHAKE_SECONDS = 10.0
KEPT_RECORDS = 2000  # of the newest connections, for a test
KEPT_WITHOUT_AUDIO = 20  # and for a service that runs for days
NOT_FOUND = Refusal(404, "NOT_FOUND", "Not found.")

RecogniserName = Literal["sphinx", "marker", "deaf"]


@dataclass(frozen=True, slots=True)
class SpeechConfig:
    """`port` 0: any free one. `key` None: any or none will do. `codes`, `voices` and `dictation` are for sphinx alone.

    `keep_audio` keeps every byte received in the records: for tests, not for a service that runs for days.
    """

    host: str = "127.0.0.1"
    port: int = 0
    key: str | None = None
    recogniser: RecogniserName = "sphinx"
    script: Script = field(default_factory=Script)
    codes: tuple[str, ...] = ()
    voices: Literal["human", "espeak"] = "human"
    dictation: bool = False
    limits: Limits = field(default_factory=Limits)
    threads: int = 2
    keep_audio: bool = True


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
        self.connections: deque[ConnectionRecord] = deque(
            maxlen=KEPT_RECORDS if config.keep_audio else KEPT_WITHOUT_AUDIO
        )
        """Every upgrade request on `/v1/listen`, oldest first."""
        self._count = 0
        self._arrived = trio.Event()
        self._limiter = trio.CapacityLimiter(config.threads)

    @property
    def url(self) -> str:
        """Without a query."""
        host = f"[{self.config.host}]" if ":" in self.config.host else self.config.host
        return f"ws://{host}:{self.port}{PATH}"

    async def connection(self, number: int) -> ConnectionRecord:
        """The record of connection `number`, counted from 0; waits for it to come in."""
        await trio.lowlevel.checkpoint()
        while self._count <= number:
            await self._arrived.wait()
        return next(record for record in self.connections if record.number == number)

    async def serve_stream(self, stream: trio.abc.Stream) -> None:
        """One client, from its handshake to its end; closes `stream`. Raises nothing that a client causes."""
        try:
            async with stream, trio.open_nursery() as nursery:
                request = None
                with trio.move_on_after(HANDSHAKE_SECONDS):
                    request = await wrap_server_stream(nursery, stream)
                if request is not None:
                    await self._answer(request, stream)
                nursery.cancel_scope.cancel()
        except* (ConnectionClosed, LocalProtocolError):
            # Gone during the handshake; or trio-websocket 0.12 answered a ping behind our close frame, which
            # wsproto refuses. Either way the connection is over, and its record says all there is to say.
            await trio.lowlevel.checkpoint()

    async def _answer(self, request: WebSocketRequest, stream: trio.abc.Stream) -> None:
        path, _, query = request.path.partition("?")
        request_id = str(uuid.uuid4())
        if path != PATH:
            await _reject(request, NOT_FOUND, request_id)
            return
        record = self._new_record(request, request_id, query)
        plan = self.config.script.plan(record.number)
        admitted = plan.refuse or check_key(record.headers, self.config.key) or parse_query(query)
        if isinstance(admitted, Refusal):
            record.refused = admitted
            record.close("service", 1006, None)
            await _reject(request, admitted, request_id)
            return
        record.options = admitted
        await self._listen(request, stream, record, plan, admitted)

    def _new_record(self, request: WebSocketRequest, request_id: str, query: str) -> ConnectionRecord:
        record = ConnectionRecord(self._count, request_id, query, _headers(request))
        self.connections.append(record)
        self._count += 1
        self._arrived.set()
        self._arrived = trio.Event()
        return record

    async def _listen(
        self,
        request: WebSocketRequest,
        stream: trio.abc.Stream,
        record: ConnectionRecord,
        plan: Plan,
        options: ListenOptions,
    ) -> None:
        recogniser = await self._recogniser(options, plan)
        setup = Setup(options, plan, self.config.limits, recogniser, self._limiter, record, self.config.keep_audio)
        try:
            socket = await request.accept(
                subprotocol="token" if "token" in request.proposed_subprotocols else None,
                extra_headers=[(b"dg-request-id", record.request_id.encode())],
            )
            await Connection(socket, stream, setup).run()
        finally:
            recogniser.close()

    async def _recogniser(self, options: ListenOptions, plan: Plan) -> Recogniser:
        await trio.lowlevel.checkpoint()
        if plan.results:
            return ScriptedRecogniser(plan.results)
        match self.config.recogniser:
            case "marker":
                return MarkerRecogniser(options.endpointing_ms)
            case "deaf":
                return DeafRecogniser()
            case "sphinx":
                return await self._sphinx(options)

    async def _sphinx(self, options: ListenOptions) -> Recogniser:
        if options.encoding is None or not options.language.startswith(("en", "multi")):
            await trio.lowlevel.checkpoint()
            return DeafRecogniser()  # speech in another language than the one set is not transcribed
        # Imported here: the marker and the script need no pocketsphinx.
        from phonegame.local.speech.sphinx.recogniser import SphinxRecogniser

        make = partial(
            SphinxRecogniser,
            options.endpointing_ms,
            codes=self.config.codes,
            keyterms=options.keyterms,
            voices=self.config.voices,
            dictation=self.config.dictation,
        )
        return await trio.to_thread.run_sync(make, limiter=self._limiter)


async def _reject(request: WebSocketRequest, refusal: Refusal, request_id: str) -> None:
    """The reason stands in the body and in `dg-error` (docs: stt-troubleshooting)."""
    body = {"err_code": refusal.err_code, "err_msg": refusal.err_msg, "request_id": request_id}
    await request.reject(
        refusal.status,
        extra_headers=[
            (b"content-type", b"application/json"),
            (b"dg-error", f"{refusal.err_code}: {refusal.err_msg}".encode("ascii", "replace")),
            (b"dg-request-id", request_id.encode()),
        ],
        body=json.dumps(body).encode(),
    )


def _headers(request: WebSocketRequest) -> Mapping[str, str]:
    """Lower-case names. wsproto takes some headers out of the request: the subprotocols are put back."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.headers}
    if request.proposed_subprotocols:
        headers["sec-websocket-protocol"] = ", ".join(request.proposed_subprotocols)
    return headers
