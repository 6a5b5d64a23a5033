"""One call as the command line ordered it: reported line by line, with an exit status for each outcome."""

from __future__ import annotations

import enum
import ssl
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeAlias

import click
import trio

from phonegame.audio import BYTES_PER_SECOND
from phonegame.local.phone import script
from phonegame.local.phone.errors import DialError, HungUpError, NoSoundError, RejectedError, WavError
from phonegame.local.phone.hearing import Sound
from phonegame.local.phone.incoming import Complaint
from phonegame.local.phone.loudspeaker import Loudspeaker, open_loudspeaker
from phonegame.local.phone.outgoing import Identity
from phonegame.local.phone.phone import CALLER_PARAMETER, Phone, place_call
from phonegame.local.phone.script import Step
from phonegame.local.phone.stream import Ended, PhoneEvent
from phonegame.local.twilio_api.calling_in import Connection, ask_webhook
from phonegame.speak.espeak import ESpeakVoice, SpeakError
from phonegame.stop_signals import cancel_on_stop

SoundMode: TypeAlias = Literal["auto", "off", "on"]
"""Whether the call is played aloud. auto: where that is possible; on: or there is no call."""


class Exit(enum.IntEnum):
    """2 is click's, for a wrong command line."""

    AS_ASKED = 0
    NOT_PREPARED = 3
    NO_ANSWER = 4
    REJECTED = 5
    SERVER_HUNG_UP = 6
    COMPLAINTS = 7
    NOT_RECORDED = 8
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Order:
    """What to do. `stay`: seconds to listen at the end; None: until the server hangs up."""

    url: str
    """Of a voice webhook (http, https), which tells where the media stream goes, or of that itself (ws, wss)."""
    steps: Sequence[Step]
    stay: float | None
    lingers: float = 0.0
    """Seconds to listen where `stay` is 0, unless the server hangs up."""
    caller: str | None = None
    record: Path | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    account_sid: str | None = None
    auth_token: str | None = field(default=None, repr=False)
    trusted: Path | None = None
    voice: str = "en-us"
    words_per_minute: int = 150
    sound: SoundMode = "off"

    @property
    def identity(self) -> Identity:
        """Of a call that no webhook has told of."""
        caller = {CALLER_PARAMETER: self.caller} if self.caller is not None else {}
        parameters = {**caller, **self.parameters}
        if self.account_sid is None:
            return Identity(parameters=parameters)
        return Identity(account_sid=self.account_sid, parameters=parameters)

    def make_voice(self) -> ESpeakVoice:
        return ESpeakVoice(self.voice, words_per_minute=self.words_per_minute)


class Report:
    """One readable line an event, with the call's clock in front; faults go to stderr."""

    def __init__(self) -> None:
        self.phone: Phone | None = None

    def connected(self, phone: Phone) -> None:
        self.phone = phone
        self.line("connected")

    def line(self, text: str) -> None:
        seconds = self.phone.seconds if self.phone else 0.0
        click.echo(f"{seconds:6.1f} s  {text}")

    def event(self, event: PhoneEvent) -> None:
        match event:
            case Sound(at, seconds):
                self.line(f"heard {seconds:.1f} s of speech, from {at:.1f} s on")
            case Complaint():
                self.line(str(event))
            case Ended("server", code, reason):
                self.line(f"the server hung up ({code}{': ' if reason else ''}{reason})")
            case Ended():
                self.line("hung up")

    def fault(self, text: str) -> None:
        click.echo(f"phonegame call: {text}", err=True)

    def summary(self) -> None:
        if self.phone is None:
            return
        if underruns := self.phone.underruns:
            longest = max(underrun.seconds for underrun in underruns)
            self.line(f"{len(underruns)} gaps in what the server played, the longest {longest:.2f} s")
        if unplayed := self.phone.unplayed_seconds:
            self.line(f"the last {unplayed:.1f} s of what the server sent came too late to be heard")


async def run_interruptible(order: Order) -> Exit:
    """As `run_call`; Ctrl-C and its like hang up properly. In the main thread only."""
    status = Exit.INTERRUPTED
    async with trio.open_nursery() as nursery:
        await nursery.start(cancel_on_stop, nursery.cancel_scope)
        status = await run_call(order)
        nursery.cancel_scope.cancel()
    return status


async def run_call(order: Order) -> Exit:
    report = Report()
    try:
        ready = await script.prepare(order.steps, order.make_voice)
        trusted = ssl.create_default_context(cafile=order.trusted) if order.trusted else None
    except (SpeakError, WavError, OSError) as error:
        report.fault(str(error))
        return Exit.NOT_PREPARED
    try:
        async with _sound(order.sound, report) as loudspeaker:
            status = await _call(order, ready, trusted, report, loudspeaker)
    except NoSoundError as error:
        report.fault(str(error))
        return Exit.NOT_PREPARED
    finally:
        # of an interrupted call too
        report.summary()
        recorded = _record(order.record, report)
    if status == Exit.AS_ASKED and not recorded:
        return Exit.NOT_RECORDED
    return status


@asynccontextmanager
async def _sound(mode: SoundMode, report: Report) -> AsyncGenerator[Loudspeaker | None]:
    """Raises NoSoundError where there must be sound."""
    loudspeaker = None
    async with AsyncExitStack() as stack:
        if mode != "off":
            try:
                loudspeaker = await stack.enter_async_context(open_loudspeaker())
            except NoSoundError as error:
                if mode == "on":
                    raise
                report.line(str(error))
            else:
                report.line(f"playing aloud on {loudspeaker.name}")
        yield loudspeaker
    if loudspeaker is not None and loudspeaker.queue.lost_seconds:
        report.line(f"{loudspeaker.name} did not take {loudspeaker.queue.lost_seconds:.1f} s of it")


async def _call(
    order: Order,
    ready: Sequence[script.Ready],
    trusted: ssl.SSLContext | None,
    report: Report,
    loudspeaker: Loudspeaker | None,
) -> Exit:
    report.line(f"dialling {order.url}")
    try:
        connection = await _connection(order, trusted)
        for text in connection.said:
            report.line(f"Twilio would say first, and this phone does not: {text}")
        call = place_call(
            connection.url,
            identity=connection.identity,
            auth_token=connection.auth_token,
            ssl_context=trusted,
            on_event=report.event,
            on_heard=loudspeaker.play if loudspeaker else None,
        )
        async with call as phone:
            report.connected(phone)
            await script.perform(phone, ready, report.line)
            if order.stay is None:
                await phone.wait_ended()
            elif order.stay:
                await phone.pause(order.stay)
            else:
                with script.until_hung_up(phone):
                    await phone.pause(order.lingers)
    except DialError as failure:
        report.fault(str(failure))
        return Exit.REJECTED if isinstance(failure, RejectedError) else Exit.NO_ANSWER
    except HungUpError as hung_up:
        report.fault(f"{hung_up} before the call was at its end")
        return Exit.SERVER_HUNG_UP
    if phone.complaints:
        report.fault(f"{len(phone.complaints)} of the server's messages are not as Twilio wants them, see above")
        return Exit.COMPLAINTS
    return Exit.AS_ASKED


async def _connection(order: Order, trusted: ssl.SSLContext | None) -> Connection:
    """Raises DialError."""
    if not order.url.startswith(("http:", "https:")):
        await trio.lowlevel.checkpoint()
        return Connection(order.url, order.identity, order.auth_token)
    connection = await ask_webhook(
        order.url, order.caller, account_sid=order.account_sid, auth_token=order.auth_token, ssl_context=trusted
    )
    identity = connection.identity
    return replace(connection, identity=replace(identity, parameters={**identity.parameters, **order.parameters}))


def _record(path: Path | None, report: Report) -> bool:
    if path is None or report.phone is None:
        return True
    try:
        report.phone.write_recording(path)
    except OSError as error:
        report.fault(f"the recording cannot be written: {error}")
        return False
    report.line(f"recorded {len(report.phone.heard) / BYTES_PER_SECOND:.1f} s to {path}")
    return True
