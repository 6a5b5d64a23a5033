from __future__ import annotations

from dataclasses import dataclass, field

import trio
from trio.testing import MockClock

from phonegame.admission import STREAM_SECONDS, Admission, Full
from phonegame.lag import KEPT, LAG_EVERY_SECONDS, LoopLag


@dataclass
class Load:
    calls: int = 0
    lag: float = 0
    now: float = 1000
    max_calls: int = 3
    max_lag: float = 0.1
    admission: Admission = field(init=False)

    def __post_init__(self) -> None:
        self.admission = Admission(self.max_calls, self.max_lag, lambda: self.calls, lambda: self.lag, lambda: self.now)


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


def test_0_is_no_limit() -> None:
    assert Load(calls=10_000, lag=10, max_calls=0, max_lag=0).admission.why_full() is None


class TestLag:
    async def test_of_a_loop_that_is_free_is_none(self, autojump_clock: MockClock) -> None:
        async with trio.open_nursery() as nursery:
            lag = LoopLag()
            await nursery.start(lag.watch)
            await trio.sleep(10)
            assert lag.recent == 0
            nursery.cancel_scope.cancel()

    async def test_one_hiccup_changes_nothing_and_a_load_that_lasts_does(self, mock_clock: MockClock) -> None:
        seen: list[float] = []
        async with trio.open_nursery() as nursery:
            lag = LoopLag(seen.append)
            await nursery.start(lag.watch)
            for count in range(1, KEPT):
                await trio.testing.wait_all_tasks_blocked()
                # nobody got a turn for so long
                mock_clock.jump(LAG_EVERY_SECONDS + 1)
                await trio.testing.wait_all_tasks_blocked()
                assert lag.recent == (1 if count > KEPT / 2 else 0.5 if count == KEPT / 2 else 0)
            assert seen == [1] * (KEPT - 1)
            nursery.cancel_scope.cancel()
