"""v1 games and their callers do everything at once, and connections die all the time: the books balance in the end."""

from __future__ import annotations

import os
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
import trio

from phonegame.local.phone import HungUpError
from phonegame.local.speech.marker import encode_speech
from phonegame.speak.saying import Dropped, Priority
from phonegame.wire import v1
from tests.cable import Cable, lay_cable
from tests.house import Caller, House, V1Game
from tests.scenarios.conversation import WORD_MS, open_talking_house, words

SEED = int(os.environ.get("PHONEGAME_TEST_SEED", "20260101"))
GAMES, CALLERS, VISITS = 5, 3, 4
CLIP = encode_speech("ding dong", word_ms=WORD_MS)


@dataclass(frozen=True)
class Asked:
    players: Sequence[int] | None
    """None: all."""
    after: int
    """How many messages had been received by then."""


@dataclass
class Book:
    """What a game has asked for."""

    asked: dict[str, Asked] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    """Of which it is not known whether the server has taken them."""
    doubtful: set[str] = field(default_factory=set)
    """Of which this will never be known: the connection was lost."""


class Chaos:
    """One game. It does something, at random, until all its callers have had enough."""

    def __init__(self, house: House, game: V1Game, seed: int) -> None:
        self._house = house
        self.game = game
        self._random = random.Random(seed)
        self.book = Book()

    async def play(self, visitors_gone: trio.Event) -> None:
        while not visitors_gone.is_set():
            async with lay_cable(self._house.address) as cable, self._house.resumed(self.game, cable=cable):
                await self.use_connection(cable)
        async with self._house.resumed(self.game):
            game = self.game
            await game.reads_until(lambda: len(game.all_of(v1.CallStarted)) == len(game.all_of(v1.CallEnded)))
            await game.is_in_step()

    async def use_connection(self, cable: Cable) -> None:
        """As long as it lasts."""
        for _ in range(self._random.randrange(2, 9)):
            await self._act()
            with trio.move_on_after(self._random.uniform(0, 0.08)):
                await self.game.reads_until(lambda: False)
        await self.game.is_in_step()
        self.book.open.clear()
        await self._act()
        if self._random.random() < 0.4:
            cable.pull()
            await self._act()
        cable.cut()
        self.book.doubtful |= self.book.open
        self.book.open.clear()

    async def _act(self) -> None:
        client, rng = self.game.client, self._random
        match rng.randrange(12):
            case 0:
                await client.clear(self._some_players())
            case 1:
                await client.hangup(self._some_players(), at_once=rng.random() < 0.5)
            case 2:
                await client.send_text('{"type": "say", "text": 7}')
            case 3:
                await client.vocabulary([f"word{rng.randrange(9)}"])
            case 4 | 5:
                players, say_id = self._note()
                await client.play(CLIP, form="mulaw", to=players, say_id=say_id)
            case _:
                players, say_id = self._note()
                await client.say(
                    words(rng.randrange(1, 12)),
                    to=players,
                    say_id=say_id,
                    priority=rng.choice([*Priority, Priority.QUEUE]),
                    interruptible=rng.random() < 0.7,
                    start_within=rng.choice([None, None, 0, 0.2]),
                )

    def _note(self) -> tuple[Sequence[int] | None, str]:
        players, say_id = self._some_players(), f"say{len(self.book.asked)}"
        self.book.asked[say_id] = Asked(players, len(self.game.received))
        self.book.open.add(say_id)
        return players, say_id

    def _some_players(self) -> list[int] | None:
        if self._random.random() < 0.5:
            return None
        return self._random.sample(range(1, CALLERS + 2), self._random.randrange(1, 3))


async def visit(house: House, code: str, name: str, rng: random.Random) -> None:
    """Calls again and again, talks, and goes in this way or that. Names itself in each word."""
    number = f"+49151{rng.randrange(10**8):08}"
    for time in range(VISITS):
        with suppress(HungUpError):
            async with house.phone(from_number=number) as caller:
                await caller.phone.key(code)
                for at in range(rng.randrange(5)):
                    await _talk(caller, f"{name}call{time}word{at}", rng)
                if rng.random() < 0.3:
                    caller.phone.abort()


async def _talk(caller: Caller, word: str, rng: random.Random) -> None:
    match rng.randrange(4):
        case 0:
            await caller.phone.key("5")
        case 1:
            await caller.phone.pause(rng.uniform(0, 0.4))
        case _:
            await caller.phone.play(encode_speech(word, word_ms=WORD_MS, pause_ms=rng.choice([0, 20, 100])))


def check(game: V1Game, book: Book) -> None:
    check_calls(game)
    check_words(game)
    check_receipts(game, book)


def check_calls(game: V1Game) -> None:
    """Each begins, is about to end, and ends, once; nothing of it comes before or behind."""
    by_call: defaultdict[str, list[v1.Numbered]] = defaultdict(list)
    players: defaultdict[str, set[int | None]] = defaultdict(set)
    for message in game.received:
        if isinstance(message, v1.Welcome | v1.Pong | v1.CodeChanged | v1.ServerStopping):
            continue
        if message.call_id is not None:
            by_call[message.call_id].append(message)
            players[message.call_id].add(message.player)
    for messages in by_call.values():
        kinds = [type(message) for message in messages]
        assert (kinds[0], kinds[-1]) == (v1.CallStarted, v1.CallEnded)
        assert [kinds.count(kind) for kind in (v1.CallStarted, v1.CallEnding, v1.CallEnded)] == [1, 1, 1]
    assert all(len(of_one) == 1 for of_one in players.values())


def check_words(game: V1Game) -> None:
    """What a call has brought is one caller's, in one visit, in order and not twice."""
    said: defaultdict[str, list[str]] = defaultdict(list)
    for transcript in game.all_of(v1.Transcript):
        if transcript.is_final:
            said[transcript.call_id] += transcript.text.split()
    for each in said.values():
        assert each == sorted(set(each))
        assert len({word.partition("word")[0] for word in each}) <= 1


def check_receipts(game: V1Game, book: Book) -> None:
    place = {id(message): at for at, message in enumerate(game.received)}
    finished: defaultdict[str, list[v1.SayFinished]] = defaultdict(list)
    for receipt in game.all_of(v1.SayFinished):
        finished[receipt.say_id].append(receipt)
    assert finished.keys() <= book.asked.keys()
    started = {(each.say_id, each.call_id): place[id(each)] for each in game.all_of(v1.SayStarted)}
    assert len(started) == len(game.all_of(v1.SayStarted))
    begun = {each.call_id: place[id(each)] for each in game.all_of(v1.CallStarted)}
    ending = {each.call_id: place[id(each)] for each in game.all_of(v1.CallEnding)}
    player = {each.call_id: each.player for each in game.all_of(v1.CallStarted)}
    for say_id, asked in book.asked.items():
        receipts = finished[say_id]
        assert receipts or say_id in book.doubtful
        assert max(Counter(each.call_id for each in receipts).values(), default=0) <= 1
        if any(each.call_id is None for each in receipts):
            assert [each.dropped for each in receipts] == [Dropped.NO_CALL]
            continue
        reached = {each.call_id for each in receipts if each.call_id is not None}
        assert asked.players is None or {player[call_id] for call_id in reached} <= set(asked.players)
        for each in receipts:
            began = started.pop((say_id, each.call_id or ""), None)
            assert began is None or began < place[id(each)]
            assert began is not None or each.dropped is not None or each.interrupted
        # who was there from before it was asked for until after its first receipt
        first = min((place[id(each)] for each in receipts), default=0)
        there = {call_id for call_id in begun if begun[call_id] < asked.after and ending[call_id] > first}
        meant = {call_id for call_id in there if asked.players is None or player[call_id] in asked.players}
        assert not receipts or meant <= reached
    assert started == {}


async def live(house: House, number: int) -> None:
    rng = random.Random(SEED + number)
    async with house.v1_game() as game:
        await game.client.accept(CALLERS)
        await game.is_in_step()
        chaos, visitors_gone = Chaos(house, game, rng.randrange(2**32)), trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(chaos.play, visitors_gone)
            async with trio.open_nursery() as visitors:
                for name in "abc"[:CALLERS]:
                    visitors.start_soon(visit, house, game.code, f"game{number}{name}", random.Random(rng.random()))
            visitors_gone.set()
        check(game, chaos.book)


@pytest.mark.slow
async def test_the_books_balance_whatever_happens() -> None:
    print(f"PHONEGAME_TEST_SEED={SEED}")
    async with open_talking_house(away_seconds=3600, codes="10-99", seconds=55) as house:
        async with trio.open_nursery() as games:
            for number in range(GAMES):
                games.start_soon(live, house, number)
        await house.phonegame.wait_until_empty()
        assert house.errors == []
