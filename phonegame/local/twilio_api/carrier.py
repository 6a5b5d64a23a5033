"""A telephone company on one machine: Twilio's REST API, calls in both directions, and a record of it all.

carrier = await nursery.start(serve_carrier, CarrierConfig(phones={"+12015550101": Answers(rings=2)}))
... TWILIO_API_URL = carrier.url; the server places a call ...
call = await carrier.call(0)
await call.wait_status("in-progress")
await call.handset.key("42#")

async with carrier.dial_in("+12015550101") as handset:      # an incoming call, by way of the number's voice webhook
    await handset.wait_stream()
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import trio

from phonegame.local.http_server import Exchange, HttpAnswer, HttpRequest, serve_http
from phonegame.local.twilio_api import api_errors
from phonegame.local.twilio_api.answers import Answer, Answers, Behaviour, Refused
from phonegame.local.twilio_api.api_errors import ApiError
from phonegame.local.twilio_api.browser_phone.first_request import look_at, wants_websocket
from phonegame.local.twilio_api.browser_phone.pages import PAGE, is_page, send_page
from phonegame.local.twilio_api.browser_phone.service import BrowserPhones
from phonegame.local.twilio_api.bulletin import Bulletin
from phonegame.local.twilio_api.call import Alert, Call, Direction
from phonegame.local.twilio_api.config import KEPT, CarrierConfig, Delivery, Event
from phonegame.local.twilio_api.equipment import Equipment
from phonegame.local.twilio_api.fetch import Form
from phonegame.local.twilio_api.handset import Handset
from phonegame.local.twilio_api.incoming import run_incoming
from phonegame.local.twilio_api.numbers import Number
from phonegame.local.twilio_api.orders import Inline, Order
from phonegame.local.twilio_api.outgoing import run_outgoing
from phonegame.local.twilio_api.people import listen
from phonegame.local.twilio_api.rest import RestApi
from phonegame.local.twilio_api.webhooks import Webhook, Webhooks

BODY_BYTES = 64 * 1024
"""Of a request to the REST API."""
MAX_QUEUED = 1000
UNSET_NUMBER = Inline("<Response><Say>This number has no voice webhook yet. Goodbye.</Say></Response>")


@dataclass(frozen=True, slots=True)
class RestRequest:
    """`status` None: not answered, the connection was dropped or the client had gone."""

    method: str
    path: str
    form: Form
    status: int | None
    content: object


@dataclass(frozen=True, slots=True)
class ApiFault:
    """What becomes of the next request to the REST API. `answer` None: the connection is dropped.

    `acts`: what was asked for is done all the same, so that the client cannot know. `late`: after so many seconds.
    """

    answer: ApiError | None = None
    acts: bool = False
    late: float = 0.0


class LocalCarrier:
    """Made by `serve_carrier`. `phones`, `deliveries`, `numbers` and `api_faults` may be changed at any time."""

    def __init__(
        self, config: CarrierConfig, port: int = 0, announce: Callable[[Call, str], None] = lambda _call, _text: None
    ) -> None:
        self.config = config
        self.port = port
        self.numbers = [Number(number, voice_url=config.voice_url) for number in config.numbers]
        self.phones: dict[str, Answer] = dict(config.phones)
        self.deliveries: dict[Event, Delivery] = dict(config.deliveries)
        self.api_faults: deque[ApiFault] = deque()
        self.calls: list[Call] = []
        """Those that are kept, oldest first."""
        self.requests: deque[RestRequest] = deque(maxlen=KEPT)
        """To the REST API, oldest first."""
        self._bulletin = Bulletin()
        self._webhooks = Webhooks(config.auth_token, config.ssl_context, self._bulletin)
        self._equipment = Equipment(config, self._webhooks, self.deliveries)
        self._announce = announce
        self._api = RestApi(self)
        self._browser_phones = BrowserPhones(self)
        self._to_dial, self._to_be_dialled = trio.open_memory_channel[Call](MAX_QUEUED)

    # --- what there is to see ---

    @property
    def url(self) -> str:
        """For TWILIO_API_URL."""
        host = f"[{self.config.host}]" if ":" in self.config.host else self.config.host
        return f"http://{host}:{self.port}"

    @property
    def phone_url(self) -> str:
        """A telephone for the browser on this machine: elsewhere it has no microphone."""
        everywhere = self.config.host in ("0.0.0.0", "::")  # noqa: S104 - compared
        return f"{f'http://127.0.0.1:{self.port}' if everywhere else self.url}{PAGE}"

    @property
    def number(self) -> str:
        """The account's first."""
        return self.numbers[0].phone_number

    @property
    def webhooks(self) -> list[Webhook]:
        """The carrier's requests to the server, oldest first."""
        return list(self._webhooks.sent)

    @property
    def alerts(self) -> list[Alert]:
        """What Twilio's debugger would show."""
        return [alert for call in self.calls for alert in call.alerts]

    @property
    def calls_by_sid(self) -> dict[str, Call]:
        return {call.sid: call for call in self.calls}

    async def call(self, number: int) -> Call:
        """Counted from 0; waits for it to be placed, or to come in."""
        await self.wait_until(lambda: len(self.calls) > number)
        return self.calls[number]

    async def wait_until(self, reached: Callable[[], bool]) -> None:
        """`reached` is asked at once, and again after everything that happens here."""
        await self._bulletin.wait_until(reached)

    # --- calls ---

    def place_nowait(self, order: Order) -> Call:
        """Queues an outgoing call. Raises ApiError."""
        answer = self._answer(order.to)
        if isinstance(answer, Refused):
            raise ApiError(400, answer.code, api_errors.REFUSALS[answer.code].format(to=order.to))
        call = self._make_call("outbound-api", order, order.to)
        try:
            self._to_dial.send_nowait(call)
        except trio.WouldBlock:
            raise api_errors.TOO_MANY from None
        self._keep(call)
        return call

    @asynccontextmanager
    async def dial_in(self, caller: str, called: str | None = None) -> AsyncGenerator[Handset]:
        """Somebody calls one of the account's numbers: the first, if none is given. KeyError if it is none of them.

        Leaving the block hangs up. What the block raises comes out as it is, not in a group.
        """
        call = self._make_call_in(caller, called or self.number)
        failure: Exception | None = None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(run_incoming, call, listen, self._equipment)
            try:
                yield call.handset
            except Exception as error:  # noqa: BLE001 - raised below, where no nursery wraps it
                failure = error
            finally:
                call.handset.hang_up()
        if failure is not None:
            raise failure

    async def serve_caller(
        self,
        caller: str,
        called: str,
        behave: Behaviour,
        *,
        task_status: trio.TaskStatus[Call] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """As `dial_in`, for somebody who does what `behave` says; ends with the call, after having started with it."""
        call = self._make_call_in(caller, called)
        task_status.started(call)
        await run_incoming(call, behave, self._equipment)

    async def wait_before_created(self, call: Call) -> None:
        """Before a request for a call is answered: see `CarrierConfig.created_after`."""
        status = self.config.created_after
        if status == "over":
            await call.wait_over()
        elif status is not None:
            await self.wait_until(lambda: status in call.statuses or call.is_over)

    # --- tasks ---

    async def dial_queued(self) -> None:
        """One call after the other leaves the queue, as fast as the carrier allows."""
        async with trio.open_nursery() as calls:
            with self._to_be_dialled:
                async for call in self._to_be_dialled:
                    calls.start_soon(run_outgoing, call, self._answer(call.order.to), self._equipment)
                    if not call.is_over:
                        await self.config.timing.sleep(self.config.timing.between_calls)

    async def serve_stream(self, stream: trio.abc.Stream) -> None:
        """One client of the REST API, or one browser phone; closes `stream`."""
        async with stream:
            whole, headers = await look_at(stream)
            if wants_websocket(headers):
                await self._browser_phones.serve_websocket(whole, headers)
            else:
                await serve_http(whole, self._serve, body_bytes=BODY_BYTES)

    # --- inside ---

    async def _serve(self, request: HttpRequest, exchange: Exchange) -> None:
        if is_page(request):
            await send_page(request, exchange, self.config.host)
            return
        answer: HttpAnswer | None = None
        try:
            answer = await self._decide(request)
        finally:
            status, content = (answer.status, answer.content) if answer is not None else (None, None)
            self.requests.append(RestRequest(request.method, request.path, request.form, status, content))
            self._bulletin.notify()
        if answer is not None:
            await exchange.send_whole(answer)

    async def _decide(self, request: HttpRequest) -> HttpAnswer | None:
        fault = self.api_faults.popleft() if self.api_faults else None
        if fault is None:
            return await self._api.answer(request)
        if fault.acts:
            await self._api.answer(request)
        await trio.sleep(fault.late)
        return fault.answer.answer if fault.answer is not None else None

    def _make_call_in(self, caller: str, called: str) -> Call:
        number = {number.phone_number: number for number in self.numbers}[called]
        call = self._make_call("inbound", Order(called, caller, number.page or UNSET_NUMBER, number.callback), caller)
        self._keep(call)
        return call

    def _make_call(self, direction: Direction, order: Order, number: str) -> Call:
        answer = self._answer(number)
        is_recorded = direction == "outbound-api" and isinstance(answer, Answers) and answer.record is not None
        handset = Handset(number, self.config.synthesise, keep_audio=self.config.keep_audio or is_recorded)
        return Call(self.config.account_sid, direction, order, handset, self._bulletin, self._announce)

    def _keep(self, call: Call) -> None:
        if len(self.calls) >= KEPT and self.calls[0].is_over:
            del self.calls[0]
        self.calls.append(call)
        self._bulletin.notify()

    def _answer(self, number: str) -> Answer:
        return self.phones.get(number, self.config.otherwise)


async def serve_carrier(
    config: CarrierConfig,
    announce: Callable[[Call, str], None] = lambda _call, _text: None,
    *,
    task_status: trio.TaskStatus[LocalCarrier] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serves until cancelled; `nursery.start` gives the carrier once its port is open, or raises OSError.

    `announce` is given a line for whatever happens to a call.
    """
    listeners = await trio.open_tcp_listeners(config.port, host=config.host)
    carrier = LocalCarrier(config, listeners[0].socket.getsockname()[1], announce)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(carrier.dial_queued)
        await nursery.start(partial(trio.serve_listeners, carrier.serve_stream, listeners))
        task_status.started(carrier)
