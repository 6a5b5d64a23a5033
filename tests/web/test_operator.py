from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
from quart.typing import TestClientProtocol as ClientProtocol
from quart_trio import QuartTrio

from phonegame.board import Board
from phonegame.board.shown import GameShown
from phonegame.carrier import CarrierError, CarrierUnclear
from phonegame.dialling import DialRefused, Rule
from phonegame.ended import Ended
from phonegame.web.faults import tell_faults
from phonegame.web.operator import Situation, operator_pages
from tests.browser.crowd import fake_call

SID = "CA" + "0" * 32
JSON = {"Content-Type": "application/json"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
CHROME = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
    "application/signed-exchange;v=b3;q=0.7"
}


@dataclass
class Dialler:
    fault: Exception | None = None
    orders: list[tuple[str, str | None, str]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    async def dial(self, to: str, code: str | None, greeting: str) -> str:
        self.orders.append((to, code, greeting))
        if self.fault is not None:
            raise self.fault
        return SID

    def hang_up(self, call_id: str) -> bool:
        self.ended.append(call_id)
        return call_id == "c1"


def client(dialler: Dialler, *, why_no_calls: str = "", character: str = "") -> ClientProtocol:
    app = QuartTrio("test")
    situation = Situation("+15550100", why_no_calls, character)
    board = Board(list, past_calls=10, lines=10)
    app.register_blueprint(operator_pages(lambda: situation, board, dialler.dial, dialler.hang_up))
    tell_faults(app)
    return app.test_client()


class Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str | None, str | None] = {}
        self.form: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        fields = dict(attrs)
        if tag == "form":
            self.form = fields.get("id")
        if tag == "input" and "name" in fields and self.form == "dial-form":
            self.values[fields["name"]] = fields["value"]


class TestCall:
    async def test_is_placed_by_json(self) -> None:
        dialler = Dialler()
        order = {"to": "+12025550147", "code": "42", "greeting": "Hello.", "more": 1}
        answer = await client(dialler).post("/call", json=order)
        assert (answer.status_code, await answer.get_json()) == (200, {"callSid": SID})
        assert dialler.orders == [("+12025550147", "42", "Hello.")]

    async def test_may_leave_out_all_but_the_number(self) -> None:
        dialler = Dialler()
        answer = await client(dialler).post("/call", json={"to": "+12025550147", "code": None, "greeting": None})
        assert answer.status_code == 200
        assert dialler.orders == [("+12025550147", None, "")]

    async def test_is_placed_by_a_form(self) -> None:
        dialler = Dialler()
        answer = await client(dialler).post("/call", form={"to": "+12025550147"})
        assert (answer.status_code, await answer.get_json()) == (200, {"callSid": SID})
        assert dialler.orders == [("+12025550147", None, "")]

    async def test_is_placed_by_the_page_whose_fields_it_has(self) -> None:
        dialler = Dialler()
        browser = client(dialler)
        page = Fields()
        page.feed(await (await browser.get("/", headers=BROWSER)).get_data(as_text=True))
        assert page.values == {"to": "", "code": "", "greeting": ""}
        answer = await browser.post("/call", form={"to": "+1202", "code": "", "greeting": ""}, headers=BROWSER)
        assert answer.content_type == "text/html; charset=utf-8"
        assert SID in await answer.get_data(as_text=True)

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
    async def test_is_not_placed_by_a_link(self, method: str) -> None:
        dialler = Dialler()
        answer = await client(dialler).open("/call?to=%2B12025550147", method=method, json=None)
        assert answer.status_code == 405
        assert dialler.orders == []

    @pytest.mark.parametrize(
        ("headers", "body", "told"),
        [
            (JSON, b"{", "The call cannot be read: "),
            (JSON, b"[]", "Expected `object`"),
            (JSON, b'{"code": "1"}', "`to`"),
            (JSON, b'{"to": 1}', "Expected `str`, got `int`"),
            (JSON, b'{"to": " "}', "`to` is missing"),
            (JSON, b"\xff", "The call cannot be read: "),
            (JSON, b"[" * 5000, "The call cannot be read: "),
            ({"Content-Type": "application/x-www-form-urlencoded"}, b"code=1", "`to` is missing"),
            (JSON, b'{"to": "+1", "greeting": "' + b"x" * 501 + b'"}', "`greeting` has 501 characters; at most 500"),
            ({"Content-Type": "text/plain"}, b"to=%2B1202", "Send the call as application/json"),
            ({}, b"", "Send the call as application/json"),
        ],
    )
    async def test_that_cannot_be_read_is_told_why(self, headers: dict[str, str], body: bytes, told: str) -> None:
        dialler = Dialler()
        answer = await client(dialler).post("/call", headers=headers, data=body)
        assert answer.status_code == 400
        assert told in (await answer.get_json())["error"]
        assert dialler.orders == []

    async def test_that_a_rule_forbids_names_it(self) -> None:
        dialler = Dialler(DialRefused(Rule.ALLOW, "not with these prefixes"))
        answer = await client(dialler).post("/call", form={"to": "+1900"})
        assert answer.status_code == 403
        assert await answer.get_json() == {"error": "not with these prefixes", "rule": "dial_allow"}

    async def test_that_the_carrier_does_not_take_is_told_of(self) -> None:
        dialler = Dialler(CarrierError("the carrier refuses"))
        answer = await client(dialler).post("/call", form={"to": "+1202"})
        assert (answer.status_code, await answer.get_json()) == (502, {"error": "the carrier refuses"})

    async def test_that_may_have_been_placed_is_not_called_failed(self) -> None:
        dialler = Dialler(CarrierUnclear("the carrier has not answered"))
        answer = await client(dialler).post("/call", form={"to": "+1202"})
        assert answer.status_code == 502
        assert "may ring all the same" in (await answer.get_json())["error"]

    async def test_an_error_on_the_page_is_escaped_and_the_form_can_be_corrected(self) -> None:
        dialler = Dialler(CarrierError("<script>"))
        order = {"to": "+1202", "code": '4">', "greeting": "<b>Hello"}
        answer = await client(dialler).post("/call", form=order, headers=BROWSER)
        text = await answer.get_data(as_text=True)
        page = Fields()
        page.feed(text)
        assert page.values == order
        assert answer.status_code == 502
        assert "&lt;script&gt;" in text
        assert "<script>" not in text

    async def test_that_is_too_long_is_refused(self) -> None:
        answer = await client(Dialler()).post("/call", form={"to": "1" * 70_000})
        assert answer.status_code == 413
        assert "longer than 65536 bytes" in await answer.get_data(as_text=True)

    async def test_an_error_of_ours_shows_nothing_of_itself(self, caplog: pytest.LogCaptureFixture) -> None:
        answer = await client(Dialler(RuntimeError("planted"))).post("/call", form={"to": "+1202"})
        assert answer.status_code == 500
        assert await answer.get_data(as_text=True) == "Something has gone wrong in this server; its log tells what.\n"


async def test_a_server_that_cannot_dial_says_what_to_set() -> None:
    answer = await client(Dialler(), why_no_calls="set TWILIO_ACCOUNT_SID").get("/")
    text = await answer.get_data(as_text=True)
    assert 'action="call"' not in text
    assert "<p>Set TWILIO_ACCOUNT_SID.</p>" in text


async def test_where_a_character_answers_nobody_is_asked_for_a_code() -> None:
    page = Fields()
    text = await (await client(Dialler(), character="Luigi").get("/")).get_data(as_text=True)
    page.feed(text)
    assert page.values == {"to": "", "greeting": ""}
    assert "Who answers talks to Luigi." in text


class TestEnding:
    @pytest.mark.parametrize("body", [{"json": {"call": "c1"}}, {"form": {"call": "c1"}}], ids=["json", "form"])
    async def test_a_call_is_ended(self, body: dict[str, dict[str, str]]) -> None:
        dialler = Dialler()
        answer = await client(dialler).post("/hangup", **body)
        assert (answer.status_code, await answer.get_json()) == (200, {"call": "c1"})
        assert dialler.ended == ["c1"]

    @pytest.mark.parametrize("browser", [BROWSER, CHROME], ids=["firefox", "chrome"])
    async def test_a_browser_without_scripts_gets_the_page(self, browser: dict[str, str]) -> None:
        answer = await client(Dialler()).post("/hangup", form={"call": "c1"}, headers=browser)
        assert answer.status_code == 200
        assert "The call is being ended." in await answer.get_data(as_text=True)

    async def test_one_that_is_not_there_is_told_of(self) -> None:
        answer = await client(Dialler()).post("/hangup", json={"call": "c2"})
        assert (answer.status_code, await answer.get_json()) == (
            404,
            {"error": "There is no such call, or it has ended already."},
        )

    @pytest.mark.parametrize(
        ("headers", "body"), [(JSON, b"{}"), (JSON, b"["), (JSON, b'{"call": 1}'), ({}, b"call=c1")]
    )
    async def test_what_cannot_be_read_ends_nothing(self, headers: dict[str, str], body: bytes) -> None:
        dialler = Dialler()
        answer = await client(dialler).post("/hangup", headers=headers, data=body)
        assert answer.status_code == 400
        assert dialler.ended == []

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
    async def test_no_link_ends_one(self, method: str) -> None:
        dialler = Dialler()
        answer = await client(dialler).open("/hangup?call=c1", method=method, json=None)
        assert answer.status_code == 405
        assert dialler.ended == []


class TestWithoutScripts:
    """The page as it is sent."""

    async def page(self, query: str = "") -> str:
        app = QuartTrio("test")
        board = Board(lambda: [GameShown("42", "text", is_away=True)], past_calls=10, lines=3)
        app.register_blueprint(operator_pages(lambda: Situation("+15550100"), board, Dialler().dial, Dialler().hang_up))
        with fake_call(board, "c1", "42") as call, fake_call(board, "c2") as ended:
            call.says("<b>one pizza")
            call.answers("Very well, one large pizza.", heard_words=2)
            call.notes.press("1")
            ended.notes.end(Ended.DEEPGRAM)
            ended.notes.close()
            answer = await app.test_client().get(f"/{query}")
            return await answer.get_data(as_text=True)

    async def test_has_games_and_calls(self) -> None:
        text = await self.page()
        assert '<li><strong class="number">42</strong> <span class="badge warn">away</span></li>' in text
        assert "in game 42" in text
        assert "ended: Deepgram cannot be used" in text
        assert "trouble</span>" in text
        assert "pizza" not in text

    async def test_has_the_time_line_of_a_call(self) -> None:
        text = await self.page("?call=c1")
        assert "&lt;b&gt;one pizza" in text
        assert "Very well," in text
        assert "the caller spoke over it" in text
        assert "after 0.90 s" in text
        assert "What was before is not kept." in text
        # in the order in which it was begun
        assert text.index("one pizza") < text.index("Very well,") < text.index("by-keys")

    async def test_tells_what_to_do_about_trouble(self) -> None:
        assert "Check DEEPGRAM_API_KEY and DEEPGRAM_URL" in await self.page("?call=c2")

    async def test_knows_no_call_that_is_not_there(self) -> None:
        assert '<section id="call" class="call card" aria-labelledby="call-title" tabindex="-1" hidden>' in (
            await self.page("?call=nowhere")
        )

    @pytest.mark.parametrize(("query", "asks_again"), [("", False), ("?every=5", True), ("?every=0", False)])
    async def test_asks_for_itself_again_where_that_is_wanted(self, query: str, asks_again: bool) -> None:
        assert ('http-equiv="refresh"' in await self.page(query)) == asks_again
