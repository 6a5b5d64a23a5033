"""A game with several callers at once, each with a phone and a slot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

import trio

from phonegame.local.phone import HungUpError, Quirks
from phonegame.local.speech.marker import encode_speech
from phonegame.wire import v1
from tests.house import Caller, Game, House, V1Game
from tests.scenarios.conversation import WORD_MS

PAUSE_MS = 100
"""Ends an utterance."""


@dataclass
class Guest:
    caller: Caller
    started: v1.CallStarted

    @property
    def call_id(self) -> str:
        return self.started.call_id

    @property
    def player(self) -> int:
        return self.started.player

    async def says(self, sentence: str) -> None:
        await self.caller.phone.play(encode_speech(sentence, word_ms=WORD_MS, pause_ms=PAUSE_MS))


async def joins(caller: Caller, game: V1Game) -> Guest:
    """Returns with the game's message, while the key is still held."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(caller.phone.key, game.code)
        started = await game.joined()
    return Guest(caller, started)


@asynccontextmanager
async def guest(
    house: House, game: V1Game, from_number: str | None = None, *, quirks: Quirks | None = None
) -> AsyncIterator[Guest]:
    async with house.phone(quirks, from_number) as caller:
        yield await joins(caller, game)


@asynccontextmanager
async def party(house: House, game: V1Game, size: int) -> AsyncIterator[Sequence[Guest]]:
    """So many callers, by slot; the game accepts no more."""
    await game.client.accept(size)
    async with AsyncExitStack() as phones:
        callers = [await phones.enter_async_context(house.phone()) for _ in range(size)]
        async with trio.open_nursery() as keys:
            guests = []
            for caller in callers:
                keys.start_soon(caller.phone.key, game.code)
                guests.append(Guest(caller, await game.joined()))
        yield guests


async def finds_it_busy(caller: Caller, game: Game | V1Game) -> None:
    with suppress(HungUpError):
        await caller.phone.key(game.code)
    await caller.is_hung_up_on("the game has another caller")


def heard_from(game: V1Game, guest: Guest) -> list[str]:
    """The words of this caller's final transcripts, in order."""
    finals = [each for each in game.all_of(v1.Transcript) if each.is_final and each.call_id == guest.call_id]
    return [word for final in finals for word in final.text.split()]


async def hears_out(game: V1Game, guest: Guest, sentence: str) -> None:
    """Waits until all of it has come, and asserts that nothing else of the caller's has."""
    words = sentence.split()
    await game.reads_until(lambda: len(heard_from(game, guest)) >= len(words))
    assert heard_from(game, guest) == words
