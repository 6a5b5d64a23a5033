"""Follows a call's TwiML, verb by verb and from document to document, as Twilio does.

Source: Twilio's documentation, "TwiML for Programmable Voice": how verbs run, and each verb's page.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal, assert_never
from urllib.parse import urljoin

import trio

from phonegame.audio import BYTES_PER_SECOND, FRAME_BYTES
from phonegame.local.twilio_api import twiml
from phonegame.local.twilio_api.call import Call
from phonegame.local.twilio_api.config import Delivery
from phonegame.local.twilio_api.equipment import Equipment
from phonegame.local.twilio_api.fetch import FetchError, Form
from phonegame.local.twilio_api.gathering import gather
from phonegame.local.twilio_api.orders import Inline, Page, Source
from phonegame.local.twilio_api.streaming import stream
from phonegame.local.twilio_api.twiml import (
    Connect,
    Document,
    Gather,
    Hangup,
    Pause,
    Play,
    Redirect,
    Reject,
    Say,
    TwimlError,
    Verb,
)
from phonegame.speak.voice import SpeakError

APOLOGY = "We are sorry, an application error has occurred. Goodbye."
MAX_DOCUMENTS = 1000
"""A call that redirects to itself for ever ends some time."""


class Then(enum.Enum):
    GO_ON = enum.auto()
    HANG_UP = enum.auto()


@dataclass(frozen=True, slots=True)
class _Loaded:
    """`base`: where it is from; relative addresses belong there. "": from nowhere."""

    document: Document
    base: str


class Program:
    """`on_answer` is awaited before the first verb for which Twilio answers a call."""

    def __init__(self, call: Call, equipment: Equipment, on_answer: Callable[[], Awaitable[None]]) -> None:
        self.rejected: Literal["rejected", "busy"] | None = None
        self._call = call
        self._equipment = equipment
        self._answer = on_answer
        self._ordered: Source | None = None
        self._scope = trio.CancelScope()

    def redirect_nowait(self, source: Source) -> None:
        """Leaves the document at once."""
        self._ordered = source
        self._scope.cancel()

    async def run(self, source: Source) -> None:
        """Until there is no more TwiML, or it says to hang up."""
        upcoming: Source | None = source
        for _ in range(MAX_DOCUMENTS):
            if upcoming is None:
                return
            following = None
            with trio.CancelScope() as self._scope:
                following = await self._run_document(upcoming)
            upcoming, self._ordered = self._ordered or following, None
        self._call.alert(12200, f"more than {MAX_DOCUMENTS} documents")

    async def _run_document(self, source: Source) -> Source | None:
        loaded = await self._load(source)
        if isinstance(loaded, Page):
            return loaded
        for warning in loaded.document.warnings:
            self._call.alert(12200, warning)
        for verb in loaded.document.verbs:
            if not isinstance(verb, Pause | Redirect | Reject):
                await self._answer()
            then = await self._perform(verb, loaded.base)
            if then is Then.HANG_UP:
                return None
            if then is not Then.GO_ON:
                return then
        await self._answer()
        return None

    # --- documents ---

    async def _load(self, source: Source) -> _Loaded | Page:
        """A page that cannot be used gives its fallback, or an apology."""
        try:
            if isinstance(source, Inline):
                await trio.lowlevel.checkpoint()
                return _Loaded(twiml.parse(source.twiml), "")
            return _Loaded(await self._fetch(source), source.url)
        except (FetchError, TwimlError) as error:
            self._call.alert(error.code, f"the TwiML cannot be had: {error}")
            if isinstance(source, Page) and source.fallback is not None:
                return source.fallback.with_extra([("ErrorCode", str(error.code)), ("ErrorUrl", source.url)])
            return _Loaded(Document((Say(APOLOGY), Hangup()), ()), "")

    async def _fetch(self, page: Page) -> Document:
        """Raises FetchError, TwimlError."""
        delivery = self._equipment.deliveries.get(page.event, Delivery())
        await trio.sleep(delivery.late)
        if not delivery.copies:
            await trio.sleep_forever()
        form = [*self._call.form(), *page.extra]
        send = partial(self._equipment.webhooks.send, page.event, self._call.sid, page.method, page.url, form)
        for _ in range(delivery.copies - 1):
            await send()
        fetched = await send()
        twiml.check_content_type(fetched.content_type)
        return twiml.parse(fetched.body)

    def _page(self, base: str, url: str, method: Literal["GET", "POST"], extra: Form = ()) -> Page:
        """`base` "" and a relative address: the fetch finds that it has no host."""
        return Page(urljoin(base, url), method, extra, event="action")

    # --- verbs ---

    async def _perform(self, verb: Verb, base: str) -> Then | Source:
        match verb:
            case Say():
                await self._say(verb)
            case Play(url):
                self._call.alert(0, f"<Play> is not played here: {url}")
                await trio.lowlevel.checkpoint()
            case Pause(seconds):
                await self._wait(seconds)
            case Connect():
                return await self._connect(verb, base)
            case Gather():
                return await self._gather(verb, base)
            case Redirect(url, method):
                await trio.lowlevel.checkpoint()
                return Page(urljoin(base, url), method)
            case Reject(reason):
                return await self._reject(reason)
            case Hangup():
                await trio.lowlevel.checkpoint()
                return Then.HANG_UP
            case _:
                assert_never(verb)
        return Then.GO_ON

    async def _connect(self, verb: Connect, base: str) -> Then | Source:
        await stream(self._call, verb.stream, base, self._equipment)
        return Then.GO_ON if verb.action is None else self._page(base, verb.action, verb.method)

    async def _gather(self, verb: Gather, base: str) -> Then | Source:
        result = await gather(self._call.handset, verb, self._prompt, self._equipment.config.timing)
        if result is None:
            return Then.GO_ON
        return self._page(base, verb.action if verb.action is not None else base, verb.method, result)

    async def _prompt(self, verb: Say | Play | Pause) -> None:
        await self._perform(verb, "")

    async def _reject(self, reason: Literal["rejected", "busy"]) -> Then:
        await trio.lowlevel.checkpoint()
        if self._call.direction == "inbound" and self._call.status == "ringing":
            self.rejected = reason
        else:
            self._call.alert(12200, "<Reject> is for incoming calls that are not answered yet")
        return Then.HANG_UP

    async def _say(self, verb: Say) -> None:
        try:
            mulaw = await self._equipment.config.synthesise(verb.text)
        except SpeakError as error:
            self._call.alert(0, f"<Say> cannot be said here: {error}")
            mulaw = b""
        for _ in range(verb.loop):
            self._call.handset.begin_telling(verb.text)
            self._call.announce(f"hears: {verb.text}")
            await self._play(mulaw)

    async def _play(self, mulaw: bytes) -> None:
        begun = trio.current_time()
        for place in range(0, len(mulaw), FRAME_BYTES):
            self._call.handset.hear(mulaw[place : place + FRAME_BYTES])
            # by the clock: many short sleeps are longer than they should be
            played = min(place + FRAME_BYTES, len(mulaw)) / BYTES_PER_SECOND
            await trio.sleep_until(begun + self._equipment.config.timing.shortened(played))
        await trio.lowlevel.checkpoint()

    async def _wait(self, seconds: float) -> None:
        if self._call.status == "in-progress":
            self._call.handset.hear_silence(seconds)
        await self._equipment.config.timing.sleep(seconds)
