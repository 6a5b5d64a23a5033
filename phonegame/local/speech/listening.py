"""`/v1/listen` and `/v2/listen`: who is let in, and with which recogniser."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial

import trio
from trio_websocket import WebSocketRequest

from phonegame.local.speech import upgrade
from phonegame.local.speech.api import SpeechApi
from phonegame.local.speech.api_v1 import ApiV1
from phonegame.local.speech.config import SpeechConfig
from phonegame.local.speech.connection import Connection, Setup
from phonegame.local.speech.flux.api import ApiFlux
from phonegame.local.speech.flux.query import FluxOptions
from phonegame.local.speech.flux.query import parse_query as parse_flux_query
from phonegame.local.speech.flux.turns import Turns
from phonegame.local.speech.heard import DeafRecogniser, Recogniser
from phonegame.local.speech.marker import MarkerRecogniser
from phonegame.local.speech.query import ListenOptions, parse_query
from phonegame.local.speech.record import ConnectionRecord, Records
from phonegame.local.speech.refusals import Refusal, check_key, check_room
from phonegame.local.speech.script import Plan
from phonegame.local.speech.scripted import ScriptedRecogniser
from phonegame.local.speech.transcriber import Transcriber

Options = ListenOptions | FluxOptions


class ListenEndpoint:
    def __init__(self, config: SpeechConfig) -> None:
        self.records = Records[ConnectionRecord](config.kept_records)
        self._config = config
        self._open = 0
        self._limiter = trio.CapacityLimiter(config.threads)

    async def serve(
        self,
        request: WebSocketRequest,
        stream: trio.abc.Stream,
        query: str,
        *,
        read_at: Callable[[], float] | None = None,
    ) -> None:
        """From the request to the end of the connection. `read_at`, for `/v2/listen`: when something last came in."""
        record = ConnectionRecord(self.records.count, str(uuid.uuid4()), query, upgrade.headers(request))
        self.records.add(record)
        plan = self._config.script.plan(record.number)
        options = self._admit(record, plan, parse_query if read_at is None else parse_flux_query)
        if isinstance(options, Refusal):
            await upgrade.refuse(request, options, record)
            return
        record.options = options
        self._open += 1
        try:
            await self._listen(request, stream, record, plan, options, read_at)
        finally:
            self._open -= 1

    def _admit(
        self, record: ConnectionRecord, plan: Plan, parse: Callable[[str], Options | Refusal]
    ) -> Options | Refusal:
        return (
            plan.refuse
            or check_key(record.headers, self._config.key)
            or check_room(self._open, self._config.limits.connections)
            or parse(record.query)
        )

    async def _listen(
        self,
        request: WebSocketRequest,
        stream: trio.abc.Stream,
        record: ConnectionRecord,
        plan: Plan,
        options: Options,
        read_at: Callable[[], float] | None,
    ) -> None:
        config = self._config
        recogniser = await self._recogniser(options, plan)
        api = _api(options, plan, recogniser, record.request_id)
        setup = Setup(api, options, plan, config.limits, recogniser, self._limiter, record, config.keep_audio, read_at)
        try:
            socket = await upgrade.accept(request, record)
            await Connection(socket, stream, setup).run()
        finally:
            recogniser.close()

    async def _recogniser(self, options: Options, plan: Plan) -> Recogniser:
        await trio.lowlevel.checkpoint()
        if plan.results:
            return ScriptedRecogniser(plan.results)
        match self._config.recogniser:
            case "marker":
                return MarkerRecogniser(options.endpointing_ms)
            case "deaf":
                return DeafRecogniser()
            case "sphinx":
                return await self._sphinx(options)

    async def _sphinx(self, options: Options) -> Recogniser:
        if options.encoding is None or not options.language.startswith(("en", "multi")):
            await trio.lowlevel.checkpoint()
            return DeafRecogniser()  # speech in another language than the one set is not transcribed
        # Imported here: the marker and the script need no pocketsphinx.
        from phonegame.local.speech.sphinx.recogniser import SphinxRecogniser

        make = partial(
            SphinxRecogniser,
            options.endpointing_ms,
            codes=self._config.codes,
            keyterms=options.keyterms,
            voices=self._config.voices,
            dictation=self._config.dictation,
        )
        return await trio.to_thread.run_sync(make, limiter=self._limiter)


def _api(options: Options, plan: Plan, recogniser: Recogniser, request_id: str) -> SpeechApi:
    verbatim, empty_results = recogniser.verbatim, plan.empty_results
    if isinstance(options, FluxOptions):
        turns = Turns(options.thresholds, scripted=bool(plan.results), tell_silence=empty_results)
        return ApiFlux(options, request_id, turns, verbatim=verbatim, word_times=plan.word_times)
    transcriber = Transcriber(options, request_id, verbatim=verbatim, empty_results=empty_results)
    return ApiV1(options, request_id, transcriber)
