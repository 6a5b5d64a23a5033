"""A game and a caller who are on the phone with each other, in a house whose voice can be read, and without prompts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from phonegame.audio import SILENCE
from phonegame.local.phone import Quirks
from phonegame.local.speech.speaking.record import SpeakRecord, Utterance
from phonegame.prompts import Prompts
from phonegame.wire import v1
from tests.house import Caller, Game, House, V1Game, open_house

Protocol = Literal["text", "v1"]
PROTOCOLS: tuple[Protocol, ...] = ("text", "v1")
WORD_MS = 30
"""Short enough for quick tests, and a voice makes a pause of 20 ms behind each word."""
NO_PROMPTS = {name: "none" for name in Prompts.model_fields if name != "prompt_recording"}

G = TypeVar("G", bound=Game | V1Game)


@dataclass
class Conversation(Generic[G]):
    house: House
    game: G
    caller: Caller

    async def say(self, text: str, **more: Any) -> None:
        await self.game.client.say(text, **more)


def words(count: int, letter: str = "w") -> str:
    """As many words, all of a length: so each takes the same time to say, and the same share of an estimate."""
    return " ".join(f"{letter}{number:02}" for number in range(count))


def agree(said: str, heard: Sequence[str]) -> bool:
    """Whether a receipt tells what the caller has heard, but for half a second that a busy machine may be late with.

    To the word it is looked at on the virtual clock: tests/characters.
    """
    told = said.split()
    both = min(len(told), len(heard))
    return told[:both] == list(heard[:both]) and abs(len(told) - len(heard)) <= 10


def is_silent_but_for(heard: bytes, sound: bytes) -> bool:
    """Whether that very sound is in it, sample for sample, and nothing else."""
    before, found, after = heard.partition(sound)
    return bool(found) and not (before + after).strip(SILENCE)


@asynccontextmanager
async def open_talking_house(
    *, word_ms: int = WORD_MS, prompts: bool = False, speech: Mapping[str, Any] | None = None, **more: Any
) -> AsyncIterator[House]:
    """With codes of one digit, which are quickly keyed."""
    settings = {"voice": "marker", "codes": "0-9", **({} if prompts else NO_PROMPTS), **more}
    async with open_house(speech={"marker_word_ms": word_ms, **(speech or {})}, **settings) as house:
        yield house


async def join(caller: Caller, game: Game | V1Game) -> None:
    await caller.phone.key(game.code)
    await game.joined()


@asynccontextmanager
async def in_conversation(
    game: AbstractAsyncContextManager[G], house: House, quirks: Quirks | None = None
) -> AsyncIterator[Conversation[G]]:
    async with game as present, house.phone(quirks) as caller:
        await join(caller, present)
        yield Conversation(house, present, caller)


@asynccontextmanager
async def conversation(*, quirks: Quirks | None = None, **house: Any) -> AsyncIterator[Conversation[V1Game]]:
    """With a v1 game, which gets receipts. `quirks` are the phone's; the rest as `open_talking_house`."""
    async with open_talking_house(**house) as opened, in_conversation(opened.v1_game(), opened, quirks) as talking:
        yield talking


@asynccontextmanager
async def conversation_over(protocol: Protocol, **house: Any) -> AsyncIterator[Conversation[Any]]:
    """As `open_talking_house`."""
    async with open_talking_house(**house) as opened:
        game: AbstractAsyncContextManager[Any] = opened.game() if protocol == "text" else opened.v1_game()
        async with in_conversation(game, opened) as talking:
            yield talking


def utterances(house: House) -> list[Utterance]:
    """All that the voice service was asked to say, in order."""
    records: list[SpeakRecord] = list(house.speech.speak_connections)
    every = [utterance for record in records for utterance in record.utterances]
    return sorted(every, key=lambda utterance: utterance.flushed_at)


def outcome(finished: v1.SayFinished) -> tuple[str, bool, str | None]:
    """What was heard, whether it was interrupted, why it was dropped."""
    return finished.heard, finished.interrupted, finished.dropped.value if finished.dropped else None
