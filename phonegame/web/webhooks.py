"""Twilio asks what to do with a call, and tells how calls go. Every request here is signed, where there is a token.

Source: Twilio's documentation, "TwiML" (requests, status callbacks), "Call resource", "Answering machine detection".
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl

import structlog
from quart import Blueprint, Response, request

from phonegame.access import Access, Refusal
from phonegame.admission import Admission, Full
from phonegame.call_traces import CallTraces
from phonegame.dialling import Dialler
from phonegame.dialling.desk import DialDesk
from phonegame.ended import Ended
from phonegame.endings import Ending
from phonegame.limits import ConnectionLimits
from phonegame.metrics import Metrics
from phonegame.settings import Settings
from phonegame.stream_tokens import Facts
from phonegame.twilio import twiml
from phonegame.twilio.numbers import CALLER_PARAMETER, known_number
from phonegame.visit import Visit
from phonegame.web.doors import refused

MOVED = "moved"
"""In the address to which a call is sent on: how often it was."""
MOVE_SECONDS = 1
MOST_MOVES = 5
"""A load balancer that asks every few seconds has learnt meanwhile that this worker stops, or has found another one."""
CALL_ID = "call"
"""In the addresses that Twilio is given for an outgoing call: our own id of it."""
MAX_FIELDS = 200
"""Twilio sends about thirty, and adds some without notice."""

Stopping = Literal["stopping"]
STOPPING: Stopping = "stopping"
Form = dict[str, str]
Handler = Callable[[Form], Awaitable[Response]]

NO_CALL_SID = Refusal(400, "CallSid is missing: this address is for Twilio's requests about calls.", "no CallSid")

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Webhooks:
    settings: Settings
    access: Access
    connections: ConnectionLimits
    calls: CallTraces
    dialler: Dialler
    desk: DialDesk
    has_voice: Callable[[], bool]
    admission: Admission
    metrics: Metrics
    is_stopping: Callable[[], bool]
    is_over: Callable[[], bool]
    """It not only takes no new calls, but ends those that are there."""
    has_others: bool = False
    """Whether another worker may take a call that this one does not."""

    def blueprint(self) -> Blueprint:
        routes = Blueprint("webhooks", __name__)
        for path, handler in {
            "/twiml": self.begin,
            "/twiml/after": self.go_on,
            "/twilio/status": self.take_status,
            "/twilio/amd": self.take_amd,
        }.items():
            routes.add_url_rule(path, path, functools.partial(self._signed, handler), methods=["POST"])
        return routes

    async def _signed(self, handler: Handler) -> Response:
        visit = Visit(request.scope)
        body = await request.get_data()
        assert isinstance(body, bytes)
        pairs = _form(body) if request.mimetype == "application/x-www-form-urlencoded" else []
        if refusal := self.access.refuse_stranger(visit, pairs, body):
            return refused(refusal, self.connections)
        form = dict(pairs)
        return await handler(form) if form.get("CallSid") else refused(NO_CALL_SID, self.connections)

    async def begin(self, form: Form) -> Response:
        """A call has come in, or one of ours has been answered. Asked twice, it is answered twice, but not later."""
        call_id = request.args.get(CALL_ID)
        if call_id is None:
            why_not = self._why_not()
            return await self._begin_incoming(form) if why_not is None else _twiml(self._turned_away(why_not))
        if self.is_over():
            return _twiml(twiml.said_and_hung_up(self.settings.prompt_closing, self.settings.twilio_voice))
        return await self._begin_outgoing(form, call_id)

    def _why_not(self) -> Full | Stopping | None:
        return STOPPING if self.is_stopping() else self.admission.why_full()

    def _turned_away(self, why: Full | Stopping) -> str:
        """To another worker, of the load balancer's choice, where there may be one; else to another number."""
        settings = self.settings
        moved = request.args.get(MOVED, 0, int)
        if self.has_others and moved < MOST_MOVES:
            url = f"{self.access.public_url(Visit(request.scope))}/twiml?{MOVED}={moved + 1}"
            return twiml.redirected(url, after_seconds=MOVE_SECONDS)
        self.metrics.call_refused(why if why == STOPPING else why.value)
        log.warning("call refused", why=why if why == STOPPING else why.setting)
        if settings.overflow_number:
            return twiml.handed_on(settings.overflow_number)
        apology = settings.prompt_closing if why == STOPPING else settings.prompt_full
        return twiml.said_and_hung_up(apology, settings.twilio_voice)

    async def _begin_incoming(self, form: Form) -> Response:
        facts = Facts(caller=form.get("From", ""), called=form.get("To", ""))
        if self.access.is_twilio_checked and (number := known_number(facts.caller)):
            await self.dialler.remember(number)
        greeting = self.settings.greeting or self._welcome
        answer = await self._connected(form["CallSid"], facts, greeting)
        self.admission.expect_nowait()
        return _twiml(answer)

    async def _begin_outgoing(self, form: Form, call_id: str) -> Response:
        answer = await self.desk.answer(call_id, form["CallSid"])
        if not answer.connect:
            log.info("nobody needs this outgoing call any more; it is hung up", call_sid=form["CallSid"])
            return _twiml(twiml.said_and_hung_up(self.settings.prompt_game_over, self.settings.twilio_voice))
        facts = Facts(form.get("From", ""), form.get("To", ""), "outgoing", call_id)
        greeting = f"{answer.greeting} {self._welcome}".strip() if answer.asks_for_code else answer.greeting
        return _twiml(await self._connected(form["CallSid"], facts, greeting))

    @property
    def _welcome(self) -> str:
        """Where no voice of ours can say it."""
        if self.has_voice() or self.settings.character is not None:
            return ""
        return " ".join(filter(None, [self.settings.prompt_welcome, self.settings.prompt_say_code]))

    async def _connected(self, call_sid: str, facts: Facts, greeting: str) -> str:
        token = await self.calls.issue(call_sid, facts)
        if token is None:
            log.warning("a call is announced that has had its stream, or too many tokens", call_sid=call_sid)
            return twiml.said_and_hung_up(self.settings.prompt_failed, self.settings.twilio_voice)
        public_url = self.access.public_url(Visit(request.scope))
        parameters = {
            twiml.TOKEN_PARAMETER: token,
            CALLER_PARAMETER: facts.caller,
            twiml.CALLED_PARAMETER: facts.called,
            twiml.DIRECTION_PARAMETER: facts.direction,
        }
        return twiml.connected(
            twiml.stream_url(public_url),
            after_url=f"{public_url}/twiml/after",
            greeting=greeting,
            voice=self.settings.twilio_voice,
            parameters=parameters,
        )

    async def go_on(self, form: Form) -> Response:
        """The stream has ended, and the caller is still there."""
        ending = await self.calls.ask(form["CallSid"])
        if ending is None:
            log.warning("a call's stream has not come, or not to a worker that can be asked", call_sid=form["CallSid"])
        return _twiml(twiml.said_and_hung_up(self._last_words(ending), self.settings.twilio_voice))

    def _last_words(self, ending: Ending | None) -> str:
        match ending:
            case Ending(said_goodbye=True):
                return ""
            case None | Ending(why=Ended.FAILED | Ended.REFUSED | Ended.MALFORMED | Ended.UNUSABLE | Ended.SILENT):
                return self.settings.prompt_failed
            case Ending(why=Ended.HUNG_UP):
                # but is still there: the stream has broken
                return self.settings.prompt_failed
            case Ending(why=Ended.CHARACTER_FAILED):
                # where it could say so, it has
                return self.settings.prompt_failed
            case Ending(why=why):
                # no voice of ours could say it
                return why.goodbye(self.settings) or self.settings.prompt_goodbye

    async def take_status(self, form: Form) -> Response:
        await self.desk.status(request.args.get(CALL_ID, ""), form)
        return _twiml(twiml.nothing())

    async def take_amd(self, form: Form) -> Response:
        await self.desk.machine(request.args.get(CALL_ID, ""), form)
        return _twiml(twiml.nothing())


def _form(body: bytes) -> list[tuple[str, str]]:
    """With empty values, which are signed too. What is no form has no fields."""
    try:
        return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return []


def _twiml(document: str) -> Response:
    return Response(document, content_type=twiml.CONTENT_TYPE)
