"""One accepted connection to `/v1/listen` or `/v2/listen`: four tasks, and whoever ends first ends it.

receive   socket -> what the client asks, with the plan's faults cut into the audio -> work
hear      work -> recogniser -> transcriber, or turns -> outbox
send      outbox -> socket; the only task that writes or closes
watch     the 10 s rule, which is one of 60 s on `/v2/listen` -> outbox
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import trio
from trio_websocket import WebSocketConnection

from phonegame.audio import BYTES_PER_SECOND
from phonegame.local.speech.api import SpeechApi
from phonegame.local.speech.faults import Drop, Fault, FaultMarks, Mute, Stall
from phonegame.local.speech.flux.query import FluxOptions
from phonegame.local.speech.heard import Recogniser
from phonegame.local.speech.intake import (
    Audio,
    BadText,
    Close,
    CloseStream,
    Configure,
    Finalize,
    ForceEndTurn,
    Intake,
    KeepAlive,
    Limits,
)
from phonegame.local.speech.messages import JSON
from phonegame.local.speech.query import ListenOptions
from phonegame.local.speech.record import ConnectionRecord, is_end_of_turn
from phonegame.local.speech.script import Plan, Send
from phonegame.local.speech.session import Outbox, run_until_one_ends
from phonegame.local.speech.telephone import ToTelephone

WORK_CAPACITY = 1500  # 30 s of 20 ms frames: a recogniser further behind than that holds up the socket
WATCH_SECONDS = 0.25
STALL_SECONDS = 0.05
"""The clock's own lateness, on a machine that has time."""

T = TypeVar("T")
Work = bytes | Finalize | ForceEndTurn | CloseStream | Configure | Fault


@dataclass(frozen=True, slots=True)
class Setup:
    """What one connection is made of. `limiter` bounds how many recognisers compute at once.

    `read_at`, where pings count as signs of life: when something last came in.
    """

    api: SpeechApi
    options: ListenOptions | FluxOptions
    plan: Plan
    limits: Limits
    recogniser: Recogniser
    limiter: trio.CapacityLimiter
    record: ConnectionRecord
    keep_audio: bool
    read_at: Callable[[], float] | None


class Connection:
    """`stream` is what lies under `socket`, to be aborted when the plan says so. All rules run on trio's clock."""

    def __init__(self, socket: WebSocketConnection, stream: trio.abc.Stream, setup: Setup) -> None:
        self._socket = socket
        self._api = setup.api
        self._plan = setup.plan
        self._recogniser = setup.recogniser
        self._limiter = setup.limiter
        self._record = setup.record
        self._keep_audio = setup.keep_audio
        self._read_at = setup.read_at
        self._telephone = ToTelephone(setup.options)
        self._intake = Intake(
            setup.limits,
            self._telephone.bytes_per_second,
            trio.current_time(),
            parse=setup.api.parse,
            idle_seconds=setup.limits.idle_seconds if setup.read_at is None else setup.limits.flux_idle_seconds,
            wants_audio=setup.read_at is None,
        )
        self._marks = FaultMarks(setup.plan)
        self._checksum = hashlib.sha256()
        self._heard_bytes = 0
        self._configuring = False
        self._stalled = False
        self._to_hear, self._work = trio.open_memory_channel[Work](WORK_CAPACITY)
        self._outbox = Outbox(socket, stream, setup.record, late=setup.plan.late)

    async def run(self) -> None:
        """Returns when the connection is over, whoever ended it; never raises for what the client did."""
        with self._to_hear, self._work, self._outbox:
            await run_until_one_ends(
                self._record, self._receive, self._hear, self._outbox.run, self._watch, self._notice_stalls
            )

    # receive

    async def _receive(self) -> None:
        while not await self._take(await self._socket.get_message()):
            pass
        # Reading no more holds up the client's writes once the socket's buffers are full.
        self._stalled = True
        await trio.sleep_forever()

    async def _take(self, message: str | bytes) -> bool:
        """True when nothing more is to be read."""
        await trio.lowlevel.checkpoint()
        if isinstance(message, str):
            self._record.add_control(message)
        elif message:
            self._checksum.update(message)
            self._record.add_audio(message, keep=self._keep_audio)
        received = self._intake.receive(message, trio.current_time())
        match received:
            case Audio(data=data):
                return await self._take_audio(data)
            case KeepAlive():
                return False
            case BadText():
                told, close = self._api.refuse_text(received)
                await self._tell(*told)
                await self._leave(close)
                return True
            case Close():
                await self._leave(received)
                return True
            case Configure() if self._configuring and not self._plan.ignore_configure:
                await self._tell(self._api.refuse_configure("CONFIGURE_ALREADY_PENDING", "One Configure at a time."))
                return False
            case Configure():
                self._configuring = True
        await self._to_hear.send(received)
        return False

    async def _take_audio(self, data: bytes) -> bool:
        await trio.lowlevel.checkpoint()
        for item in self._marks.cut(self._telephone.convert(data)):
            await self._to_hear.send(item)
            if isinstance(item, (Drop, Stall, Close)):
                return True
        return False

    # hear

    async def _hear(self) -> None:
        await self._tell(*self._api.hello())
        async for item in self._work:
            match item:
                case bytes():
                    await self._feed(item)
                case Finalize() if not self._plan.ignore_finalize:
                    await self._finalize()
                case ForceEndTurn():
                    await self._tell(*self._api.force_end(self._heard_seconds))
                case CloseStream() if not self._plan.ignore_close:
                    await self._close_stream()
                    break
                case Configure() if not self._plan.ignore_configure:
                    await self._configure(item)
                case Send(data=data):
                    await self._outbox.put(data)
                case Close() | Drop():
                    await self._leave(item)
                    break
                case Stall() | Mute():
                    break
                case _:
                    pass
        await trio.sleep_forever()

    async def _feed(self, mulaw: bytes) -> None:
        heard = await self._compute(lambda: self._recogniser.feed(mulaw))
        self._heard_bytes += len(mulaw)
        await self._tell(*self._api.advance(heard, self._heard_seconds))

    async def _finalize(self) -> None:
        heard = await self._compute(self._recogniser.finish)
        await self._tell(*self._api.finalize(heard, self._heard_seconds))

    async def _close_stream(self) -> None:
        heard = await self._compute(self._recogniser.finish)
        await self._tell(*self._api.close(heard, self._heard_seconds, self._checksum.hexdigest()))
        await self._leave(Close(1000, ""))

    async def _configure(self, configure: Configure) -> None:
        planned = self._plan.refuse_configure
        refusal = self._api.refuse_configure(planned, "As planned.") if planned else self._api.fault_of(configure)
        keyterms = configure.keyterms
        if refusal is None and keyterms is not None:
            await self._compute(lambda: self._recogniser.expect(keyterms))
        await self._tell(refusal or self._api.configure(configure))
        self._configuring = False

    async def _compute(self, work: Callable[[], T]) -> T:
        if not self._recogniser.blocking:
            await trio.lowlevel.checkpoint()
            return work()
        return await trio.to_thread.run_sync(work, limiter=self._limiter)

    @property
    def _heard_seconds(self) -> float:
        return self._heard_bytes / BYTES_PER_SECOND

    # send

    async def _tell(self, *told: JSON) -> None:
        await trio.lowlevel.checkpoint()
        for message in told:
            if not (self._plan.lose_finals and _is_final_with_words(message)):
                await self._outbox.put(json.dumps(message))

    async def _leave(self, how: Close | Drop) -> None:
        """Closes the socket after everything that was told before."""
        await self._outbox.put(how)

    # watch

    async def _watch(self) -> None:
        while True:
            await trio.sleep_until(self._intake.deadline)
            if self._read_at is not None:
                self._intake.notice(self._read_at())
            close = self._intake.expired(trio.current_time())
            if close is not None:
                break
        if not self._stalled:
            await self._leave(close)
        await trio.sleep_forever()

    async def _notice_stalls(self) -> None:
        """Of this process, or its machine."""
        while True:
            due = trio.current_time() + WATCH_SECONDS
            await trio.sleep_until(due)
            if (late := trio.current_time() - due) > STALL_SECONDS:
                self._intake.forgive(late)


def _is_final_with_words(message: JSON) -> bool:
    if is_end_of_turn(message):
        return bool(message["words"])
    if not message.get("is_final"):
        return False
    channel = message["channel"]
    assert isinstance(channel, dict)
    return bool(channel["alternatives"][0]["words"])
