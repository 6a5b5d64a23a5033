from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
from quart.typing import TestClientProtocol as ClientProtocol
from quart_trio import QuartTrio

from phonegame.board import Board
from phonegame.carrier import CarrierError, CarrierUnclear
from phonegame.dialling import DialRefused, Rule
from phonegame.web.faults import tell_faults
from phonegame.web.operator import Situation, operator_pages

SID = "CA" + "0" * 32
JSON = {"Content-Type": "application/json"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


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
    assert "<form" not in text
    assert "<p>Set TWILIO_ACCOUNT_SID.</p>" in text
