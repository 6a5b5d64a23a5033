from __future__ import annotations

from dataclasses import dataclass, field

import pytest
import trio
from trio.testing import MockClock

from phonegame.admission import STREAM_SECONDS, Admission, Full
from phonegame.limit_settings import LimitSettings
from phonegame.loop_load import EVERY_SECONDS, KEPT, LoopLoad


@dataclass
class Load:
    calls: int = 0
    busy: float = 0
    lag: float = 0
    now: float = 1000
    settings: LimitSettings = field(default_factory=lambda: LimitSettings(max_calls=3))
    admission: Admission = field(init=False)

    def __post_init__(self) -> None:
        self.admission = Admission(self.settings, lambda: self.calls, self, lambda: self.now)


def test_there_is_room_up_to_the_limit() -> None:
    load = Load(calls=2)
    assert load.admission.why_full() is None
    load.calls = 3
    assert load.admission.why_full() is Full.CALLS


def test_callers_whose_stream_has_yet_to_come_count() -> None:
    load = Load(calls=1)
    load.admission.expect_nowait()
    load.admission.expect_nowait()
    assert load.admission.why_full() is Full.CALLS


def test_whoever_has_arrived_counts_once() -> None:
    load = Load(calls=1)
    load.admission.expect_nowait()
    load.calls += 1
    load.admission.arrived_nowait()
    assert load.admission.why_full() is None


def test_a_caller_who_has_hung_up_meanwhile_is_not_waited_for_long() -> None:
    load = Load(calls=2)
    load.admission.expect_nowait()
    load.now += STREAM_SECONDS
    assert load.admission.why_full() is None


def test_a_stream_that_was_let_in_by_another_worker_takes_nobodys_place() -> None:
    load = Load(calls=3)
    load.admission.arrived_nowait()
    assert load.admission.why_full() is Full.CALLS


def test_a_loop_that_is_late_takes_nobody() -> None:
    load = Load(lag=0.2)
    assert load.admission.why_full() is Full.LAG


def test_a_loop_that_has_hardly_a_rest_takes_nobody_before_it_is_late() -> None:
    load = Load(busy=0.9)
    assert load.admission.why_full() is Full.BUSY
    load.busy = 0.8
    assert load.admission.why_full() is None


def test_0_is_no_limit() -> None:
    no_limits = LimitSettings(max_calls=0, max_busy=0, max_lag_seconds=0)
    assert Load(calls=10_000, busy=1, lag=10, settings=no_limits).admission.why_full() is None


class TestLag:
    async def test_of_a_loop_that_is_free_is_none(self, autojump_clock: MockClock) -> None:
        async with trio.open_nursery() as nursery:
            load = LoopLoad()
            await nursery.start(load.watch)
            await trio.sleep(10)
            assert load.lag == 0
            nursery.cancel_scope.cancel()

    async def test_one_hiccup_changes_nothing_and_a_load_that_lasts_does(self, mock_clock: MockClock) -> None:
        seen: list[float] = []
        async with trio.open_nursery() as nursery:
            load = LoopLoad(seen.append)
            await nursery.start(load.watch)
            for count in range(1, KEPT):
                await trio.testing.wait_all_tasks_blocked()
                # nobody got a turn for so long
                mock_clock.jump(EVERY_SECONDS + 1)
                await trio.testing.wait_all_tasks_blocked()
                assert load.lag == (1 if count > KEPT / 2 else 0.5 if count == KEPT / 2 else 0)
            assert seen == [1] * (KEPT - 1)
            nursery.cancel_scope.cancel()


class TestBusy:
    @pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
    async def test_is_what_the_thread_has_used_of_the_time(self, autojump_clock: MockClock, share: float) -> None:
        async with trio.open_nursery() as nursery:
            load = LoopLoad(clock=trio.current_time, cpu_clock=lambda: 7 + share * trio.current_time())
            await nursery.start(load.watch)
            await trio.sleep(EVERY_SECONDS * KEPT / 4)
            # what lasts shorter is none of it
            assert load.busy == 0
            await trio.sleep(EVERY_SECONDS * KEPT / 2)
            assert load.busy == pytest.approx(share)
            nursery.cancel_scope.cancel()

    async def test_of_a_loop_that_waits_is_little_and_of_one_that_never_rests_is_much(self) -> None:
        """By the real clocks, of the thread and of the wall."""
        async with trio.open_nursery() as nursery:
            load = LoopLoad()
            await nursery.start(load.watch)
            await trio.sleep(EVERY_SECONDS * 2)
            assert load.busy == 0
            while load.busy < 0.1:
                sum(range(1000))
                await trio.lowlevel.checkpoint()
            assert load.busy <= 1
            nursery.cancel_scope.cancel()
