"""phonegame.v1 over real sockets, held against the document that the server gives about it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
from jsonschema import Draft7Validator

from phonegame.local.game_socket import GameSocket, open_game_socket
from phonegame.local.speech.marker import encode_speech
from phonegame.local.text_game import Closed
from phonegame.wire import v1
from phonegame.wire.v1.asyncapi import asyncapi
from phonegame.wire.v1.catalogue import CATALOGUE, Direction
from tests.house import NUMBER, House
from tests.raw_websocket import connect
from tests.scenarios.conversation import WORD_MS, conversation, open_talking_house, outcome, words
from tests.scenarios.party import guest, heard_from, hears_out

CALLER = "+15557654321"
BEEP = "/v8A" * 400
"""Base64 of mu-law: 150 ms."""
RINGING = """
actions = [{ name = "ring" }]
[states.ringing]
do = "ring"
done = { say = "ding" }
listen = [{ hear = "goodbye", hang_up = true }]
"""

Message = dict[str, Any]


class JsonGame:
    """A game that knows no types: JSON goes in and comes out."""

    def __init__(self, socket: GameSocket) -> None:
        self._socket = socket
        self.sent: list[Message] = []
        self.received: list[Message] = []

    async def send(self, kind: str, **fields: Any) -> None:
        message = {"type": kind, **fields}
        self.sent.append(message)
        await self._socket.send(json.dumps(message))

    async def send_text(self, text: str) -> None:
        await self._socket.send(text)

    async def gets(self, kind: str) -> Message:
        """The next one of this kind."""
        while True:
            text = await self._socket.receive()
            assert not isinstance(text, Closed), text
            message: Message = json.loads(text)
            self.received.append(message)
            if message["type"] == kind:
                return message

    async def vanish(self) -> None:
        await self._socket.vanish()


@asynccontextmanager
async def json_game(house: House) -> AsyncIterator[JsonGame]:
    async with open_game_socket(house.game_url, None, v1.SUBPROTOCOL) as socket:
        yield JsonGame(socket)


async def document_of(house: House) -> Message:
    """As a stranger gets it."""
    async with connect(house.address) as socket:
        await socket.write(f"GET /asyncapi.json HTTP/1.1\r\nHost: {house.address}\r\n\r\n".encode())
        head = await socket.read()
        assert head.split()[1] == b"200"
        assert b"content-type: application/json" in head.lower()
        head, _, body = head.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        while len(body) < length:
            body += await socket.read()
    document: Message = json.loads(body)
    return document


OF_OUTGOING_CALLS = {"dial", "call_status"}
"""See test_ring_up.py."""
OF_SEVERAL_WORKERS = {"code_changed"}
"""See tests/game/test_code_lost.py."""


def names(direction: Direction) -> set[str]:
    return {entry.name for entry in CATALOGUE if entry.direction is direction}


def faults(document: Message, message: Message) -> list[str]:
    reference = {"$ref": f"#/components/messages/{message['type']}/payload"}
    return [error.message for error in Draft7Validator(reference | document).iter_errors(message)]


async def play_a_whole_game(house: House, before: JsonGame) -> list[JsonGame]:
    """All that there is to say, over two connections."""
    welcome = await before.gets("welcome")
    await before.send("ping", id=7)
    await before.send("accept", callers=2)
    await before.send("vocabulary", words=["pepperoni"])
    await before.send("say", text="anybody there?", say_id="nobody")
    await before.send("say", text="")
    await before.gets("error")
    async with house.phone(from_number=CALLER) as caller, json_game(house) as after:
        await caller.phone.key(welcome["code"])
        await before.gets("call_started")
        await before.vanish()
        await after.send("resume", resume_token=welcome["resume_token"], last_seq=1)
        await after.gets("call_started")
        await after.send("say", text="what will it be", say_id="a")
        await after.send("play", audio=BEEP, format="mulaw", players=[1])
        await after.gets("say_finished")
        await after.send("clear")
        await caller.phone.play(encode_speech("pizza", word_ms=WORD_MS, pause_ms=1200))
        await after.gets("utterance_end")
        await caller.phone.key("5")
        await after.gets("dtmf")
        await after.send("character", name="Bell", script=RINGING)
        asked = await after.gets("action")
        await after.send("action_result", action_id=asked["action_id"], result={"times": 1})
        await after.gets("character_said")
        await after.send("character_stop")
        await after.gets("character_ended")
        await after.send("record")
        await after.gets("recording_started")
        await after.send("record", on=False)
        await after.gets("recording_stopped")
        await after.send("hangup", at_once=True)
        await after.gets("call_ended")
        return [before, after]


@pytest.mark.slow
async def test_every_message_goes_over_the_wire_as_the_servers_own_document_says(tmp_path: Path) -> None:
    async with open_talking_house(seconds=20, recordings=tmp_path) as house, json_game(house) as game:
        document = await document_of(house)
        games = await play_a_whole_game(house, game)
        sent = [message for each in games for message in each.sent]
        received = [message for each in games for message in each.received]
        assert {message["type"] for message in sent} == names(Direction.FROM_GAME) - OF_OUTGOING_CALLS
        assert {message["type"] for message in received} == names(
            Direction.TO_GAME
        ) - OF_OUTGOING_CALLS - OF_SEVERAL_WORKERS
        # the one that was wrong on purpose
        wrong = {"type": "say", "text": ""}
        assert [message for message in sent if faults(document, message)] == [wrong]
        assert [message for message in received if faults(document, message)] == []


async def test_the_document_that_is_served_is_the_catalogue() -> None:
    async with open_talking_house() as house:
        assert await document_of(house) == json.loads(json.dumps(asyncapi(house.address)))


@pytest.mark.slow
async def test_what_happens_in_a_call_is_told_in_order() -> None:
    async with open_talking_house() as house, house.v1_game() as game:
        async with guest(house, game, CALLER) as caller:
            await caller.says("first")
            await hears_out(game, caller, "first")
            await caller.caller.phone.key("*")
            # and no pause: its final comes when the caller has gone
            await caller.caller.phone.play(encode_speech("last", word_ms=WORD_MS))
            await game.gets(v1.Transcript)
        ended = await game.gets(v1.CallEnded)
        kinds = [type(message) for message in game.received[1:]]
        assert [kind for at, kind in enumerate(kinds) if kind not in kinds[:at]] == [
            v1.CallStarted,
            v1.SpeechStarted,
            v1.Transcript,
            v1.Dtmf,
            v1.CallEnding,
            v1.CallEnded,
        ]
        assert heard_from(game, caller) == ["first", "last"]
        ending = kinds.index(v1.CallEnding)
        last = game.all_of(v1.Transcript)[-1]
        assert (last.text, last.is_final) == ("last", True)
        assert game.received.index(last) > ending + 1
        assert kinds[-1] is v1.CallEnded
        assert (ended.reason, game.all_of(v1.CallEnding)[0].reason) == ("hung_up", "hung_up")
        assert 0 < ended.seconds < 30
        assert {message.call_id for message in game.received[1:] if hasattr(message, "call_id")} == {caller.call_id}


async def test_interim_transcripts_grow_into_the_final_one() -> None:
    async with conversation() as talking:
        await talking.caller.phone.play(encode_speech("one two three", word_ms=WORD_MS, pause_ms=100))
        await talking.game.hears("one two three")
        interim = [said.text for said in talking.game.all_of(v1.Transcript) if not said.is_final]
        assert interim
        assert all("one two three".startswith(text) for text in interim)
        said = talking.game.all_of(v1.Transcript)[-1]
        assert [word.word for word in said.words] == ["one", "two", "three"]
        assert said.start <= said.words[0].start < said.words[-1].end <= said.start + said.duration


@pytest.mark.parametrize("log", ["text", "json"])
async def test_a_callers_number_is_seen_nowhere(log: str, capfd: pytest.CaptureFixture[str]) -> None:
    async with open_talking_house(log=log, log_level="debug") as house, json_game(house) as game:
        welcome = await game.gets("welcome")
        async with house.phone(from_number=CALLER) as caller:
            await caller.phone.key(welcome["code"])
            assert (await game.gets("call_started"))["caller"] == "+1***21"
        await game.gets("call_ended")
        assert welcome["phone_number"] == NUMBER
        told = json.dumps(game.received)
    logged = capfd.readouterr().err
    assert "call ended" in logged
    assert CALLER[1:] not in told + logged
    assert CALLER[4:] not in told + logged


BAD = [
    ("{", None),
    ("[1, 2]", None),
    ('"say"', None),
    ('{"text": "hello"}', "type"),
    ('{"type": 7}', "type"),
    ('{"type": "say"}', "text"),
    ('{"type": "say", "text": ""}', "text"),
    ('{"type": "say", "text": ["hello"]}', "text"),
    ('{"type": "say", "text": "x", "priority": "first"}', "priority"),
    ('{"type": "say", "text": "x", "start_within": -1}', "start_within"),
    ('{"type": "say", "text": "x", "interruptible": "yes"}', "interruptible"),
    ('{"type": "say", "text": "x", "players": [1, 17]}', "players[1]"),
    ('{"type": "say", "text": "x", "players": [1], "call_id": "y"}', "players"),
    ('{"type": "say", "text": "x", "say_id": ""}', "say_id"),
    ('{"type": "say", "text": "' + "x" * 4001 + '"}', "text"),
    ('{"type": "play", "audio": "no base64!"}', "audio"),
    ('{"type": "play", "audio": "aGVsbG8="}', "audio"),
    ('{"type": "play", "audio": "//8=", "format": "mp3"}', "format"),
    ('{"type": "hangup", "at_once": 1}', "at_once"),
    ('{"type": "clear", "players": 1}', "players"),
    ('{"type": "vocabulary"}', "words"),
    ('{"type": "vocabulary", "words": ["a", ""]}', "words[1]"),
    ('{"type": "accept", "callers": 0}', "callers"),
    ('{"type": "accept", "callers": 17}', "callers"),
    ('{"type": "resume", "resume_token": "x"}', "last_seq"),
    ('{"type": "resume", "resume_token": "x", "last_seq": 0}', "resume_token"),
    ('{"type": "ping", "id": {}}', "id"),
]


async def test_what_is_malformed_is_answered_in_order_and_disturbs_nothing() -> None:
    said = words(8)
    async with conversation() as talking, trio.open_nursery() as nursery:
        game = talking.game
        await talking.say(said, say_id="before", interruptible=False)
        await game.gets(v1.SayStarted)
        nursery.start_soon(talking.caller.says, "still here")
        for text, _ in BAD:
            await game.client.send_text(text)
        await game.client.send_text('{"type": "a_type_of_next_year", "text": 7}')
        await talking.say("behind", say_id="behind", interruptible=False)
        await game.reads_until(lambda: len(game.all_of(v1.SayFinished)) == 2)
        await game.reads_until(lambda: "still here" in [each.text for each in game.all_of(v1.Transcript)])
        errors = game.all_of(v1.Error)
        assert [error.field for error in errors] == [field for _, field in BAD]
        assert {error.code for error in errors} == {"malformed", "bad_clip", "resume_failed"}
        finished = [(each.say_id, *outcome(each)) for each in game.all_of(v1.SayFinished)]
        assert finished == [("before", said, False, None), ("behind", "behind", False, None)]
        assert game.all_of(v1.CallEnding) == []
        assert talking.house.errors == []
