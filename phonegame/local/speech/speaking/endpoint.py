"""`/v1/speak`: who is let in, and who speaks to them."""

from __future__ import annotations

import uuid

import trio
from trio_websocket import WebSocketRequest

from phonegame.local.speech import upgrade
from phonegame.local.speech.config import SpeechConfig
from phonegame.local.speech.record import Records
from phonegame.local.speech.refusals import Refusal, check_key, check_room
from phonegame.local.speech.speaking.connection import SpeakConnection, SpeakSetup
from phonegame.local.speech.speaking.query import SpeakOptions, parse_speak_query
from phonegame.local.speech.speaking.record import SpeakRecord
from phonegame.local.speech.speaking.script import SpeakPlan
from phonegame.local.speech.speaking.voice import SpeakingVoice, find_voice
from phonegame.speak.espeak import ESpeakMissing

NO_ANSWER_SECONDS = 600.0  # for a client that is never to be answered


class SpeakEndpoint:
    def __init__(self, config: SpeechConfig) -> None:
        self.records = Records[SpeakRecord](config.kept_records)
        self._config = config
        self._open = 0

    async def serve(self, request: WebSocketRequest, stream: trio.abc.Stream, query: str) -> None:
        """From the request to the end of the connection."""
        keep = self._config.keep_audio
        record = SpeakRecord(self.records.count, str(uuid.uuid4()), query, upgrade.headers(request), keep_audio=keep)
        self.records.add(record)
        plan = self._config.script.speak_plan(record.number)
        if plan.ignore_upgrade:
            await trio.sleep(NO_ANSWER_SECONDS)
            return
        admitted = self._admit(record, plan)
        if isinstance(admitted, Refusal):
            await upgrade.refuse(request, admitted, record)
            return
        record.options, voice = admitted
        setup = self._setup(record.options, voice, plan, record)
        self._open += 1
        try:
            socket = await upgrade.accept(request, record)
            await SpeakConnection(socket, stream, setup).run()
        finally:
            self._open -= 1

    def _admit(self, record: SpeakRecord, plan: SpeakPlan) -> tuple[SpeakOptions, SpeakingVoice] | Refusal:
        options = (
            plan.refuse
            or check_key(record.headers, self._config.key)
            or check_room(self._open, self._config.speak_limits.connections)
            or parse_speak_query(record.query)
        )
        if isinstance(options, Refusal):
            return options
        try:
            return options, find_voice(self._config, options)
        except ESpeakMissing as error:
            return Refusal(503, "SERVICE_UNAVAILABLE", str(error))

    def _setup(self, options: SpeakOptions, voice: SpeakingVoice, plan: SpeakPlan, record: SpeakRecord) -> SpeakSetup:
        limits, pace = plan.limits or self._config.speak_limits, plan.pace or self._config.pace
        return SpeakSetup(options, plan, limits, pace, voice, record)
