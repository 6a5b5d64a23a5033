"""The carrier's side of the browser phone: one websocket a page."""

from __future__ import annotations

import http.client
from typing import Any

import pytest

from phonegame.local.speech.marker import encode_speech
from phonegame.local.twilio_api import NUMBER, Busy, Timing
from phonegame.local.twilio_api.browser_phone import line as lines
from phonegame.local.twilio_api.browser_phone import service
from phonegame.speak.voice import SpeakError
from tests.local.twilio_api.browser_page import Page, line, page, refused
from tests.local.twilio_api.world import CALLEE, HANG_UP, STREAM, World, speak_markers, words_in, world

PAGES = {"/twiml": STREAM, "/after": HANG_UP}
SLOW_RING = Timing(ring_seconds=1, between_calls=0)


async def connected(here: World, page: Page) -> None:
    await page.does("call", number=NUMBER)
    await page.gets("connected")
    await here.customer.started.wait()


def heard_at_the_server(here: World) -> list[str]:
    return words_in(bytes(here.customer.audio))


def keyed_at_the_server(here: World) -> list[str]:
    return [message["dtmf"]["digit"] for message in here.customer.heard if message["event"] == "dtmf"]


# --- a page has a number ---


async def test_each_page_has_a_number_of_its_own_and_learns_the_games() -> None:
    async with world() as here, page(here.carrier) as one, page(here.carrier) as other:
        assert one.number != other.number
        assert one.told[0]["account"] == here.carrier.number
        assert {one.number, other.number} <= here.carrier.phones.keys()


async def test_a_page_gets_the_number_that_it_had_before_where_nobody_else_has_it() -> None:
    async with world() as here:
        wanted = service.NUMBERS[7]
        async with page(here.carrier, number=wanted) as one:
            assert one.number == wanted
            async with page(here.carrier, number=wanted) as other:
                assert other.number != wanted
        async with page(here.carrier, number="+4930123456") as stranger:
            assert stranger.number in service.NUMBERS


async def test_numbers_of_scripted_phones_stay_theirs() -> None:
    async with world({service.NUMBERS[0]: Busy()}) as here, page(here.carrier) as one:
        assert one.number == service.NUMBERS[1]


async def test_there_are_so_many_numbers_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "NUMBERS", service.NUMBERS[:1])
    async with world() as here, page(here.carrier):
        async with line(here.carrier) as other:
            closed = await other.closed()
        assert (closed.code, closed.reason) == (1013, "1 phones are open: close one.")


# --- a call that the page places ---


async def test_a_call_goes_through_the_webhook_and_the_stream_and_ends() -> None:
    async with world(pages=PAGES) as here, page(here.carrier) as phone:
        await connected(here, phone)
        assert [told["type"] for told in phone.told] == ["hello", "ringing", "connected"]
        [form] = here.customer.forms_of("/twiml")
        assert (form["From"], form["To"], form["CallStatus"]) == (phone.number, NUMBER, "ringing")
        await phone.does("hang_up")
        assert await phone.gets("ended") == {"type": "ended", "status": "completed", "by": "phone"}
        await here.customer.stopped.wait()
        assert not here.customer.forged


async def test_sound_goes_in_both_directions() -> None:
    async with world(pages=PAGES) as here, page(here.carrier) as phone:
        await connected(here, phone)
        here.customer.say = encode_speech("how do you do")
        here.customer.speak.set()
        await phone.hears("how", "do", "you", "do")
        speech = encode_speech("fine thanks", word_ms=80)
        for place in range(0, len(speech), 160):
            await phone.socket.send_message(speech[place : place + 160])
        await phone.reads_until(lambda: heard_at_the_server(here) == ["fine", "thanks"])


async def test_a_pause_of_the_page_is_silence_and_too_much_sound_is_not_saved_up() -> None:
    async with world(pages=PAGES) as here, page(here.carrier) as phone:
        await connected(here, phone)
        for _ in range(5):
            await phone.socket.send_message(b"\x03" * 4000)
        await phone.does("say", text="still here")
        await phone.gets("said")
        await phone.does("hang_up")
        await here.customer.stopped.wait()
        assert here.customer.audio.count(b"\x03") < 5 * 4000
        assert heard_at_the_server(here)[-2:] == ["still", "here"]


async def test_what_is_typed_is_said_and_keys_go_out_meanwhile() -> None:
    async with world(pages=PAGES) as here, page(here.carrier) as phone:
        await connected(here, phone)
        await phone.does("say", text="forty two")
        await phone.does("key", digit="4")
        await phone.does("key", digit="#")
        assert (await phone.gets("saying"))["text"] == "forty two"
        assert (await phone.gets("said"))["text"] == "forty two"
        await phone.reads_until(lambda: heard_at_the_server(here) == ["forty", "two"])
        await phone.reads_until(lambda: keyed_at_the_server(here) == ["4", "#"])


async def test_a_clear_reaches_the_page() -> None:
    async with world(pages=PAGES) as here, page(here.carrier) as phone:
        await connected(here, phone)
        here.customer.say = encode_speech("this is much too long")
        here.customer.clear_at_once = True
        here.customer.speak.set()
        await phone.gets("clear")
        assert words_in(bytes(phone.heard)) == []


async def test_what_the_carrier_says_itself_is_heard_and_captioned() -> None:
    pages = {"/twiml": "<Response><Say>we are closed</Say></Response>"}
    async with world(pages=pages, timing=SLOW_RING) as here, page(here.carrier) as phone:
        await phone.does("call", number=NUMBER)
        await phone.hears("we", "are", "closed")
        assert {"type": "told", "text": "we are closed"} in phone.told
        assert (await phone.gets("ended"))["by"] == "carrier"


async def test_a_server_that_is_not_there_is_told_in_words() -> None:
    async with world() as here, page(here.carrier) as phone:
        here.carrier.numbers[0].voice_url = "http://127.0.0.1:9/twiml"
        await phone.does("call", number=NUMBER)
        assert "phonegame serve" in (await phone.gets("notice"))["text"]
        await phone.gets("ended")


@pytest.mark.parametrize("number", [CALLEE, "", "forty two", "+1 (201) 555-0199"])
async def test_a_number_that_nobody_has_is_told_of(number: str) -> None:
    async with world() as here, page(here.carrier) as phone:
        await phone.does("call", number=number)
        assert NUMBER in (await phone.gets("notice"))["text"]
        assert (await phone.gets("ended"))["status"] == "failed"
        assert here.carrier.calls == []


async def test_the_number_may_be_written_for_people() -> None:
    async with world(pages=PAGES) as here, page(here.carrier) as phone:
        await phone.does("call", number="+1 (201) 555-0100")
        await phone.gets("connected")


async def test_a_voice_that_fails_is_told_of_and_the_call_goes_on() -> None:
    async def speak(text: str) -> bytes:
        if text == "mumble":
            raise SpeakError("there is no voice")
        return await speak_markers(text)

    async with world(pages=PAGES, synthesise=speak) as here, page(here.carrier) as phone:
        await connected(here, phone)
        await phone.does("say", text="mumble")
        assert "there is no voice" in (await phone.gets("notice"))["text"]
        await phone.does("say", text="hello")
        await phone.gets("said")


async def test_more_than_can_be_said_is_told_of() -> None:
    async with world(pages=PAGES) as here, page(here.carrier) as phone:
        await connected(here, phone)
        for _ in range(12):
            await phone.does("say", text="wait " * 20)
        assert "Wait" in (await phone.gets("notice"))["text"]


# --- a call that comes in ---


async def test_the_page_rings_and_answers() -> None:
    async with world(pages=PAGES) as here, page(here.carrier) as phone:
        await here.dial_reported(phone.number)
        assert (await phone.gets("incoming"))["caller"] == here.carrier.number
        await phone.does("answer")
        await phone.gets("connected")
        await here.customer.started.wait()
        await phone.does("hang_up")
        assert (await phone.gets("ended"))["status"] == "completed"
        await here.carrier.calls[0].closed.wait()
        assert here.reported == ["initiated", "ringing", "in-progress", "completed"]


@pytest.mark.parametrize("decline", ["decline", "hang_up"])
async def test_a_call_that_is_declined_is_busy(decline: str) -> None:
    async with world(pages=PAGES) as here, page(here.carrier) as phone:
        await here.dial_reported(phone.number)
        await phone.gets("incoming")
        await phone.does(decline)
        assert (await phone.gets("ended"))["status"] == "busy"
        await here.carrier.calls[0].closed.wait()
        assert here.reported[-1] == "busy"
        assert here.customer.forms_of("/status")[-1]["SipResponseCode"] == "603"


async def test_a_call_that_nobody_answers_ends_when_the_caller_has_waited_long_enough() -> None:
    async with world(pages=PAGES) as here, page(here.carrier) as phone:
        await here.dial_reported(phone.number, timeout=5)
        await phone.gets("incoming")
        assert (await phone.gets("ended"))["status"] == "no-answer"
        await here.carrier.calls[0].closed.wait()
        assert here.reported[-1] == "no-answer"


async def test_a_caller_who_gives_up_stops_the_bell() -> None:
    async with world(pages=PAGES, timing=SLOW_RING) as here, page(here.carrier) as phone:
        await here.dial(phone.number)
        await phone.gets("incoming")
        here.carrier.calls[0].hang_up_nowait()
        assert (await phone.gets("ended"))["status"] == "canceled"
        await phone.does("answer")  # crossed on its way
        await connected(here, phone)


async def test_a_phone_that_is_in_a_call_is_busy() -> None:
    async with world(pages=PAGES) as here, page(here.carrier) as phone:
        await connected(here, phone)
        await here.dial_reported(phone.number)
        assert await here.carrier.calls[1].wait_over() == "busy"
        await phone.does("say", text="not disturbed")
        await phone.gets("said")
        assert not any(told["type"] == "incoming" for told in phone.told)


async def test_a_page_that_calls_while_it_rings_goes_on_ringing() -> None:
    async with world(pages=PAGES, timing=SLOW_RING) as here, page(here.carrier) as phone:
        await here.dial(phone.number)
        await phone.gets("incoming")
        await phone.does("call", number=NUMBER)
        await phone.does("answer")
        await phone.gets("connected")
        assert len(here.carrier.calls) == 1


# --- a page that goes ---


async def test_a_page_that_goes_hangs_up() -> None:
    async with world(pages=PAGES) as here:
        async with page(here.carrier) as phone:
            await connected(here, phone)
        assert await here.carrier.calls[0].wait_over() == "completed"
        await here.customer.stopped.wait()
        await here.carrier.wait_until(lambda: True)
        assert phone.number not in here.carrier.phones


async def test_a_page_that_goes_while_it_rings_is_out_of_reach() -> None:
    async with world(pages=PAGES, timing=SLOW_RING) as here:
        async with page(here.carrier) as phone:
            await here.dial_reported(phone.number)
            await phone.gets("incoming")
        call = here.carrier.calls[0]
        assert (await call.wait_over(), call.sip_code) == ("no-answer", 480)


async def test_a_page_that_answers_no_ping_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "PING_SECONDS", 0.2)
    async with world(pages=PAGES) as here, page(here.carrier) as phone:
        await connected(here, phone)
        # nothing is read any more: sound keeps the client's reader from the pings
        assert await here.carrier.calls[0].wait_over() == "completed"


async def test_a_page_that_goes_without_a_word_leaves_nothing_behind() -> None:
    async with world(pages=PAGES) as here, page(here.carrier) as phone:
        await connected(here, phone)
        await phone.socket._stream.aclose()
        assert await here.carrier.calls[0].wait_over() == "completed"


# --- who may be a phone ---


@pytest.mark.parametrize("origin", ["", "http://evil.example", "http://127.0.0.1:1", "null"])
async def test_a_page_of_another_origin_is_no_phone(origin: str) -> None:
    async with world() as here:
        assert (await refused(here.carrier, origin=origin)).status_code == 403


def fetch(here: World, path: str, *, method: str = "GET", host: str | None = None, **headers: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", here.carrier.port, timeout=5)
    own = f"127.0.0.1:{here.carrier.port}"
    connection.request(method, path, headers={"Host": host or own, **headers})
    response = connection.getresponse()
    response.text = response.read().decode()  # type: ignore[attr-defined]
    connection.close()
    return response


async def test_a_name_that_leads_here_by_a_trick_opens_neither_page_nor_line() -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Origin": "http://evil.example",
    }
    async with world() as here:
        for path, headers in (("/phone", {}), ("/phone/line", upgrade)):
            answer = await here.ask(fetch, here, path, host="evil.example", **headers)
            assert (answer.status, "address" in answer.text) == (403, True)


async def test_the_page_and_its_files_are_served_and_nothing_else() -> None:
    async with world() as here:
        index = await here.ask(fetch, here, "/phone")
        assert (index.status, index.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        policy = index.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        script = await here.ask(fetch, here, "/phone/phone.js")
        assert (script.status, script.headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
        assert script.headers["X-Content-Type-Options"] == "nosniff"
        for path in ("/phone/nothing", "/phone/../command.py", "/phone/__init__.py"):
            assert (await here.ask(fetch, here, path)).status == 404
        assert (await here.ask(fetch, here, "/phone", method="POST")).status == 405
        assert here.carrier.requests == type(here.carrier.requests)()


# --- what no page of ours sends ---


@pytest.mark.parametrize(
    "message",
    [
        "hello",
        "{}",
        '{"type": "dance"}',
        '{"type": "key", "digit": "42"}',
        '{"type": "say"}',
        '{"type": "say", "text": "%s"}' % ("x" * 600),
    ],
)
async def test_a_message_that_makes_no_sense_ends_the_line_with_a_reason(message: str) -> None:
    async with world() as here, page(here.carrier) as phone:
        await phone.socket.send_message(message)
        closed = await phone.closed()
        assert closed.code == 1008
        assert closed.reason


async def test_a_message_that_is_too_long_ends_the_line() -> None:
    async with world() as here, page(here.carrier) as phone:
        await phone.socket.send_message(b"\xff" * 100_000)
        assert (await phone.closed()).code == 1009


async def test_what_is_done_without_a_call_is_nothing() -> None:
    async with world(pages=PAGES) as here, page(here.carrier) as phone:
        for what in ("answer", "decline", "hang_up"):
            await phone.does(what)
        await phone.does("key", digit="1")
        await phone.does("say", text="hello")
        await phone.socket.send_message(b"\xff" * 160)
        await connected(here, phone)
        assert len(here.carrier.calls) == 1
