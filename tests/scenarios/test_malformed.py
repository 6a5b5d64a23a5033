"""Whatever nonsense comes over a socket: it is counted, it ends its own connection at the worst, and it is no error."""

from __future__ import annotations

import copy
import json
import struct
from typing import Any

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Ping, RejectConnection, TextMessage

from phonegame.twilio.messages import Connected, MalformedMessage, Media, Unknown, parse
from tests.house import House, open_house
from tests.raw_websocket import connect, open_raw

VALID: tuple[dict[str, Any], ...] = (
    {"event": "start", "streamSid": "MZ1", "start": {"streamSid": "MZ1", "callSid": "CA1", "mediaFormat": {}}},
    {"event": "media", "streamSid": "MZ1", "media": {"track": "inbound", "timestamp": "5", "payload": "f/8="}},
    {"event": "dtmf", "streamSid": "MZ1", "dtmf": {"track": "inbound_track", "digit": "1"}},
    {"event": "mark", "streamSid": "MZ1", "mark": {"name": "end"}},
)
PLAIN_TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.floats(),  # NaN and infinity are no JSON
    st.text(max_size=10),  # with lone surrogates, which JSON can escape
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)


@st.composite
def spoiled(draw: st.DrawFn) -> str:
    """A message of Twilio's in which one field is missing, or is not what it should be."""
    message = copy.deepcopy(draw(st.sampled_from(VALID)))
    fields = draw(st.sampled_from([message, message[message["event"]]]))
    name = draw(st.sampled_from(sorted(fields)))
    if draw(st.booleans()):
        del fields[name]
    else:
        fields[name] = draw(JUNK)
    return json.dumps(message)


def is_malformed(message: str | bytes) -> bool:
    if isinstance(message, bytes):
        return True
    try:
        parsed = parse(message)
        if isinstance(parsed, Media):
            parsed.audio()
    except MalformedMessage:
        return True
    return False


def is_nonsense(message: str | bytes) -> bool:
    """Not one that means something by chance, a key press or audio."""
    return is_malformed(message) or isinstance(parse(message), Connected | Unknown)


NONSENSE = st.one_of(
    spoiled(),
    spoiled().map(lambda text: text[: len(text) // 2]),
    PLAIN_TEXT,
    st.binary(max_size=30),
    st.integers(1, 3_000).map(lambda depth: "[" * depth),
    st.integers(1, 500).map(lambda depth: '{"event":' * depth),
).filter(is_nonsense)

few_examples = settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@pytest.mark.slow
@few_examples
@given(st.lists(NONSENSE, min_size=20, max_size=90))
def test_malformed_messages_are_counted_and_the_call_goes_on(messages: list[str | bytes]) -> None:
    async def scenario() -> None:
        async with open_house() as house, house.game() as game:
            async with house.phone() as caller:
                for message in messages:
                    await caller.phone.send_raw(message)
                await caller.joins(game)
                await caller.says("still here")
                await game.hears("still here")
            await house.phonegame.calls.wait_until_empty()
            assert house.fields("call ended")["malformed"] == sum(map(is_malformed, messages))
            assert house.errors == []

    trio.run(scenario)


@pytest.mark.slow
@few_examples
@given(st.lists(st.one_of(PLAIN_TEXT, st.binary(max_size=30), spoiled()), min_size=20, max_size=60))
def test_whatever_a_game_sends_its_caller_stays(messages: list[str | bytes]) -> None:
    async def scenario() -> None:
        async with open_house() as house, open_raw(house.address, "/game") as game, house.phone() as caller:
            _, code = await game.receive(), await game.receive()
            await caller.phone.key(f"{code}#")
            for message in messages:
                await game.send(TextMessage(message) if isinstance(message, str) else BytesMessage(message))
            await caller.says("still here")
            while "still here" not in str(heard := await game.receive()):
                assert isinstance(heard, str), heard
            assert house.errors == []

    trio.run(scenario)


@pytest.mark.parametrize("size", [60_000, 66_000, 70_000, 120_000])
async def test_a_long_message_is_malformed_and_the_call_goes_on(size: int) -> None:
    async with open_house() as house, house.game() as game:
        async with house.phone() as caller:
            await caller.phone.send_raw("x" * size)
            await caller.joins(game)
            await caller.says("still here")
            await game.hears("still here")
        await house.phonegame.calls.wait_until_empty()
        assert house.fields("call ended")["malformed"] == 1
        assert house.errors == []


async def test_deep_nesting_is_malformed_and_the_call_goes_on() -> None:
    async with open_house() as house, house.game() as game, house.phone() as caller:
        for text in (
            "[" * 60_000,
            '{"media":' * 7_000,
            '{"event":"media","media":' + "[" * 30_000 + "]" * 30_000 + "}",
        ):
            await caller.phone.send_raw(text)
        await caller.joins(game)
        assert house.errors == []


async def test_a_flood_of_malformed_messages_ends_that_call_only() -> None:
    async with open_house() as house, house.game() as game, house.phone() as caller:
        await caller.joins(game)
        async with house.phone() as flooder:
            for _ in range(101):
                await flooder.phone.send_raw("{")
            await flooder.is_hung_up_on("too many malformed messages")
        await caller.says("still here")
        await game.hears("still here")
        assert house.events.count("malformed message from Twilio; more of them are only counted") == 1
        assert house.errors == []


FINAL, TEXT, BINARY, CLOSE, PING = 0x80, 0x1, 0x2, 0x8, 0x9


def frame(first_byte: int, payload: bytes, *, masked: bool = True) -> bytes:
    """RFC 6455, section 5.2; the mask is all zeros, which leaves the payload as it is."""
    mask_bit, mask = (0x80, bytes(4)) if masked else (0, b"")
    if len(payload) < 126:
        return bytes([first_byte, mask_bit | len(payload)]) + mask + payload
    return bytes([first_byte, mask_bit | 127]) + struct.pack(">Q", len(payload)) + mask + payload


BAD_FRAMES = {
    "text that is no UTF-8": frame(FINAL | TEXT, b"\xc3\x28"),
    "text cut within a character": frame(FINAL | TEXT, "ü".encode()[:1]),
    "unknown opcode": frame(FINAL | 0x3, b"x"),
    "reserved bit": frame(FINAL | 0x40 | TEXT, b"x"),
    "no mask": frame(FINAL | TEXT, b"x", masked=False),
    "continuation of nothing": frame(FINAL, b"x"),
    "text within a fragmented text": frame(TEXT, b"x") + frame(FINAL | TEXT, b"y"),
    "fragmented ping": frame(PING, b"x"),
    "ping that is too long": frame(FINAL | PING, b"x" * 126),
    "close with half a code": frame(FINAL | CLOSE, b"\x03"),
    "close with a code that is none": frame(FINAL | CLOSE, struct.pack(">H", 1005)),
    "length beyond all bounds": bytes([FINAL | TEXT, 0x80 | 127]) + b"\xff" * 12,
    "no websocket at all": b"GET / HTTP/1.1\r\nUser-Agent: " + b"x" * 200 + b"\r\n\r\n",
}


@pytest.mark.parametrize("path", ["/twilio", "/game"])
async def test_a_bad_frame_ends_its_connection_only(path: str) -> None:
    async with open_house() as house, house.game() as game, house.phone() as caller:
        await caller.joins(game)
        codes = {name: await close_code_after(house, path, data) for name, data in BAD_FRAMES.items()}
        assert {name for name, code in codes.items() if code not in (1002, 1005, 1006, 1007, 1009)} == set()
        await caller.says("still here")
        await game.hears("still here")
        assert house.phonegame.switchboard.active == {game.code}
        assert house.errors == []


async def close_code_after(house: House, path: str, data: bytes) -> int | None:
    """None: the connection stays open."""
    with trio.move_on_after(5):
        async with open_raw(house.address, path) as socket:
            await socket.write(data + frame(FINAL | TEXT, b"and more"))
            while isinstance(end := await socket.receive(), str):
                pass
            return int(end.code)
    return None


@pytest.mark.parametrize("path", ["/twilio", "/game"])
@pytest.mark.parametrize("kind", [TEXT, BINARY], ids=["text", "binary"])
async def test_a_message_beyond_all_bounds_is_refused_with_1009(path: str, kind: int) -> None:
    async with open_house() as house, open_raw(house.address, path) as socket:
        await socket.write(frame(FINAL | kind, b"x" * 200_000))
        with trio.fail_after(5):
            while isinstance(end := await socket.receive(), str):
                pass
        assert end.code == 1009
        assert house.errors == []


async def test_a_message_may_come_in_fragments_with_a_ping_between() -> None:
    async with (
        open_house(codes="7-7") as house,
        house.game() as game,
        open_raw(house.twilio_address, "/twilio") as phone,
    ):
        message = json.dumps({"event": "dtmf", "dtmf": {"digit": "7"}})
        await phone.send(TextMessage(message[:10], message_finished=False))
        await phone.send(Ping(b"?"))
        await phone.send(TextMessage(message[10:20], message_finished=False))
        await phone.send(TextMessage(message[20:]))
        await game.joined()


async def test_a_binary_message_of_a_game_is_ignored() -> None:
    async with open_house() as house, open_raw(house.address, "/game") as game:
        await game.receive()
        code = await game.receive()
        for content in (b"\x00\xff", b""):
            await game.send(BytesMessage(content))
        await game.send(CloseConnection(1000))
        end = await game.receive()
        assert isinstance(end, CloseConnection)
        assert end.code == 1000
        await house.phonegame.games.wait_until_empty()
        assert code not in house.phonegame.switchboard.active
        assert house.events.count("message from the game ignored: it has no text") == 2
        assert house.errors == []


async def status_of(house: House, request: str) -> int:
    async with connect(house.address) as socket:
        await socket.write(request.encode())
        return int((await socket.read()).split()[1])


@pytest.mark.parametrize("path", ["/twilio", "/game", "/nowhere"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_plain_http_finds_no_call_and_no_game(method: str, path: str) -> None:
    async with open_house() as house:
        request = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
        websocket_asked_for = method == "GET" and path in ("/twilio", "/game")
        assert await status_of(house, request) in ((426,) if websocket_asked_for else (400, 404, 405))
        assert house.errors == []


@pytest.mark.parametrize("request_line", ["", "nonsense", "GET", "GET /\x00 HTTP/1.1"])
async def test_a_request_that_is_none_is_refused(request_line: str) -> None:
    async with open_house() as house:
        assert await status_of(house, f"{request_line}\r\nHost: localhost\r\n\r\n") == 400
        assert house.errors == []


@pytest.mark.parametrize("path", ["/", "/nowhere", "/twilio/", "/game/x", "/twili%6f%2f"])
async def test_there_is_no_websocket_elsewhere(path: str) -> None:
    async with open_house() as house, connect(house.address) as socket:
        answer = await socket.upgrade(path)
        assert isinstance(answer, RejectConnection)
        assert answer.status_code in (400, 403, 404)
        assert house.errors == []


async def test_a_game_with_an_unknown_subprotocol_gets_the_text_protocol() -> None:
    async with open_house() as house, connect(house.address) as socket:
        answer = await socket.upgrade("/game", subprotocols=["unheard.of"])
        assert isinstance(answer, AcceptConnection)
        assert answer.subprotocol is None
        assert isinstance(await socket.receive(), str)
        assert house.errors == []


async def test_a_connection_is_closed_behind_its_last_response() -> None:
    async with open_house() as house, connect(house.address) as socket:
        await socket.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        while await socket.read():
            pass
