"""The REST API's addresses: who may ask, what is asked for, and the answer.

Source: Twilio's documentation, "REST API: making requests", the Call and the IncomingPhoneNumber resources.
"""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest
from typing import TYPE_CHECKING

import trio

from phonegame.local.http_server import HttpAnswer, HttpRequest
from phonegame.local.twilio_api import api_errors
from phonegame.local.twilio_api.api_errors import ApiError
from phonegame.local.twilio_api.call import API_VERSION, Call
from phonegame.local.twilio_api.numbers import list_as_json
from phonegame.local.twilio_api.rest_calls import call_as_json, parse_order, parse_update

if TYPE_CHECKING:
    from phonegame.local.twilio_api.carrier import LocalCarrier


class RestApi:
    def __init__(self, carrier: LocalCarrier) -> None:
        self._carrier = carrier
        self._account_sid = carrier.config.account_sid

    async def answer(self, request: HttpRequest) -> HttpAnswer:
        await trio.lowlevel.checkpoint()
        try:
            self._authenticate(request)
            return await self._route(request)
        except ApiError as error:
            return error.answer

    def _authenticate(self, request: HttpRequest) -> None:
        config = self._carrier.config
        known = {config.account_sid: config.auth_token, **config.api_keys}
        user, password = request.credentials or ("", "")
        if not compare_digest(known.get(user, "").encode(), password.encode()) or not password:
            raise api_errors.NOT_AUTHENTICATED

    async def _route(self, request: HttpRequest) -> HttpAnswer:
        """`/2010-04-01/Accounts/AC....json`, or with a resource behind it, or with one of those by its SID."""
        match request.path.removesuffix(".json").split("/"):
            case ["", version, "Accounts", account, *rest] if version == API_VERSION and account == self._account_sid:
                pass
            case _:
                raise api_errors.not_found(request.path)
        match rest:
            case []:
                return self._by_method(request, get=self._account)
            case ["Calls"]:
                if request.method == "POST":
                    return await self._create_call(request)
                return self._by_method(request, get=self._list_calls)
            case ["Calls", sid]:
                call = self._carrier.calls_by_sid.get(sid)
                if call is None:
                    raise api_errors.not_found(request.path)
                return self._by_method(
                    request,
                    get=lambda _: HttpAnswer(200, call_as_json(call)),
                    post=lambda request: self._update_call(call, request),
                )
            case ["IncomingPhoneNumbers"]:
                return self._by_method(request, get=self._list_numbers)
            case ["IncomingPhoneNumbers", sid]:
                return self._by_method(
                    request,
                    get=lambda request: self._number(sid, request),
                    post=lambda request: self._number(sid, request),
                )
            case _:
                raise api_errors.not_found(request.path)

    def _by_method(
        self,
        request: HttpRequest,
        *,
        get: Callable[[HttpRequest], HttpAnswer],
        post: Callable[[HttpRequest], HttpAnswer] | None = None,
    ) -> HttpAnswer:
        handler = {"GET": get, "POST": post}.get(request.method)
        if handler is None:
            raise api_errors.NO_SUCH_METHOD
        return handler(request)

    def _account(self, _: HttpRequest) -> HttpAnswer:
        content = {"sid": self._account_sid, "friendly_name": "local", "status": "active", "type": "Full"}
        return HttpAnswer(200, content)

    # --- calls ---

    async def _create_call(self, request: HttpRequest) -> HttpAnswer:
        order = parse_order(request.form)
        if not any(number.phone_number == order.from_ for number in self._carrier.numbers):
            raise ApiError(400, 21210, f"The source phone number provided, {order.from_}, is not yet verified.")
        call = self._carrier.place_nowait(order)
        queued = call_as_json(call)
        await self._carrier.wait_before_created(call)
        return HttpAnswer(201, queued)

    def _update_call(self, call: Call, request: HttpRequest) -> HttpAnswer:
        update = parse_update(request.form)
        if call.is_over:
            raise api_errors.NOT_IN_PROGRESS
        if update == "canceled" and call.status == "in-progress":
            raise api_errors.NOT_TO_BE_CANCELED
        if update == "completed" or update == "canceled":
            call.hang_up_nowait()
        elif not call.redirect_nowait(update):
            raise api_errors.NOT_IN_PROGRESS
        return HttpAnswer(200, call_as_json(call))

    def _list_calls(self, _: HttpRequest) -> HttpAnswer:
        """The newest 50 on one page, without the filters."""
        calls = [call_as_json(call) for call in reversed(self._carrier.calls[-50:])]
        return HttpAnswer(200, {"calls": calls, "page": 0, "page_size": 50, "next_page_uri": None})

    # --- numbers ---

    def _list_numbers(self, request: HttpRequest) -> HttpAnswer:
        return HttpAnswer(200, list_as_json(self._carrier.numbers, self._account_sid, request.form))

    def _number(self, sid: str, request: HttpRequest) -> HttpAnswer:
        for number in self._carrier.numbers:
            if number.sid == sid:
                if request.method == "POST":
                    number.update(request.form)
                return HttpAnswer(200, number.as_json(self._account_sid))
        raise api_errors.not_found(request.path)
