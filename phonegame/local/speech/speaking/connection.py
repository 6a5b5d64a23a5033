"""One accepted `/v1/speak` connection: four tasks, and whoever ends first ends it.

receive   socket -> what the client asks; text is collected until a Flush -> work
speak     work -> voice -> audio in pieces, with the plan's faults between them -> outbox
outbox    -> socket; the only task that writes or closes
watch     the connection's longest time -> outbox

A Clear overtakes all that waits to be said, yet its Cleared is work like any other: so no audio of what was said before
it comes after it. Stricter than Deepgram in two points: without a Flush nothing is ever said, and a Close does not wait
for what is being said.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import trio
from trio_websocket import WebSocketConnection

from phonegame.local.speech.intake import Close
from phonegame.local.speech.messages import JSON
from phonegame.local.speech.session import Outbox, run_until_one_ends
from phonegame.local.speech.speaking import messages
from phonegame.local.speech.speaking.commands import (
    Clear,
    CommandIntake,
    Flush,
    Goodbye,
    Speak,
    SpeakLimits,
    TooManyFlushes,
)
from phonegame.local.speech.speaking.faults import SpeakFaults
from phonegame.local.speech.speaking.pace import Pace
from phonegame.local.speech.speaking.query import SpeakOptions
from phonegame.local.speech.speaking.record import Outcome, SpeakRecord, Utterance
from phonegame.local.speech.speaking.script import SpeakPlan
from phonegame.local.speech.speaking.voice import FromTelephone, SpeakingVoice
from phonegame.speak.voice import SpeakError

WORK_CAPACITY = 200  # ten minutes of flushes; a client that clears more often than it is answered is held up


@dataclass(frozen=True, slots=True)
class SpeakSetup:
    """What one connection is made of."""

    options: SpeakOptions
    plan: SpeakPlan
    limits: SpeakLimits
    pace: Pace
    voice: SpeakingVoice
    record: SpeakRecord


class SpeakConnection:
    """`stream` is what lies under `socket`, to be aborted when the plan says so. All rules run on trio's clock."""

    def __init__(self, socket: WebSocketConnection, stream: trio.abc.Stream, setup: SpeakSetup) -> None:
        self._socket = socket
        self._options = setup.options
        self._plan = setup.plan
        self._limits = setup.limits
        self._pace = setup.pace
        self._voice = setup.voice
        self._record = setup.record
        self._intake = CommandIntake(setup.limits, trio.current_time())
        self._faults = SpeakFaults(setup.plan)
        self._encoder = FromTelephone(setup.options)
        self._chunk_sizes = setup.pace.chunk_sizes(setup.record.number)
        self._collected: list[str] = []
        self._unsaid: list[Utterance] = []
        self._saying = trio.CancelScope()
        self._answered = 0
        self._sent = 0  # bytes of audio
        self._heard = 0  # characters of text
        self._leak_until = 0
        self._outbox = Outbox(socket, stream, setup.record)
        self._to_say, self._work = trio.open_memory_channel[Utterance | Clear](WORK_CAPACITY)

    async def run(self) -> None:
        """Returns when the connection is over, whoever ended it; never raises for what the client did."""
        with self._to_say, self._work, self._outbox:
            await self._tell(messages.metadata(self._record.request_id, self._options.model))
            await self._strike()
            await run_until_one_ends(self._record, self._receive, self._speak, self._outbox.run, self._watch)

    # receive

    async def _receive(self) -> None:
        while not await self._take(await self._socket.get_message()):
            pass
        await trio.sleep_forever()

    async def _take(self, message: str | bytes) -> bool:
        """True when nothing more is to be read."""
        await trio.lowlevel.checkpoint()
        if isinstance(message, str):
            self._record.add_control(message)
        match self._intake.receive(message, trio.current_time()):
            case Speak(text=text):
                self._collected.append(text)
                self._heard += len(text)
                self._record.add_text(text)
                await self._strike()
            case Flush():
                await self._flush()
            case TooManyFlushes():
                await self._tell(messages.too_many_flushes(self._limits.flushes_per_minute))
            case Clear() if not self._plan.ignore_clear:
                await self._clear()
            case Clear():
                pass
            case Goodbye():
                await self._outbox.put(Close(1000, ""))
                return True
            case Close() as close:
                await self._outbox.put(close)
                return True
        return False

    async def _flush(self) -> None:
        utterance = self._record.add_utterance("".join(self._collected))
        self._collected.clear()
        self._unsaid.append(utterance)
        await self._to_say.send(utterance)

    async def _clear(self) -> None:
        self._record.add_clear()
        self._collected.clear()
        for utterance in self._unsaid:
            utterance.end(Outcome.CLEARED)
        self._unsaid.clear()
        self._leak_until = self._sent + self._plan.leak_bytes
        if not self._plan.leak_bytes:
            self._saying.cancel()
        await self._to_say.send(Clear())

    # speak

    async def _speak(self) -> None:
        async for item in self._work:
            match item:
                case Utterance():
                    await self._say(item)
                case Clear():
                    await trio.sleep(self._plan.late_cleared)
                    await self._tell(messages.cleared(self._next_sequence_id()))

    async def _say(self, utterance: Utterance) -> None:
        if utterance.outcome is not None:
            return
        began = trio.current_time()
        try:
            with trio.CancelScope() as self._saying:
                await trio.lowlevel.checkpoint()
                for piece in self._voice.pieces(utterance.text):
                    await self._send_audio(self._encoder.convert(await self._voice.synthesise(piece)), utterance, began)
        except SpeakError as error:
            utterance.end(Outcome.FAILED)
            await self._outbox.put(Close(1011, f"NET-0000: {error}"[:120]))
        if utterance.outcome is None:
            self._unsaid.remove(utterance)
            utterance.end(Outcome.SAID)
            if not self._plan.lose_flushed:
                await self._tell(messages.flushed(self._next_sequence_id()))
        self._record.notify()

    async def _send_audio(self, audio: bytes, utterance: Utterance, began: float) -> None:
        await trio.lowlevel.checkpoint()
        while audio and (utterance.outcome is None or self._sent < self._leak_until):
            await trio.sleep_until(began + self._pace.due_after(utterance.bytes / self._options.bytes_per_second))
            # cut after the wait, in which a Clear may have come
            chunk = audio[: self._chunk_size(utterance)]
            audio = audio[len(chunk) :]
            await self._outbox.put(chunk)
            if utterance.first_byte_at is None:
                utterance.first_byte_at = trio.current_time()
            utterance.bytes += len(chunk)
            self._sent += len(chunk)
            await self._strike()

    def _chunk_size(self, utterance: Utterance) -> int:
        sizes = [next(self._chunk_sizes)]
        room = self._faults.room(self._sent, self._heard)
        if room is not None:
            sizes.append(room)
        if utterance.outcome is not None:
            sizes.append(self._leak_until - self._sent)
        return min(sizes)

    async def _strike(self) -> None:
        await trio.lowlevel.checkpoint()
        for fault in self._faults.strike(self._sent, self._heard):
            await self._outbox.put(fault)

    async def _tell(self, message: JSON) -> None:
        await self._outbox.put(json.dumps(message))

    def _next_sequence_id(self) -> int:
        self._answered += 1
        return self._answered - 1

    # watch

    async def _watch(self) -> None:
        while True:
            await trio.sleep_until(self._intake.deadline)
            close = self._intake.expired(trio.current_time())
            if close is not None:
                break
        await self._outbox.put(close)
        await trio.sleep_forever()
