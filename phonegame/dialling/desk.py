"""What Twilio and media streams have to say about outgoing calls, brought to the worker that has placed them.

A call's id begins with that worker. What comes to another one goes there by letter:

    the worker that is asked                          the worker that has placed the call
    Ask(answer) -------------------------------------->
                              <----------------------- Told(answer)
    Ask(claim): the media stream is here ------------->
                              <----------------------- Told(claimed), with the game's slot, which it has lent
                              <----------------------- News: nobody needs it any more; who has answered
    Ask(finish): the media stream is over ------------>
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import msgspec
import structlog
import trio

from phonegame.dialling.dialler import Answer, Dialler
from phonegame.dialling.outgoing import OutgoingCall
from phonegame.dialling.stages import Unwanted, takes_message
from phonegame.switchboard import Caller, Reserved
from phonegame.switchboard.elsewhere import Elsewhere

SERVICE = "dialling"
ASK_SECONDS = 5
"""For the other worker's answer; Twilio waits for 15."""

What = Literal["answer", "claim", "status", "machine", "finish"]

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Ask(msgspec.Struct, frozen=True, tag=True, array_like=True):
    ask: str
    call_id: str
    what: What
    form: dict[str, str] = {}


class Told(msgspec.Struct, frozen=True, tag=True, array_like=True):
    ask: str
    found: bool
    greeting: str = ""
    asks_for_code: bool = False
    caller: Caller | None = None
    player: int | None = None
    """Of the game's slot; None where there is no game."""
    detects_machine: bool = False
    unwanted: str | None = None
    answered_by: str | None = None


class News(msgspec.Struct, frozen=True, tag=True, array_like=True):
    call_id: str
    unwanted: str | None
    answered_by: str | None
    is_detected: bool


_decoder = msgspec.msgpack.Decoder(Ask | Told | News)
_encode = msgspec.msgpack.Encoder().encode


class Dialled(Protocol):
    """An outgoing call, as its media stream has it."""

    @property
    def id(self) -> str: ...
    @property
    def reserved(self) -> Reserved | None: ...
    @property
    def detects_machine(self) -> bool: ...
    @property
    def unwanted(self) -> Unwanted | None: ...
    @property
    def answered_by(self) -> str | None: ...
    @property
    def detected(self) -> trio.Event: ...
    @property
    def takes_message(self) -> bool: ...

    def finish_nowait(self) -> None: ...


@dataclass(eq=False)
class _FarCall:
    """`Dialled`, where another worker has placed it."""

    id: str
    worker: str
    desk: DialDesk
    reserved: Reserved | None
    detects_machine: bool
    unwanted: Unwanted | None
    answered_by: str | None
    detected: trio.Event = field(default_factory=trio.Event)

    @property
    def takes_message(self) -> bool:
        return takes_message(self.answered_by)

    def finish_nowait(self) -> None:
        self.desk.finish_nowait(self)


@dataclass(eq=False)
class _Question:
    worker: str
    answered: trio.Event = field(default_factory=trio.Event)
    told: Told | None = None
    call: _FarCall | None = None


class DialDesk:
    """`elsewhere`: the way to other workers; None in a single process."""

    def __init__(self, dialler: Dialler, elsewhere: Elsewhere | None = None) -> None:
        self._dialler = dialler
        self._elsewhere = elsewhere
        self._questions: dict[str, _Question] = {}
        self._far: dict[str, _FarCall] = {}
        """Calls of others whose media streams are here."""
        self._lent: dict[str, str] = {}
        """Calls of ours -> the worker that has the media stream."""
        if elsewhere is not None:
            elsewhere.serve(SERVICE, self)

    # from Twilio, and from media streams; `call_id` may be anything

    async def answer(self, call_id: str, call_sid: str) -> Answer:
        """See `Dialler.answer_nowait`."""
        if (worker := self._far_worker(call_id)) is None:
            return self._dialler.answer_nowait(call_id, call_sid)
        told = (await self._ask(worker, call_id, "answer", {"CallSid": call_sid})).told
        return Answer(told.found, told.greeting, told.asks_for_code) if told is not None else Answer(connect=False)

    async def status(self, call_id: str, form: Mapping[str, str]) -> None:
        if (worker := self._far_worker(call_id)) is None:
            self._dialler.status_nowait(call_id, form)
        elif await self._is_alive(worker):
            self._tell(worker, call_id, "status", form)

    async def machine(self, call_id: str, form: Mapping[str, str]) -> None:
        if (worker := self._far_worker(call_id)) is None:
            self._dialler.machine_nowait(call_id, form)
        elif await self._is_alive(worker):
            self._tell(worker, call_id, "machine", form)

    async def claim(self, call_id: str) -> Dialled | None:
        """For the call's media stream, once. Whoever gets it calls `finish_nowait` in the end, cancelled or not."""
        if (worker := self._far_worker(call_id)) is None:
            return self._dialler.claim_nowait(call_id)
        # who is cancelled while the answer is on its way would not know that he has it
        with trio.CancelScope(shield=True):
            question = await self._ask(worker, call_id, "claim", {})
        return question.call

    def finish_nowait(self, call: _FarCall) -> None:
        if self._far.pop(call.id, None) is not None:
            self._tell(call.worker, call.id, "finish", {})

    def _far_worker(self, call_id: str) -> str | None:
        worker, dot, _ = call_id.partition(".")
        return worker if self._elsewhere is not None and dot and worker != self._elsewhere.worker else None

    # letters

    async def _ask(self, worker: str, call_id: str, what: What, form: Mapping[str, str]) -> _Question:
        ask, question = secrets.token_hex(8), _Question(worker)
        if not await self._is_alive(worker):
            return question
        self._questions[ask] = question
        try:
            self._write(worker, Ask(ask, call_id, what, dict(form)))
            with trio.move_on_after(ASK_SECONDS) as patience:
                await question.answered.wait()
            if patience.cancelled_caught:
                log.warning("the worker that has placed a call does not answer", worker=worker, call=call_id)
        finally:
            del self._questions[ask]
        return question

    async def _is_alive(self, worker: str) -> bool:
        """No letter to another one would ever arrive, and the id may be made up."""
        assert self._elsewhere is not None
        return bool(await self._elsewhere.is_alive(worker))

    def _tell(self, worker: str, call_id: str, what: What, form: Mapping[str, str]) -> None:
        self._write(worker, Ask("", call_id, what, {name: form[name] for name in _FIELDS if name in form}))

    def _write(self, worker: str, letter: Ask | Told | News) -> None:
        assert self._elsewhere is not None
        self._elsewhere.write_nowait(worker, SERVICE, _encode(letter))

    def take_letter(self, worker: str, content: bytes) -> None:
        match _decoder.decode(content):
            case Ask() as ask:
                self._do(worker, ask)
            case Told() as told:
                self._take_answer(worker, told)
            case News() as news if (call := self._far.get(news.call_id)) is not None:
                call.unwanted = _unwanted(news.unwanted)
                call.answered_by = news.answered_by
                if news.is_detected:
                    call.detected.set()
            case _:
                pass

    # at the worker that has placed the call

    def _do(self, worker: str, ask: Ask) -> None:
        match ask.what:
            case "answer":
                answer = self._dialler.answer_nowait(ask.call_id, ask.form.get("CallSid", ""))
                self._write(worker, Told(ask.ask, answer.connect, answer.greeting, answer.asks_for_code))
            case "status":
                self._dialler.status_nowait(ask.call_id, ask.form)
            case "machine":
                self._dialler.machine_nowait(ask.call_id, ask.form)
            case "claim":
                self._write(worker, self._lend(worker, ask))
            case "finish":
                self._take_back(ask.call_id)

    def _lend(self, worker: str, ask: Ask) -> Told:
        call = self._dialler.claim_nowait(ask.call_id)
        if call is None:
            return Told(ask.ask, found=False)
        self._lent[call.id] = worker
        call.on_news = lambda: self._write(worker, _news(call))
        if call.reserved is not None:
            assert self._elsewhere is not None
            self._elsewhere.lend_nowait(worker, _line(call.id), call.reserved)
        news = _news(call)
        return Told(
            ask.ask,
            found=True,
            caller=call.caller,
            player=call.reserved.player if call.reserved is not None else None,
            detects_machine=call.detects_machine,
            unwanted=news.unwanted,
            answered_by=news.answered_by,
        )

    def _take_back(self, call_id: str) -> None:
        if self._lent.pop(call_id, None) is not None:
            self._dialler.finish_nowait(call_id)

    # at the worker that has the media stream

    def _take_answer(self, worker: str, told: Told) -> None:
        # here, and not where it is waited for: what the game says follows at once
        call = self._far_call(worker, told, told.caller) if told.caller is not None else None
        question = self._questions.get(told.ask)
        if question is None or question.worker != worker:
            if call is not None:
                self._give_up_nowait(call)
            return
        question.told, question.call = told, call
        question.answered.set()

    def _give_up_nowait(self, call: _FarCall) -> None:
        """The answer has come too late: the media stream is gone, and nobody else would end what was lent for it."""
        if call.reserved is not None:
            call.reserved.give_back_nowait()
        self.finish_nowait(call)

    def _far_call(self, worker: str, told: Told, caller: Caller) -> _FarCall:
        assert self._elsewhere is not None
        reserved = None
        if told.player is not None:
            reserved = self._elsewhere.borrow_nowait(worker, _line(caller.call_id), told.player, caller)
        call = _FarCall(
            caller.call_id,
            worker,
            self,
            reserved,
            told.detects_machine,
            _unwanted(told.unwanted),
            told.answered_by,
        )
        if told.answered_by is not None:
            call.detected.set()
        self._far[call.id] = call
        return call

    # other workers

    def lose_worker(self, worker: str) -> None:
        for question in self._questions.values():
            if question.worker == worker:
                question.answered.set()
        for call in list(self._far.values()):
            if call.worker == worker:
                # its line, if it has one, tells that the game has left
                del self._far[call.id]
                call.detected.set()
        for call_id in [call_id for call_id, of in self._lent.items() if of == worker]:
            self._take_back(call_id)

    def watched(self) -> Iterable[str]:
        asked = {question.worker for question in self._questions.values()}
        return asked | {call.worker for call in self._far.values()} | set(self._lent.values())


_FIELDS = ("CallSid", "CallStatus", "AnsweredBy")


def _line(call_id: str) -> str:
    return f"dialled {call_id}"


def _unwanted(name: str | None) -> Unwanted | None:
    return Unwanted[name] if name is not None else None


def _news(call: OutgoingCall) -> News:
    unwanted = call.unwanted.name if call.unwanted is not None else None
    return News(call.id, unwanted, call.answered_by, call.detected.is_set())
