"""Outgoing calls, from the order to their end."""

from __future__ import annotations

import itertools

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from phonegame.carrier import CarrierError, CarrierUnclear
from phonegame.dialling import Dialler, DialLimits, DialQuota, DialRefused, Rule
from phonegame.switchboard import (
    CallEnded,
    Caller,
    CallStarted,
    CallStatus,
    HangUp,
    Refused,
    SeatClosed,
)
from tests.dialling.exchange import CODE, TO, open_exchange


async def test_a_call_that_is_answered_becomes_a_line() -> None:
    async with open_exchange() as exchange:
        outcomes: list[str] = []
        exchange.dialler.on_over = outcomes.append
        call = await exchange.dial(dial_id="mine")
        await exchange.tells(call, "initiated", "ringing", "in-progress")
        assert exchange.dialler.answer_nowait(call.id, "CA1").connect
        claimed = exchange.dialler.claim_nowait(call.id)
        assert claimed is call
        assert call.reserved is not None
        line = await call.reserved.begin(lambda _: None)
        assert exchange.said == ["dialling", "ringing", "answered"]
        started = exchange.taken[-1]
        assert isinstance(started.event, CallStarted)
        assert started.event.caller == Caller(
            call_id=call.id, known_as=f"hash of {TO}", shown="+1***23", direction="outgoing"
        )
        assert {event.call_id for event in exchange.taken} == {call.id}
        assert all(
            event.event.dial_id == "mine" for event in exchange.taken[:-1] if isinstance(event.event, CallStatus)
        )
        await exchange.tells(call, "completed")
        line.close_nowait("hung_up", 1)
        assert isinstance(exchange.taken[-1].event, CallEnded)
        call.finish_nowait()
        await exchange.is_over()
        assert exchange.carrier.hung_up == []
        assert outcomes == ["connected"]


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("busy", "busy"),
        ("no-answer", "no_answer"),
        ("failed", "failed"),
        ("canceled", "cancelled"),
        ("completed", "failed"),
    ],
)
async def test_a_call_that_is_not_answered_ends_and_its_slot_is_free(status: str, told: str) -> None:
    async with open_exchange() as exchange:
        outcomes: list[str] = []
        exchange.dialler.on_over = outcomes.append
        call = await exchange.ringing()
        await exchange.tells(call, status)
        assert exchange.said == ["dialling", "ringing", told]
        await exchange.is_over()
        assert outcomes == [told]
        await exchange.ringing()
        assert exchange.refused == []


@pytest.mark.parametrize("order", list(itertools.permutations(["initiated", "ringing", "in-progress", "completed"])))
async def test_statuses_in_any_order_only_lead_forward(order: tuple[str, ...]) -> None:
    async with open_exchange() as exchange:
        call = await exchange.dial()
        await exchange.tells(call, *order, *order)
        full = ["dialling", "ringing", "answered", "failed"]
        assert exchange.said == [status for status in full if status in exchange.said]
        assert exchange.said[-1] == "failed"
        await exchange.is_over()


async def test_the_webhook_may_come_before_the_carrier_has_taken_the_order() -> None:
    async with open_exchange(answers=False) as exchange:
        call = await exchange.dial()
        assert exchange.dialler.answer_nowait(call.id, "CA1").connect
        assert exchange.dialler.claim_nowait(call.id) is call
        exchange.carrier.may_answer.set()
        await wait_all_tasks_blocked()
        assert exchange.said == ["dialling", "answered"]
        assert not call.is_over


async def test_the_webhook_may_come_twice_and_the_stream_only_once() -> None:
    async with open_exchange() as exchange:
        call = await exchange.ringing()
        answers = [exchange.dialler.answer_nowait(call.id, "CA1") for _ in range(2)]
        assert [answer.connect for answer in answers] == [True, True]
        assert exchange.dialler.claim_nowait(call.id) is call
        assert exchange.dialler.claim_nowait(call.id) is None


async def test_what_names_another_call_is_ignored() -> None:
    async with open_exchange() as exchange:
        call = await exchange.ringing()
        await exchange.tells(call, "busy", call_sid="CA2")
        await exchange.tells(call, "busy", call_sid="")
        exchange.dialler.machine_nowait(call.id, {"AnsweredBy": "machine_end_beep"})
        exchange.dialler.status_nowait("unknown", {"CallSid": "CA1", "CallStatus": "busy"})
        assert not exchange.dialler.answer_nowait(call.id, "CA2").connect
        assert not exchange.dialler.answer_nowait("unknown", "CA1").connect
        assert exchange.dialler.claim_nowait("unknown") is None
        assert exchange.said == ["dialling", "ringing"]


@pytest.mark.parametrize(
    ("answered_by", "told", "takes_message"),
    [
        ("human", "answered", False),
        ("machine_end_beep", "machine", True),
        ("machine_end_silence", "machine", True),
        ("machine_end_other", "machine", True),
        ("machine_start", "machine", False),
        ("fax", "machine", False),
        ("unknown", "answered", False),
        ("something new", "answered", False),
        ("", "answered", False),
    ],
)
async def test_the_game_learns_once_who_has_answered(answered_by: str, told: str, takes_message: bool) -> None:
    async with open_exchange() as exchange:
        call = await exchange.ringing()
        await exchange.tells(call, "in-progress")
        for word in (answered_by, "fax"):
            exchange.dialler.machine_nowait(call.id, {"CallSid": "CA1", "AnsweredBy": word})
        assert exchange.said == ["dialling", "ringing", "answered", told]
        assert exchange.last.answered_by == (
            answered_by if answered_by in ("human", "fax") or "machine" in answered_by else "unknown"
        )
        assert call.takes_message is takes_message
        assert call.detected.is_set()


# --- refusals


async def test_a_call_needs_a_slot_of_its_game() -> None:
    async with open_exchange() as exchange:
        await exchange.ringing()
        await exchange.dial("+12025550124")
        assert [refusal.rule for refusal in exchange.refused] == [Rule.NO_ROOM]
        exchange.seat.accept_nowait(2)
        await exchange.dial("+12025550125")
        assert len(exchange.carrier.placed) == 2
        assert await exchange.switchboard.join(CODE, Caller(call_id="c"), lambda _: None) is Refused.BUSY


async def test_a_call_that_is_refused_does_not_count() -> None:
    async with open_exchange(limits=DialLimits(2, 2, 2, 2)) as exchange:
        call = await exchange.ringing()
        for _ in range(5):
            await exchange.dial()
        await exchange.tells(call, "busy")
        await exchange.ringing()
        assert [refusal.rule for refusal in exchange.refused] == [Rule.NO_ROOM] * 5


async def test_what_is_over_a_limit_is_refused_and_leaves_the_slot_free() -> None:
    async with open_exchange(limits=DialLimits(1, 9, 9, 9)) as exchange:
        outcomes: list[str] = []
        exchange.dialler.on_over = outcomes.append
        call = await exchange.ringing()
        await exchange.tells(call, "busy")
        await exchange.dial()
        assert [refusal.rule for refusal in exchange.refused] == [Rule.PER_MINUTE]
        assert outcomes == ["busy", "refused"]
        assert not isinstance(await exchange.switchboard.join(CODE, Caller(call_id="c"), lambda _: None), Refused)


async def test_a_call_counts_as_under_way_until_its_stream_has_ended() -> None:
    async with open_exchange(limits=DialLimits(9, 9, 9, 1)) as exchange:
        exchange.seat.accept_nowait(2)
        call = await exchange.ringing()
        exchange.dialler.claim_nowait(call.id)
        await exchange.dial()
        assert [refusal.rule for refusal in exchange.refused] == [Rule.AT_ONCE]
        call.finish_nowait()
        await exchange.is_over()
        await exchange.dial()
        assert len(exchange.refused) == 1


async def test_a_number_that_is_not_allowed_is_refused_at_once() -> None:
    async with open_exchange(allow=()) as exchange:
        with pytest.raises(DialRefused) as refusal:
            await exchange.dial()
        assert refusal.value.rule is Rule.ALLOW
        await exchange.dialler.remember(TO)
        await exchange.dial()
        assert len(exchange.carrier.placed) == 1


async def test_without_a_carrier_every_call_is_refused() -> None:
    async with open_exchange() as exchange:
        quota = DialQuota(DialLimits(9, 9, 9, 9))
        dialler = Dialler(
            None, exchange.switchboard, quota, allow=("+1",), known_as=str, ring_seconds=1, why_no_calls="set this"
        )
        with pytest.raises(DialRefused, match="set this"):
            await dialler.dial(TO)


async def test_a_stream_that_is_there_ends_the_call_and_not_what_the_carrier_tells() -> None:
    async with open_exchange() as exchange:
        call = await exchange.ringing()
        assert exchange.dialler.claim_nowait(call.id) is call
        await exchange.tells(call, "completed")
        assert call.reserved is not None
        line = await call.reserved.begin(lambda _: None)
        assert isinstance(exchange.taken[-1].event, CallStarted)
        line.close_nowait("hung_up", 1)
        assert isinstance(exchange.taken[-1].event, CallEnded)
        call.finish_nowait()
        await exchange.is_over()


# --- for the operator


async def test_the_operator_gets_the_carriers_id() -> None:
    async with open_exchange() as exchange:
        assert await exchange.dialler.dial(TO, greeting="Hello.") == "CA1"
        ((to, call_id, detect_machine),) = exchange.carrier.placed
        assert (to, detect_machine) == (TO, False)
        answer = exchange.dialler.answer_nowait(call_id, "CA1")
        assert (answer.connect, answer.greeting) == (True, "Hello.")
        claimed = exchange.dialler.claim_nowait(call_id)
        assert claimed is not None
        assert claimed.reserved is None


async def test_the_operator_learns_why_there_is_no_call() -> None:
    async with open_exchange(limits=DialLimits(2, 9, 9, 9)) as exchange:
        with pytest.raises(DialRefused) as unknown_code:
            await exchange.dialler.dial(TO, "7")
        assert unknown_code.value.rule is Rule.UNKNOWN_CODE
        for error in (CarrierError("no"), CarrierUnclear("perhaps")):
            exchange.carrier.answer = error
            with pytest.raises(type(error), match=str(error)):
                await exchange.dialler.dial(TO)
        with pytest.raises(DialRefused) as limit:
            await exchange.dialler.dial(TO)
        assert limit.value.rule is Rule.PER_MINUTE


async def test_the_operator_gets_the_id_that_only_the_webhook_has_told() -> None:
    async with open_exchange(answers=False) as exchange:
        exchange.carrier.answer = CarrierUnclear("perhaps")
        got: list[str] = []

        async def dial() -> None:
            got.append(await exchange.dialler.dial(TO))

        exchange.nursery.start_soon(dial)
        await wait_all_tasks_blocked()
        ((_, call_id, _),) = exchange.carrier.placed
        exchange.dialler.status_nowait(call_id, {"CallSid": "CA1", "CallStatus": "ringing"})
        exchange.carrier.may_answer.set()
        await wait_all_tasks_blocked()
        assert got == ["CA1"]
        exchange.dialler.status_nowait(call_id, {"CallSid": "CA1", "CallStatus": "busy"})


# --- whatever comes

ACTIONS = st.sampled_from(
    [
        *[("status", each) for each in ("initiated", "ringing", "in-progress", "busy", "completed", "canceled", "?")],
        ("answer", ""),
        ("machine", "machine_end_beep"),
        ("claim", ""),
        ("finish", ""),
        ("hang up", ""),
        ("leave", ""),
        ("sleep", ""),
    ]
)
LAST_WORDS = {"busy", "no_answer", "failed", "cancelled"}


@given(st.lists(ACTIONS, max_size=12))
def test_whatever_comes_a_game_gets_one_story(actions: list[tuple[str, str]]) -> None:
    async def scenario() -> None:
        async with open_exchange() as exchange:
            call = await exchange.dial()
            for action, word in actions:
                match action:
                    case "status":
                        exchange.dialler.status_nowait(call.id, {"CallSid": "CA1", "CallStatus": word})
                    case "answer":
                        exchange.dialler.answer_nowait(call.id, "CA1")
                    case "machine":
                        exchange.dialler.machine_nowait(call.id, {"CallSid": "CA1", "AnsweredBy": word})
                    case "claim":
                        exchange.dialler.claim_nowait(call.id)
                    case "finish" if call.unwanted is None:
                        call.finish_nowait()
                    case "hang up":
                        exchange.seat.command_nowait(HangUp())
                    case "leave":
                        exchange.seat.close_nowait(SeatClosed.LEFT)
                    case _:
                        await trio.sleep(5)
                await wait_all_tasks_blocked()
            call.finish_nowait()
            await exchange.is_over()
            said = exchange.said
            assert said[0] == "dialling"
            assert len(said) == len(set(said))
            assert all(status not in LAST_WORDS for status in said[:-1])

    trio.run(scenario, clock=MockClock(autojump_threshold=0))
