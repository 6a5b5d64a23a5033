"""The real server, the speech service and the local carrier, in a thread of their own, and phones in a browser."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import trio
from playwright.sync_api import Frame, Locator, Page, WebSocket, expect

from phonegame.local.twilio_api import Call, CarrierConfig, LocalCarrier, serve_carrier
from phonegame.wire import v1
from tests.browser.visit import Visit
from tests.house import V1Game, words_in
from tests.in_thread import in_thread
from tests.scenarios.town import Town, open_town

T = TypeVar("T")
expect.set_options(timeout=30_000)
TOGETHER_SECONDS = 180
SECONDS = 30
"""For whatever is waited for on the other side. Playwright's own patience is as long."""


@dataclass
class Booth:
    town: Town
    game: V1Game
    """Connected from the beginning."""
    token: trio.lowlevel.TrioToken

    @property
    def url(self) -> str:
        return f"{self.town.carrier.url}/phone"

    def do(self, what: Callable[[], Awaitable[T]]) -> T:
        """Runs it where the town is, and waits for it."""

        async def in_time() -> T:
            with trio.fail_after(SECONDS):
                return await what()

        return trio.from_thread.run(in_time, trio_token=self.token)

    def call(self, number: int = 0) -> Call:
        """The carrier's, counted from 0; waits for it."""
        return self.do(lambda: self.town.carrier.call(number))

    def stream_open(self) -> None:
        """Waits for the last call's media stream: keys pressed before it are lost, as they are at Twilio."""
        self.do(self.town.carrier.calls[-1].handset.wait_stream)

    def joined(self) -> v1.CallStarted:
        return self.do(self.game.joined)

    def hears(self, *sentences: str) -> None:
        self.do(lambda: self.game.hears(*sentences))

    def says(self, text: str) -> None:
        self.do(lambda: self.game.client.say(text))

    def gets(self, kind: type[T]) -> T:
        return self.do(lambda: self.game.gets(kind))  # type: ignore[type-var]


@contextmanager
def open_booth(**config: Any) -> Iterator[Booth]:
    """As `open_town`."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Booth]:
        async with AsyncExitStack() as stack:
            patient = {"seconds": TOGETHER_SECONDS, **config.pop("house", {})}
            town = await stack.enter_async_context(open_town(house=patient, **config))
            game = await stack.enter_async_context(town.house.v1_game())
            yield Booth(town, game, trio.lowlevel.current_trio_token())

    with in_thread(opened) as booth:
        yield booth


@dataclass
class BrowserPhone:
    """A page that is open at a booth, and what has come to it over its line."""

    page: Page
    heard: bytearray = field(default_factory=bytearray)
    """mu-law: all sound, before the page throws any away."""
    told: list[str] = field(default_factory=list)
    socket: WebSocket = field(init=False)
    frame: Frame | None = None
    """That the phone is in, where it is not all of the page."""

    @property
    def place(self) -> Page | Frame:
        return self.frame or self.page

    @property
    def kinds(self) -> list[str]:
        """Of what the carrier has told, in order."""
        return [json.loads(message)["type"] for message in self.told]

    @property
    def words(self) -> list[str]:
        """Of the marker's voice."""
        return words_in(bytes(self.heard))

    def state(self, *texts: str) -> None:
        """Waits until the display says one of these."""
        expect(self.place.locator("#state")).to_have_text(re.compile("|".join(map(re.escape, texts))))

    def button(self, name: str) -> Locator:
        return self.place.get_by_role("button", name=name, exact=True)

    def keys(self, digits: Sequence[str]) -> None:
        for digit in digits:
            self.place.locator(f"[data-key='{digit}']").click()

    def types(self, text: str) -> None:
        self.place.get_by_label("Or type what you say").fill(text)
        self.button("Say").click()

    def calls(self) -> None:
        self.button("Call").click()
        self.state("Connected")

    def hears(self, *words: str) -> None:
        """Waits until the marker's voice has said these last."""
        while self.words[-len(words) :] != list(words):
            self.socket.wait_for_event("framereceived")

    def reaches(self, word: str) -> None:
        """Waits until the marker's voice has said this."""
        while word not in self.words:
            self.socket.wait_for_event("framereceived")

    def watch(self, socket: WebSocket) -> None:
        self.socket = socket
        socket.on("framereceived", self._receive)

    def _receive(self, payload: str | bytes) -> None:
        if isinstance(payload, bytes):
            self.heard += payload
        else:
            self.told.append(payload)


def open_phone(page: Page, address: str) -> BrowserPhone:
    phone = BrowserPhone(page)
    page.on("websocket", phone.watch)
    page.goto(address)
    return phone


@contextmanager
def open_carrier(**config: Any) -> Iterator[LocalCarrier]:
    """The carrier alone."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[LocalCarrier]:
        async with trio.open_nursery() as nursery:
            yield await nursery.start(serve_carrier, CarrierConfig(**config))
            nursery.cancel_scope.cancel()

    with in_thread(opened) as carrier:
        yield carrier


@contextmanager
def forgiving(page: Page, fault: str) -> Iterator[None]:
    """However often it comes in the block: as `expecting` where that cannot be known."""
    yield
    faults = Visit.of(page).faults
    faults[:] = [each for each in faults if fault not in each]
