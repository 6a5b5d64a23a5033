"""A locked server: who comes in, who does not, and what either is told."""

from __future__ import annotations

import pytest
import trio
from wsproto.events import AcceptConnection, RejectConnection

from phonegame.local.game_client import GameUnreachableError, connect_game
from phonegame.local.phone import DialError
from phonegame.local.text_game import Code, PhoneNumber
from tests.house import NUMBER, Game, House, open_house
from tests.http_client import FORM, basic, bearer, fetch, signed_form
from tests.raw_websocket import connect
from tests.twilio_side import (
    CALLED,
    CALLER,
    GAME_KEY,
    LOCKS,
    OPERATOR_KEY,
    PUBLIC_URL,
    TOKEN,
    TwilioSide,
    connect_in,
    new_sid,
    says,
    verbs,
)
from tests.two_workers import TWO

REFUSED = "the stream is not of a call that was announced"


class TestIncomingCall:
    async def test_from_the_webhook_to_the_goodbye(self) -> None:
        async with open_house(**LOCKS) as house:
            twilio, sid = TwilioSide(house.twilio_address), new_sid()
            told = await twilio.announces(sid)
            assert told.stream_url == "wss://phone.example/twilio"
            assert told.after == f"{PUBLIC_URL}/twiml/after"
            assert {**told.parameters, "token": ""} == {
                "from": CALLER,
                "to": CALLED,
                "direction": "incoming",
                "token": "",
            }
            async with twilio.stream(sid, told.parameters) as caller:
                async with connect_game(house.game_url, GAME_KEY) as client:
                    assert await client.receive() == PhoneNumber(NUMBER)
                    code = await client.receive()
                    assert isinstance(code, Code)
                    game = Game(client, code.text)
                    await caller.joins(game)
                    await caller.says("still here")
                    await game.hears("still here")
                await caller.is_hung_up_on("the game left")
            after = await twilio.post("/twiml/after", twilio.call(sid))
            assert says(after) == [("Say", "The game has ended. Goodbye."), ("Hangup", None)]
            assert says(await twilio.post("/twiml/after", twilio.call(sid))) == says(after)
            assert house.errors == []

    async def test_nothing_is_said_after_a_goodbye_that_was_heard(self) -> None:
        async with open_house(voice="marker", code_seconds=0.1, prompt_no_code="no code", **LOCKS) as house:
            twilio, sid = TwilioSide(house.twilio_address), new_sid()
            told = await twilio.announces(sid)
            async with twilio.stream(sid, told.parameters) as caller:
                await caller.hears_words("no", "code")
                await caller.is_hung_up_on("no code was named in time")
            assert says(await twilio.post("/twiml/after", twilio.call(sid))) == [("Hangup", None)]

    async def test_a_call_that_has_never_come_here_ends_with_an_apology(self) -> None:
        async with open_house(**LOCKS) as house:
            twilio = TwilioSide(house.twilio_address)
            answer = await twilio.post("/twiml/after", twilio.call(new_sid()))
            ((verb, apology), *_) = says(answer)
            assert verb == "Say"
            assert apology is not None
            assert apology.startswith("I am sorry")

    async def test_a_caller_whose_stream_has_broken_hears_an_apology(self) -> None:
        async with open_house(**LOCKS) as house:
            twilio, sid = TwilioSide(house.twilio_address), new_sid()
            told = await twilio.announces(sid)
            async with twilio.stream(sid, told.parameters) as caller:
                await caller.keeps_silent(100)
            await house.phonegame.calls.wait_until_empty()
            ((_, apology), *_) = says(await twilio.post("/twiml/after", twilio.call(sid)))
            assert apology is not None
            assert apology.startswith("I am sorry")

    @pytest.mark.skipif(TWO, reason="Redis is told how the call has ended, and any worker may answer")
    async def test_a_server_that_goes_down_waits_until_twilio_has_asked(self) -> None:
        async with open_house(**LOCKS) as house:
            twilio, sid = TwilioSide(house.twilio_address), new_sid()
            told = await twilio.announces(sid)
            async with twilio.stream(sid, told.parameters) as caller:
                await caller.keeps_silent(100)
                house.phonegame.end_nowait()
                await caller.is_hung_up_on("the server is going down")
            async with trio.open_nursery() as nursery:
                nursery.start_soon(house.phonegame.wait_until_empty)
                await trio.testing.wait_all_tasks_blocked(0.05)
                assert len(nursery.child_tasks) == 1
                answer = await twilio.post("/twiml/after", twilio.call(sid))
            assert says(answer)[0] == ("Say", "I am sorry, the line is closing. Goodbye.")
            assert says(await twilio.post("/twiml", twilio.call(new_sid())))[0] == says(answer)[0]

    async def test_twilio_greets_where_no_voice_of_ours_does(self) -> None:
        async with open_house(voice="none", **LOCKS) as house:
            answer = await TwilioSide(house.twilio_address).post("/twiml", {"CallSid": new_sid()})
            assert says(answer)[0] == ("Say", "Welcome. Please say the code that you see on the screen.")

    async def test_the_greeting_is_a_setting(self) -> None:
        async with open_house(voice="marker", greeting="Hello & welcome", twilio_voice="Polly.Amy", **LOCKS) as house:
            say, connect = verbs(await TwilioSide(house.twilio_address).post("/twiml", {"CallSid": new_sid()}))
            assert (say.text, say.attrib, connect.tag) == ("Hello & welcome", {"voice": "Polly.Amy"}, "Connect")

    async def test_a_webhook_that_comes_twice_is_answered_twice(self) -> None:
        async with open_house(**LOCKS) as house:
            twilio, sid = TwilioSide(house.twilio_address), new_sid()
            await twilio.announces(sid)
            told = await twilio.announces(sid)
            async with twilio.stream(sid, told.parameters) as caller:
                await caller.keeps_silent(100)
            assert "call started" in house.events

    async def test_a_webhook_that_is_repeated_after_the_call_has_come_leads_nowhere(self) -> None:
        async with open_house(**LOCKS) as house:
            twilio, sid = TwilioSide(house.twilio_address), new_sid()
            told = await twilio.announces(sid)
            async with twilio.stream(sid, told.parameters) as caller:
                await caller.keeps_silent(100)
                answer = await twilio.post("/twiml", twilio.call(sid))
            assert [verb for verb, _ in says(answer)] == ["Say", "Hangup"]

    async def test_without_locks_it_needs_no_token(self) -> None:
        async with open_house() as house, house.game() as game, house.phone() as caller:
            await caller.joins(game)

    async def test_without_locks_the_webhook_leads_to_where_it_was_asked(self) -> None:
        async with open_house() as house, house.game() as game:
            sid = new_sid()
            answer = await fetch(house.twilio_address, "POST", "/twiml", [FORM], f"CallSid={sid}".encode())
            told = connect_in(answer)
            assert told.stream_url == house.twilio_url
            async with house.phone(call_sid=sid, parameters=told.parameters) as caller:
                await caller.joins(game)


class TestForgedWebhooks:
    @pytest.mark.parametrize("path", ["/twiml", "/twiml/after", "/twilio/status", "/twilio/amd"])
    @pytest.mark.parametrize("kind", ["unsigned", "other token", "other host", "other path", "other form", "no form"])
    async def test_are_refused(self, path: str, kind: str) -> None:
        fields = {"CallSid": "CA1", "From": CALLER}
        url = {"other host": f"https://other.example{path}", "other path": f"{PUBLIC_URL}/elsewhere"}
        headers, body = signed_form(
            url.get(kind, PUBLIC_URL + path), fields, "stolen" if kind == "other token" else TOKEN
        )
        headers = headers[:1] if kind == "unsigned" else headers
        body = {"other form": b"CallSid=CA2&From=%2B12025550147", "no form": b""}.get(kind, body)
        async with open_house(**LOCKS) as house:
            answer = await fetch(house.twilio_address, "POST", path, headers, body)
            assert answer.status == 403
            assert "X-Twilio-Signature is missing or wrong" in answer.text
            assert "<" not in answer.text
            assert house.fields("refused")["why"] == "not signed by Twilio"
            assert len(house.phonegame.call_traces.tokens) == 0

    async def test_a_signed_one_without_a_call_is_refused(self) -> None:
        async with open_house(**LOCKS) as house:
            answer = await TwilioSide(house.twilio_address).post("/twiml", {"From": CALLER})
            assert answer.status == 400

    async def test_a_get_is_answered_with_what_to_set(self) -> None:
        async with open_house(**LOCKS) as house:
            answer = await fetch(house.address, "GET", "/twiml")
            assert (answer.status, answer.text) == (405, "This address takes POST only.\n")


class TestForgedStreams:
    async def test_an_unsigned_handshake_is_refused_before_the_101(self) -> None:
        async with open_house(**LOCKS) as house:
            twilio, sid = TwilioSide(house.twilio_address), new_sid()
            told = await twilio.announces(sid)
            with pytest.raises(DialError, match="403"):
                async with twilio.stream(sid, told.parameters, signed=False):
                    pass
            async with connect(house.twilio_address) as socket:
                answer = await socket.upgrade("/twilio")
                assert isinstance(answer, RejectConnection)
                assert answer.status_code == 403
            assert "call started" not in house.events
            assert house.errors == []

    @pytest.mark.parametrize("kind", ["no token", "made up", "another call's", "used"])
    async def test_a_stream_without_its_token_is_no_call(self, kind: str) -> None:
        async with open_house(**LOCKS) as house:
            twilio, sid = TwilioSide(house.twilio_address), new_sid()
            token = {
                "no token": "",
                "made up": "x" * 32,
                "another call's": (await twilio.announces(new_sid())).parameters["token"],
                "used": (await twilio.announces(sid)).parameters["token"],
            }[kind]
            if kind == "used":
                async with twilio.stream(sid, {"token": token}) as caller:
                    await caller.keeps_silent(100)
                await house.phonegame.calls.wait_until_empty()
            house.logged.clear()
            async with twilio.stream(sid, {"from": CALLER, "token": token}) as caller:
                await caller.is_hung_up_on(REFUSED)
            assert "call started" not in house.events

    async def test_nothing_is_heard_before_a_token_has_come(self) -> None:
        """Keys that are sent in front of `start` patch nobody into a game."""
        async with open_house(codes="7-7", **LOCKS) as house, connect_game(house.game_url, GAME_KEY) as client:
            await client.receive()
            assert await client.receive() == Code("7")
            twilio = TwilioSide(house.twilio_address)
            async with twilio.stream(new_sid(), {}) as caller:
                with trio.move_on_after(1):
                    await caller.phone.send_raw('{"event":"dtmf","dtmf":{"digit":"7"}}')
                    await caller.phone.wait_ended()
            await house.phonegame.calls.wait_until_empty()
            assert "code" not in " ".join(house.events)
            assert house.phonegame.switchboard.active == {"7"}


async def upgrade(house: House, target: str, *headers: tuple[str, str]) -> AcceptConnection | RejectConnection:
    async with connect(house.address) as socket:
        return await socket.upgrade(target, headers=headers)


class TestGames:
    async def test_a_game_without_a_key_is_told_what_to_do(self) -> None:
        async with open_house(**LOCKS) as house:
            answer = await fetch(
                house.address,
                "GET",
                "/game",
                [
                    ("Upgrade", "websocket"),
                    ("Connection", "Upgrade"),
                    ("Sec-WebSocket-Version", "13"),
                    ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="),
                ],
            )
            assert answer.status == 401
            assert answer.header("www-authenticate") == ['Bearer realm="games"']
            assert "Authorization: Bearer KEY" in answer.text
            with pytest.raises(GameUnreachableError, match="pass it with --key"):
                async with connect_game(house.game_url, "wrong"):
                    pass
            assert house.errors == []

    @pytest.mark.parametrize(
        ("target", "headers", "status"),
        [
            (f"/game?key={GAME_KEY}", [], 101),
            ("/game", [bearer(GAME_KEY)], 101),
            ("/game", [], 401),
            ("/game?key=wrong", [], 401),
            ("/game", [bearer(OPERATOR_KEY)], 401),
            (f"/game?key={GAME_KEY}", [("Origin", "https://evil.example")], 403),
            (f"/game?key={GAME_KEY}", [("Origin", PUBLIC_URL)], 101),
        ],
    )
    async def test_come_in_by_key_and_origin(self, target: str, headers: list[tuple[str, str]], status: int) -> None:
        async with open_house(**LOCKS) as house:
            answer = await upgrade(house, target, *headers)
            assert (101 if isinstance(answer, AcceptConnection) else answer.status_code) == status


class TestOutside:
    @pytest.mark.parametrize("target", ["/", "/healthz", "/twiml", "/game", "/twilio", "/nowhere"])
    async def test_nobody_comes_in_by_a_tunnel_while_a_lock_is_missing(self, target: str) -> None:
        async with open_house() as house:
            answer = await fetch(house.address, "GET", target, host="abc.tunnel.example")
            assert answer.status == 403
            assert "TWILIO_AUTH_TOKEN, PHONEGAME_GAME_KEYS, PHONEGAME_OPERATOR_KEY" in answer.text
            assert isinstance(await upgrade(house, "/game", ("X-Forwarded-For", "203.0.113.9")), RejectConnection)

    async def test_insecure_lets_them_in_and_says_so(self, capsys: pytest.CaptureFixture[str]) -> None:
        async with open_house(insecure=True) as house:
            assert (await fetch(house.address, "GET", "/healthz", host="abc.tunnel.example")).status == 200
        assert "INSECURE: whoever reaches this server may call and play at your cost" in capsys.readouterr().err


class TestOperator:
    @pytest.mark.parametrize("target", ["/", "/call", "/metrics", "/nowhere", "/favicon.ico"])
    async def test_every_page_that_is_not_listed_asks_for_the_key(self, target: str) -> None:
        async with open_house(**LOCKS) as house:
            for headers in ([], [bearer("wrong")], [bearer(GAME_KEY)], [basic("me", "wrong")]):
                answer = await fetch(house.address, "GET", target, headers)
                assert answer.status == 401
                assert any(value.startswith("Basic") for value in answer.header("www-authenticate"))

    @pytest.mark.parametrize("header", [bearer(OPERATOR_KEY), basic("me", OPERATOR_KEY)])
    async def test_sees_the_page_with_it(self, header: tuple[str, str]) -> None:
        async with open_house(**LOCKS) as house:
            answer = await fetch(house.address, "GET", "/", [header])
            assert answer.status == 200
            assert NUMBER in answer.text
            assert "default-src 'none'" in answer.header("content-security-policy")[0]
            assert answer.header("cache-control") == ["no-store"]

    @pytest.mark.parametrize("path", ["/healthz", "/readyz", "/asyncapi.json"])
    async def test_is_not_needed_for_machines(self, path: str) -> None:
        async with open_house(**LOCKS) as house:
            assert (await fetch(house.address, "GET", path)).status == 200

    async def test_a_closing_server_is_not_ready(self) -> None:
        async with open_house() as house:
            house.phonegame.end_nowait()
            assert (await fetch(house.address, "GET", "/readyz")).status == 503
            assert (await fetch(house.address, "GET", "/healthz")).status == 200
