"""Outgoing calls that nobody needs any more, or of which nothing is heard any more."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from phonegame.carrier import CarrierError, CarrierUnclear
from phonegame.dialling import DialRefused, Order, Rule
from phonegame.dialling.outgoing import (
    HANG_UP_PAUSES,
    LAST_HANG_UP_SECONDS,
    PLACE_SECONDS,
    RING_MARGIN_SECONDS,
    STREAM_SECONDS,
)
from phonegame.dialling.stages import Unwanted
from phonegame.switchboard import (
    Clear,
    HangUp,
    SeatClosed,
)
from tests.dialling.exchange import CODE, RING_SECONDS, TO, open_exchange

SILENCE_SECONDS = PLACE_SECONDS + RING_SECONDS + RING_MARGIN_SECONDS


# --- nobody needs it any more


async def test_a_game_that_leaves_while_it_rings_has_the_phone_hung_up() -> None:
    async with open_exchange() as exchange:
        call = await exchange.ringing()
        exchange.seat.close_nowait(SeatClosed.LEFT)
        await exchange.is_over()
        assert exchange.carrier.hung_up == ["CA1"]
        assert not exchange.dialler.answer_nowait(call.id, "CA1").connect


async def test_who_answers_when_the_game_has_left_is_told_so_and_not_cut_off() -> None:
    async with open_exchange(answers=False) as exchange:
        call = await exchange.dial()
        exchange.seat.close_nowait(SeatClosed.LEFT)
        assert not exchange.dialler.answer_nowait(call.id, "CA1").connect
        exchange.carrier.may_answer.set()
        await exchange.tells(call, "in-progress")
        assert exchange.carrier.hung_up == []
        await exchange.tells(call, "completed")
        await exchange.is_over()


async def test_a_stream_whose_game_has_left_on_the_way_learns_it() -> None:
    async with open_exchange() as exchange:
        call = await exchange.ringing()
        assert exchange.dialler.answer_nowait(call.id, "CA1").connect
        exchange.seat.close_nowait(SeatClosed.LEFT)
        await wait_all_tasks_blocked()
        assert exchange.carrier.hung_up == []
        claimed = exchange.dialler.claim_nowait(call.id)
        assert claimed is call
        assert claimed.unwanted is Unwanted.GAME_LEFT


@pytest.mark.parametrize("answered", [False, True])
async def test_a_game_may_stop_the_ringing(answered: bool) -> None:
    async with open_exchange() as exchange:
        call = await exchange.ringing()
        if answered:
            exchange.dialler.answer_nowait(call.id, "CA1")
        assert exchange.seat.command_nowait(Clear()) == []
        assert exchange.seat.command_nowait(HangUp(), [call.id]) == [call.id]
        assert exchange.said[-1] == "cancelled"
        assert exchange.seat.command_nowait(HangUp()) == []
        await exchange.is_over()
        assert exchange.carrier.hung_up == ["CA1"]
        assert exchange.said.count("cancelled") == 1


async def test_a_call_that_is_not_placed_yet_is_hung_up_when_it_is() -> None:
    async with open_exchange(answers=False) as exchange:
        await exchange.dial()
        exchange.seat.close_nowait(SeatClosed.LEFT)
        await wait_all_tasks_blocked()
        assert exchange.carrier.hung_up == []
        exchange.carrier.may_answer.set()
        await exchange.is_over()
        assert exchange.carrier.hung_up == ["CA1"]


async def test_hanging_up_is_tried_again(autojump_clock: MockClock) -> None:
    async with open_exchange() as exchange:
        await exchange.ringing()
        exchange.carrier.hang_up_errors = [CarrierError("no"), CarrierUnclear("perhaps")]
        began = trio.current_time()
        exchange.seat.command_nowait(HangUp())
        await exchange.dialler.wait_until_empty()
        assert trio.current_time() - began == sum(HANG_UP_PAUSES)
        assert exchange.carrier.hung_up == ["CA1"] * 3


async def test_the_servers_end_hangs_up_what_rings_and_not_what_is_connected() -> None:
    async with open_exchange() as exchange:
        exchange.seat.accept_nowait(2)
        connected = await exchange.ringing()
        exchange.dialler.claim_nowait(connected.id)
        exchange.carrier.answer = "CA2"
        await exchange.dial()
        exchange.dialler.end_nowait()
        await wait_all_tasks_blocked()
        assert exchange.carrier.hung_up == ["CA2"]
        with pytest.raises(DialRefused) as refusal:
            await exchange.dial()
        assert refusal.value.rule is Rule.CLOSING
        connected.finish_nowait()
        await exchange.dialler.wait_until_empty()


async def test_a_phone_that_rings_is_hung_up_when_the_server_is_cancelled() -> None:
    async with open_exchange() as exchange:
        await exchange.ringing()
        exchange.nursery.cancel_scope.cancel()
    assert exchange.carrier.hung_up == ["CA1"]


async def test_a_carrier_that_does_not_answer_holds_up_the_end_for_a_while_only(autojump_clock: MockClock) -> None:
    began = trio.current_time()
    async with open_exchange() as exchange:
        exchange.carrier.answer = None
        await exchange.dial()
        exchange.nursery.cancel_scope.cancel()
    assert trio.current_time() - began <= PLACE_SECONDS + LAST_HANG_UP_SECONDS


# --- nothing is heard any more


async def test_a_call_that_cannot_be_placed_fails_with_the_reason() -> None:
    async with open_exchange() as exchange:
        exchange.carrier.answer = CarrierError("the carrier refuses")
        await exchange.dial()
        assert exchange.said == ["dialling", "failed"]
        assert exchange.last.reason == "the carrier refuses"
        await exchange.is_over()


@pytest.mark.parametrize("answer", [None, CarrierUnclear("perhaps")], ids=["no answer", "unclear"])
async def test_a_call_that_may_have_been_placed_is_waited_for_and_not_placed_again(
    answer: CarrierUnclear | None, autojump_clock: MockClock
) -> None:
    async with open_exchange() as exchange:
        exchange.carrier.answer = answer
        call = await exchange.dial()
        await trio.sleep(PLACE_SECONDS + 1)
        assert exchange.said == ["dialling"]
        await exchange.tells(call, "ringing")
        exchange.seat.command_nowait(HangUp())
        await exchange.is_over()
        assert exchange.carrier.hung_up == ["CA1"]
        assert len(exchange.carrier.placed) == 1


async def test_a_call_that_may_have_been_placed_and_is_never_heard_of_fails(autojump_clock: MockClock) -> None:
    async with open_exchange() as exchange:
        exchange.carrier.answer = None
        began = trio.current_time()
        await exchange.dial()
        await exchange.dialler.wait_until_empty()
        assert trio.current_time() - began == SILENCE_SECONDS
        assert exchange.said == ["dialling", "failed"]
        assert exchange.carrier.hung_up == []


async def test_a_call_of_which_nothing_is_heard_is_hung_up(autojump_clock: MockClock) -> None:
    async with open_exchange() as exchange:
        began = trio.current_time()
        await exchange.ringing()
        await exchange.dialler.wait_until_empty()
        assert trio.current_time() - began == SILENCE_SECONDS
        assert exchange.said == ["dialling", "ringing", "failed"]
        assert exchange.carrier.hung_up == ["CA1"]


async def test_an_answered_call_whose_stream_never_comes_is_hung_up(autojump_clock: MockClock) -> None:
    async with open_exchange() as exchange:
        call = await exchange.ringing()
        exchange.dialler.answer_nowait(call.id, "CA1")
        began = trio.current_time()
        await exchange.dialler.wait_until_empty()
        assert trio.current_time() - began == STREAM_SECONDS
        assert exchange.said == ["dialling", "ringing", "answered", "failed"]
        assert exchange.carrier.hung_up == ["CA1"]


async def test_a_connected_call_has_no_deadline(autojump_clock: MockClock) -> None:
    async with open_exchange() as exchange:
        call = await exchange.ringing()
        exchange.dialler.claim_nowait(call.id)
        await trio.sleep(10 * SILENCE_SECONDS)
        assert not call.is_over


async def test_an_order_on_its_way_is_waited_for_at_the_end() -> None:
    async with open_exchange() as exchange:
        exchange.dialler.dial_nowait(Order(TO, CODE), exchange.refused.append)
        exchange.dialler.end_nowait()
        await exchange.dialler.wait_until_empty()
        assert exchange.carrier.placed == []


async def test_a_game_that_leaves_just_when_the_stream_has_come_is_not_lost() -> None:
    async with open_exchange() as exchange:
        call = await exchange.ringing()
        exchange.dialler.claim_nowait(call.id)
        exchange.seat.close_nowait(SeatClosed.LEFT)
        assert call.unwanted is Unwanted.GAME_LEFT
        await wait_all_tasks_blocked()
        assert exchange.carrier.hung_up == []
