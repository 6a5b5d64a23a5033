"""The operator's page, its stream, and calls that are placed and ended. Whose they are is decided in doors.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, TypeVar

import msgspec
import trio
from quart import Blueprint, Response, jsonify, render_template, request

from phonegame.board import Board
from phonegame.board.board import MAX_VIEWERS
from phonegame.carrier import CarrierError, CarrierUnclear
from phonegame.dialling import DialRefused
from phonegame.dialling.rules import EXAMPLE
from phonegame.web import live

JSON = "application/json"
HTML = "text/html"
FORM = "application/x-www-form-urlencoded"
MAX_GREETING = 500
"""Characters, half a minute of speech. Only then the media stream opens, which is waited for (`STREAM_SECONDS`)."""


class Order(msgspec.Struct, frozen=True):
    """A call to be placed. `code`: of the game that it is patched into; without one the callee names it."""

    to: Annotated[str, msgspec.Meta(extra_json_schema={"pattern": r"[^\s]", "examples": [EXAMPLE]})]
    code: str | None = None
    greeting: Annotated[str | None, msgspec.Meta(extra_json_schema={"maxLength": MAX_GREETING})] = None


EMPTY = Order(to="")
EVERY = ("5", "30")
"""Seconds, after which a page without scripts may ask for itself again."""

Dial = Callable[[str, str | None, str], Awaitable[str]]
"""`Dialler.dial`."""


HangUp = Callable[[str], bool]
"""Ends the call with this id; False: there is none, or it has ended."""


class Ending(msgspec.Struct, frozen=True):
    """A call to be ended, by its id on the page."""

    call: Annotated[str, msgspec.Meta(extra_json_schema={"examples": ["0123456789abcdef"]})]


@dataclass(frozen=True, slots=True)
class Situation:
    """What does not change while the server runs."""

    number: str
    why_no_calls: str = ""
    """What keeps calls from being placed; "" where nothing does."""
    character: str = ""
    """Who talks to callers in the place of games; "": nobody does."""
    keeps_transcripts: bool = True


class BadOrder(Exception):
    """The request names no call that could be placed, or ended."""


def operator_pages(situation: Callable[[], Situation], board: Board, dial: Dial, hang_up: HangUp) -> Blueprint:
    pages = Blueprint("operator", __name__, template_folder="templates")
    pages.add_app_template_filter(_duration, "duration")

    async def page(status: int = 200, order: Order = EMPTY, *, notice: str = "", fault: str = "") -> Response:
        """`order`: what the form holds, so that it can be corrected."""
        chosen = board.find(request.args.get("call", ""))
        text = await render_template(
            "operator.html",
            situation=situation(),
            games=board.games(),
            calls=board.calls,
            chosen=chosen.shown if chosen is not None else None,
            lines=[each for each in chosen.lines if each.text or each.unheard] if chosen is not None else [],
            now=trio.current_time(),
            every=request.args.get("every") if request.args.get("every") in EVERY else None,
            order=order,
            notice=notice,
            fault=fault,
            example=EXAMPLE,
            max_greeting=MAX_GREETING,
        )
        return Response(text, status, content_type="text/html; charset=utf-8")

    async def answer(status: int, told: dict[str, str], order: Order = EMPTY, *, notice: str) -> Response:
        """JSON, or where a browser has sent a form, the page."""
        # not `best`: for Chrome that is a kind with a parameter, a signed exchange
        if request.mimetype == FORM and request.accept_mimetypes.best_match([JSON, HTML]) == HTML:
            fault = told.get("error", "")
            return await page(status, order if fault else EMPTY, notice="" if fault else notice, fault=fault)
        response = jsonify(told)
        response.status_code = status
        return response

    @pages.get("/")
    async def home() -> Response:
        return await page()

    @pages.get("/events")
    async def events() -> Response:
        """What changes on the page, as it changes. `call`: whose time line is told as well."""
        if not board.has_room:
            text = f"{MAX_VIEWERS} pages are looking at this server already: close one of them.\n"
            return Response(text, 503, {"Retry-After": "10"}, content_type="text/plain; charset=utf-8")
        if request.method == "HEAD":
            return Response(content_type=live.CONTENT_TYPE)
        return live.stream(board, request.args.get("call"))

    @pages.post("/call")
    async def place_call() -> Response:
        status, told = await _placed(dial)
        order = _in_form(await request.form) if request.mimetype == FORM else EMPTY
        return await answer(status, told, order, notice=f"Calling. {told.get('callSid')}")

    @pages.post("/hangup")
    async def end_call() -> Response:
        status, told = await _ended(hang_up)
        return await answer(status, told, notice="The call is being ended.")

    return pages


def _duration(seconds: float, digits: int = 0) -> str:
    """`digits`: of the fraction."""
    scale = 10**digits
    whole, part = divmod(max(int(seconds * scale), 0), scale)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
    return f"{text}.{part}" if digits else text


async def _ended(hang_up: HangUp) -> tuple[int, dict[str, str]]:
    try:
        call_id = (await _read(Ending, lambda form: Ending(form.get("call", "")))).call
    except BadOrder as fault:
        return 400, {"error": str(fault)}
    if not hang_up(call_id):
        return 404, {"error": "There is no such call, or it has ended already."}
    return 200, {"call": call_id}


async def _placed(dial: Dial) -> tuple[int, dict[str, str]]:
    try:
        order = await _order()
        return 200, {"callSid": await dial(order.to, (order.code or "").strip() or None, order.greeting or "")}
    except BadOrder as fault:
        return 400, {"error": str(fault)}
    except DialRefused as refusal:
        return refusal.rule.http_status, {"error": str(refusal), "rule": refusal.rule.label}
    except CarrierUnclear as fault:
        return 502, {"error": f"{fault}; a phone may ring all the same, so look before you call again"}
    except CarrierError as fault:
        return 502, {"error": str(fault)}


def _in_form(form: Mapping[str, str]) -> Order:
    return Order(form.get("to", ""), form.get("code", ""), form.get("greeting", ""))


async def _order() -> Order:
    order = await _read(Order, _in_form)
    if not order.to.strip():
        raise BadOrder(f"`to` is missing: the number to call, such as {EXAMPLE}.")
    if (length := len(order.greeting or "")) > MAX_GREETING:
        raise BadOrder(f"`greeting` has {length} characters; at most {MAX_GREETING} can be said.")
    return order


T = TypeVar("T")


async def _read(kind: type[T], in_form: Callable[[Mapping[str, str]], T]) -> T:
    """The request's body, as JSON or as a form. Raises `BadOrder`."""
    if request.mimetype == FORM:
        return in_form(await request.form)
    if request.mimetype != JSON:
        raise BadOrder(f"Send the call as {JSON} or as {FORM}.")
    body = await request.get_data()
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        reason = str(error) if isinstance(error, msgspec.DecodeError) else "not JSON"
        raise BadOrder(f"The call cannot be read: {reason}") from None
