"""The operator's page, and `POST /call`. Whose they are is decided in doors.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

import msgspec
from quart import Blueprint, Response, jsonify, render_template, request

from phonegame.carrier import CarrierError, CarrierUnclear
from phonegame.dialling import DialRefused
from phonegame.dialling.rules import EXAMPLE

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MAX_GREETING = 500
"""Characters, half a minute of speech. Only then the media stream opens, which is waited for (`STREAM_SECONDS`)."""


class Order(msgspec.Struct, frozen=True):
    """A call to be placed. `code`: of the game that it is patched into; without one the callee names it."""

    to: Annotated[str, msgspec.Meta(extra_json_schema={"pattern": r"[^\s]", "examples": [EXAMPLE]})]
    code: str | None = None
    greeting: Annotated[str | None, msgspec.Meta(extra_json_schema={"maxLength": MAX_GREETING})] = None


EMPTY = Order(to="")

Dial = Callable[[str, str | None, str], Awaitable[str]]
"""`Dialler.dial`."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What the page shows."""

    number: str
    games: int
    calls: int
    why_no_calls: str
    """What keeps calls from being placed; "" where nothing does."""


class BadOrder(Exception):
    """The request names no call that could be placed."""


def operator_pages(situation: Callable[[], Situation], dial: Dial) -> Blueprint:
    pages = Blueprint("operator", __name__, template_folder="templates")

    async def page(status: int = 200, order: Order = EMPTY, *, notice: str = "", fault: str = "") -> Response:
        """`order`: what the form holds, so that it can be corrected."""
        text = await render_template(
            "operator.html",
            situation=situation(),
            order=order,
            notice=notice,
            fault=fault,
            example=EXAMPLE,
            max_greeting=MAX_GREETING,
        )
        return Response(text, status, content_type="text/html; charset=utf-8")

    @pages.get("/")
    async def home() -> Response:
        return await page()

    @pages.post("/call")
    async def place_call() -> Response:
        """JSON or a form; a browser's form is answered with the page."""
        status, answer = await _placed(dial)
        if request.mimetype == FORM and request.accept_mimetypes.best == "text/html":
            if "callSid" in answer:
                return await page(status, notice=f"Calling. {answer['callSid']}")
            return await page(status, _in_form(await request.form), fault=answer["error"])
        response = jsonify(answer)
        response.status_code = status
        return response

    return pages


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
    if request.mimetype == JSON:
        body = await request.get_data()
        try:
            order = msgspec.json.decode(body, type=Order)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            reason = str(error) if isinstance(error, msgspec.DecodeError) else "not JSON"
            raise BadOrder(f"The call cannot be read: {reason}") from None
    elif request.mimetype == FORM:
        order = _in_form(await request.form)
    else:
        raise BadOrder(f"Send the call as {JSON} or as {FORM}.")
    if not order.to.strip():
        raise BadOrder(f"`to` is missing: the number to call, such as {EXAMPLE}.")
    if (length := len(order.greeting or "")) > MAX_GREETING:
        raise BadOrder(f"`greeting` has {length} characters; at most {MAX_GREETING} can be said.")
    return order
