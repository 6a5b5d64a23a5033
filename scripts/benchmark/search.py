"""The largest number of calls that one core keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from .errors import BenchError
from .fleet_report import FleetMeasurement, shares
from .measure import measure
from .measure_fleet import measure_fleet
from .report import Figures, Measurement, generator_core, server_core
from .traffic import MOST_CALLS

LIMIT_MS = 100.0
"""p99 of the audio's and of the transcripts' delay."""
_SECONDS = 8.0
_RESOLUTION = 0.04

F = TypeVar("F", bound=Figures)


def is_kept(measurement: Figures) -> bool:
    slowest = measurement.slowest_p99
    return slowest is not None and slowest < LIMIT_MS and measurement.nothing_lost


def find_max(keeps: Callable[[int], bool], start: int) -> int:
    """Doubles from `start` until calls are not kept, then bisects down to 4 %. 0: not even one is kept."""
    kept, failed = 0, start
    while failed <= MOST_CALLS and keeps(failed):
        kept, failed = failed, min(failed * 2, MOST_CALLS + 1)
    while failed - kept > max(1, kept * _RESOLUTION):
        middle = (kept + failed) // 2
        if keeps(middle):
            kept = middle
        else:
            failed = middle
    return kept


def trial(name: str, tell: Callable[[str], None]) -> Callable[[int], bool]:
    """A `keeps` for `find_max` that measures a server, each time a fresh one, and tells how it went."""

    def told(measurement: Measurement) -> str:
        return (
            f"transcripts {measurement.transcript_delay}, {measurement.cpu_us_per_frame:.0f} us a frame, "
            f"server's core {server_core(measurement)}, generator's {generator_core(measurement)}"
        )

    return _trial(lambda calls: measure(name, calls, _SECONDS, endings=False), told, tell)


def fleet_trial(workers: int, tell: Callable[[str], None]) -> Callable[[int], bool]:
    """The same for so many workers."""

    def told(measurement: FleetMeasurement) -> str:
        across = measurement.transcript_delay_across
        return (
            f"results within {measurement.transcript_delay_within}"
            + (f", across {across}" if across else "")
            + f"; {shares(measurement)}"
        )

    return _trial(lambda calls: measure_fleet(workers, calls, _SECONDS), told, tell)


def _trial(
    measure_calls: Callable[[int], F], told: Callable[[F], str], tell: Callable[[str], None]
) -> Callable[[int], bool]:
    """`told`: what there is to tell of a measurement besides the delay of audio."""

    def keeps(calls: int) -> bool:
        try:
            measurement = measure_calls(calls)
        except BenchError as error:
            tell(f"  {calls:5} calls: not kept: {error}")
            return False
        kept = is_kept(measurement)
        outcome = "kept" if kept else "not kept"
        tell(f"  {calls:5} calls: {outcome}: added delay {measurement.audio_delay}, {told(measurement)}")
        return kept

    return keeps
