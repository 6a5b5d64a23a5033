"""Measures workers that share a Redis: calls whose game is at the same worker, and calls whose game is at another."""

from __future__ import annotations

from dataclasses import dataclass

from .call import Call, Probe
from .fleet import Fleet, running_fleet
from .fleet_report import FleetMeasurement
from .loop import Loop
from .measure import generator, warm_up
from .peers import Game, SpeechService
from .report import delays
from .run import Run, Usage
from .traffic import MediaFrames

IDLE_SECONDS = 3.0


@dataclass(frozen=True)
class RedisUsage:
    """Up to a moment, or between two."""

    commands: int
    cpu_seconds: float

    def since(self, earlier: RedisUsage) -> RedisUsage:
        return RedisUsage(self.commands - earlier.commands, self.cpu_seconds - earlier.cpu_seconds)


class FleetRun(Run):
    """`probe` has the calls whose game is at the same worker; `across` has the others."""

    def __init__(self, loop: Loop, fleet: Fleet, frames: MediaFrames, count: int) -> None:
        super().__init__(loop, fleet, frames, count)
        self.across = Probe()
        self.redis_idle: RedisUsage | None = None
        self.redis_busy: RedisUsage | None = None
        self._fleet = fleet

    def make_call(self, at: int, game: Game | None) -> Call:
        return Call(at, self._count, self.across if self._fleet.is_across(at) else self.probe, game)

    def measure_until(self, moment: float) -> None:
        super().measure_until(moment)
        self.across.since, self.across.until = self.probe.since, moment

    def connect_games(self) -> None:
        """And looks for a while at what Redis has to do where nobody talks."""
        super().connect_games()
        before = self._redis_usage()
        self._turn_for(IDLE_SECONDS)
        self.redis_idle = self._since(before)

    def talk(self, seconds: float) -> Usage:
        before = self._redis_usage()
        usage = super().talk(seconds)
        self.redis_busy = self._since(before)
        return usage

    def _redis_usage(self) -> RedisUsage | None:
        redis = self._fleet.redis
        return RedisUsage(redis.commands(), redis.cpu_seconds()) if redis else None

    def _since(self, before: RedisUsage | None) -> RedisUsage | None:
        after = self._redis_usage()
        return after.since(before) if after and before else None


def measure_fleet(workers: int, calls: int, seconds: float) -> FleetMeasurement:
    """Raises `BenchError` when they cannot be started or do not do their work."""
    with generator() as loop:
        speech = SpeechService(loop)
        with running_fleet(workers, speech.url, codes=calls) as fleet:
            frames = MediaFrames()
            # each pair of workers has a line
            warm_up(loop, speech, fleet, frames, min(calls, workers * workers))
            run = FleetRun(loop, fleet, frames, calls)
            speech.claim = run.claim
            return _measure(run, workers, calls, seconds)


def _measure(run: FleetRun, workers: int, calls: int, seconds: float) -> FleetMeasurement:
    run.connect_games()
    run.dial()
    usage = run.talk(seconds)
    callers_gone = run.callers_gone()
    lost_frames, lost_results = run.drain()
    probes = run.probe, run.across
    idle, busy = run.redis_idle, run.redis_busy
    return FleetMeasurement(
        workers=workers,
        calls=calls,
        seconds=usage.seconds,
        cpu_us_per_frame=usage.server_cpu_seconds / usage.frames * 1e6,
        workers_cpu_share=usage.server_cpu_seconds / usage.seconds,
        redis_cpu_share=busy.cpu_seconds / usage.seconds if busy else None,
        generator_cpu_share=usage.generator_cpu_seconds / usage.seconds,
        generator_lateness=delays([late for probe in probes for late in probe.lateness]),
        audio_delay=delays([delay for probe in probes for delay in probe.audio_delays]),
        transcript_delay_within=delays(run.probe.transcript_delays),
        transcript_delay_across=delays(run.across.transcript_delays),
        lost_frames=lost_frames,
        lost_transcripts=lost_results,
        faults=sum(probe.faults for probe in probes),
        first_fault=run.probe.first_fault or run.across.first_fault,
        calls_ended_by_server=callers_gone,
        redis_commands_per_second_idle=idle.commands / IDLE_SECONDS if idle else None,
        redis_commands_per_call_second=busy.commands / calls / usage.seconds if busy else None,
    )
