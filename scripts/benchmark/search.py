"""The largest number of calls that one core keeps."""

from __future__ import annotations

from collections.abc import Callable

from .errors import BenchError
from .fleet_report import shares
from .measure import measure
from .measure_fleet import measure_fleet
from .report import Measurement, generator_core, server_core
from .traffic import MOST_CALLS

LIMIT_MS = 100.0
"""p99 of the audio's and of the transcripts' delay."""
_SECONDS = 8.0
_RESOLUTION = 0.04


def is_kept(measurement: Measurement) -> bool:
    audio, transcripts = measurement.audio_delay, measurement.transcript_delay
    in_time = audio is not None and transcripts is not None and max(audio.p99, transcripts.p99) < LIMIT_MS
    return in_time and measurement.nothing_lost


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


def fleet_trial(workers: int, tell: Callable[[str], None]) -> Callable[[int], bool]:
    """The same for so many workers."""

    def keeps(calls: int) -> bool:
        try:
            measurement = measure_fleet(workers, calls, _SECONDS)
        except BenchError as error:
            tell(f"  {calls:5} calls: not kept: {error}")
            return False
        slowest = measurement.slowest_p99
        kept = slowest is not None and slowest < LIMIT_MS and measurement.nothing_lost
        within, across = measurement.transcript_delay_within, measurement.transcript_delay_across
        tell(
            f"  {calls:5} calls: {'kept' if kept else 'not kept'}: added delay {measurement.audio_delay}, "
            f"results within {within}" + (f", across {across}" if across else "") + f"; {shares(measurement)}"
        )
        return kept

    return keeps


def trial(name: str, tell: Callable[[str], None]) -> Callable[[int], bool]:
    """A `keeps` for `find_max` that measures a server, each time a fresh one, and tells how it went."""

    def keeps(calls: int) -> bool:
        try:
            measurement = measure(name, calls, _SECONDS, endings=False)
        except BenchError as error:
            tell(f"  {calls:5} calls: not kept: {error}")
            return False
        kept = is_kept(measurement)
        tell(
            f"  {calls:5} calls: {'kept' if kept else 'not kept'}: added delay {measurement.audio_delay}, "
            f"transcripts {measurement.transcript_delay}, {measurement.cpu_us_per_frame:.0f} us a frame, "
            f"server's core {server_core(measurement)}, generator's {generator_core(measurement)}"
        )
        return kept

    return keeps
