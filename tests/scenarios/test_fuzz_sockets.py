"""Any sequence of messages at `/game` and `/twilio`: whole, in fragments, as bytes, too long, many in one segment.

Beside it another game and its caller talk, who must lose nothing; and nobody learns anything of the others.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import pytest
import trio
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Event, Ping, TextMessage

from phonegame.wire import v1
from tests.house import House, V1Game, open_house
from tests.raw_websocket import RawWebsocket, connect
from tests.scenarios.party import Guest, guest, hears_out
from tests.scenarios.test_malformed import JUNK, PLAIN_TEXT, VALID, spoiled
from tests.wire.messages import FROM_GAME

pytestmark = pytest.mark.slow

Segments = list[list[Event]]

SETTINGS: dict[str, Any] = {
    "voice": "marker",
    "TWILIO_API_KEY": "SK" + "0" * 32,
    "TWILIO_API_SECRET": "planted-api-secret",
    "away_seconds": 0,
}
PATHS: dict[str, tuple[str, list[str]]] = {
    "text": ("/game", []),
    v1.SUBPROTOCOL: ("/game", [v1.SUBPROTOCOL]),
    "/twilio": ("/twilio", []),
}
NOT_OUR_FAULT = {1000, 1002, 1005, 1006, 1007, 1009}
"""1006: the connection has been closed while there was something left to read."""


@st.composite
def of_a_game(draw: st.DrawFn) -> str:
    """A message of phonegame.v1, perhaps with a field that is missing, is none, or is not what it should be."""
    message = copy.deepcopy(draw(st.sampled_from(FROM_GAME)))
    name = draw(st.sampled_from([*message, "more"]))
    match draw(st.integers(0, 3)):
        case 0:
            message.pop(name, None)
        case 1:
            message[name] = draw(JUNK)
        case 2 if isinstance(message.get(name), list):
            message[name].append(draw(JUNK))
    return json.dumps(message)


ODD: st.SearchStrategy[str | bytes] = st.one_of(
    PLAIN_TEXT,
    st.binary(max_size=30),
    st.sampled_from([70_000, 140_000, 200_000]).map(lambda length: "x" * length),
    st.sampled_from([200, 5_000, 30_000]).map(lambda depth: '{"type":"say","text":' + "[" * depth),
    st.sampled_from([200, 3_000]).map(lambda depth: '{"event":' * depth + "1" + "}" * depth),
)


def cut_short(text: str) -> str:
    return text[: len(text) // 2]


def messages(own: st.SearchStrategy[str]) -> st.SearchStrategy[str | bytes]:
    # the first more often, since a message that is too long is the last one
    return st.one_of(own, own, own.map(cut_short), own.map(str.encode), ODD)


@st.composite
def sent(draw: st.DrawFn, own: st.SearchStrategy[str]) -> list[Event]:
    """One message: whole, or in fragments, with pings between them."""
    content = draw(messages(own))
    kind: type[TextMessage | BytesMessage] = TextMessage if isinstance(content, str) else BytesMessage
    places = sorted(draw(st.lists(st.integers(0, len(content)), max_size=3)))
    pieces = [content[begin:end] for begin, end in zip([0, *places], [*places, len(content)], strict=True)]
    events: list[Event] = []
    for piece in pieces[:-1]:
        events.append(kind(piece, message_finished=False))  # type: ignore[arg-type]
        events += draw(st.sampled_from([[], [Ping(b"?")]]))
    return [*events, kind(pieces[-1])]  # type: ignore[arg-type]


def segments(own: st.SearchStrategy[str]) -> st.SearchStrategy[Segments]:
    """What is written at once: one message, or several."""
    segment = st.lists(sent(own), min_size=1, max_size=5).map(lambda several: list(chain.from_iterable(several)))
    return st.lists(segment, min_size=1, max_size=8)


TWILIOS = st.one_of(spoiled(), st.sampled_from(VALID).map(json.dumps))
VISITS = 3
"""At once."""


@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", PATHS)
# without shrinking: an example takes a second
@settings(
    max_examples=4,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
@given(st.data())
def test_whatever_comes_the_others_lose_nothing(kind: str, data: st.DataObject) -> None:
    own = TWILIOS if kind == "/twilio" else of_a_game()
    trio.run(play, [Visit(kind, each) for each in data.draw(st.lists(segments(own), min_size=VISITS, max_size=VISITS))])


async def play(visits: Sequence[Visit]) -> None:
    async with open_house(seconds=50, **SETTINGS) as house, house.v1_game() as game, guest(house, game) as friend:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(talk, game, friend, "one two three four five")
            for visit in visits:
                nursery.start_soon(visit.run, house)
        await talk(game, friend, "still here", before="one two three four five")
        for secret in ("planted", "Traceback", "phonegame/", game.welcome.resume_token, friend.call_id):
            assert not any(secret in text for visit in visits for text in visit.told)
        log = " ".join(str(record.msg) for record in house.logged)
        for secret in ("planted", game.welcome.resume_token, "+12025550123"):
            assert secret not in log
        assert {visit.end for visit in visits} <= NOT_OUR_FAULT
        assert house.errors == []


async def talk(game: V1Game, friend: Guest, sentence: str, before: str = "") -> None:
    """Waits until the game has heard exactly this, since its call began, and the caller the game."""
    await friend.says(sentence)
    await hears_out(game, friend, f"{before} {sentence}")
    await game.client.say(sentence)
    said = await game.gets(v1.SayFinished)
    assert (said.heard, said.interrupted) == (sentence, False)
    await friend.caller.hears_words(*sentence.split())


@dataclass
class Visit:
    kind: str
    """A subprotocol of `/game`, or the other route."""
    segments: Segments
    told: list[str] = field(default_factory=list)
    end: int = 0

    async def run(self, house: House) -> None:
        address = house.twilio_address if self.kind == "/twilio" else house.address
        async with connect(address) as socket:
            path, subprotocols = PATHS[self.kind]
            assert isinstance(await socket.upgrade(path, subprotocols), AcceptConnection)
            if self.kind == "/twilio":
                await self.send_all(socket)
            else:
                code = await self.code(socket)
                async with house.phone() as caller:
                    await caller.phone.key(f"{code}#")
                    await self.send_all(socket)

    async def code(self, socket: RawWebsocket) -> str:
        first = await socket.receive()
        assert isinstance(first, str)
        code = json.loads(first)["code"] if self.kind == v1.SUBPROTOCOL else await socket.receive()
        assert isinstance(code, str)
        return code

    async def send_all(self, socket: RawWebsocket) -> None:
        with suppress(trio.BrokenResourceError):
            for segment in self.segments:
                await socket.send(*segment)
            await socket.send(CloseConnection(1000))
        while isinstance(told := await socket.receive(), str):
            self.told.append(told)
        self.end = int(told.code)
