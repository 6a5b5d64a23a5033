"""The figures of several workers, and how they are shown."""

from __future__ import annotations

from dataclasses import dataclass

from .report import Delays, Figures, machine_and_cores

METHOD = """\
How it is measured ({machine}).
Workers, Redis and the generator, which is callers, games and the stand-in for Deepgram in one, share all cores of this
machine: nothing is tied to one. One worker keeps its switchboard in memory. Two are two processes with an address each
and a Redis between them; as behind a load balancer, every second call is at another worker than its game. Traffic and
delays are those of `bench.py` without this option; {seconds:.0f} s of steady traffic are measured.
  shares             CPU time in the window / the window: 100 % is one core
  results            from the stand-in to the game: within the worker that has both, and across from one to another
  Redis              commands that it has run, those in scripts included; idle: {idle:.0f} s with all games and no call
"""


@dataclass(frozen=True, kw_only=True)
class FleetMeasurement(Figures):
    """So many workers. None: there was none of it."""

    workers: int
    workers_cpu_share: float
    redis_cpu_share: float | None
    transcript_delay_within: Delays | None
    transcript_delay_across: Delays | None
    redis_commands_per_second_idle: float | None
    redis_commands_per_call_second: float | None

    @property
    def slowest_p99(self) -> float | None:
        """Of results within and across, as far as there are any."""
        every = self.audio_delay, self.transcript_delay_within, self.transcript_delay_across
        return max((delays.p99 for delays in every if delays), default=None)


def method(cores: tuple[int, int] | None, seconds: float, idle_seconds: float) -> str:
    machine, _, _ = machine_and_cores(cores)
    return METHOD.format(machine=machine, seconds=seconds, idle=idle_seconds)


def shares(measurement: FleetMeasurement) -> str:
    m = measurement
    redis = "" if m.redis_cpu_share is None else f"Redis {m.redis_cpu_share:.0%}, "
    note = " THE BOTTLENECK" if m.generator_is_bottleneck else ""
    return f"{plural(m.workers)} {m.workers_cpu_share:.0%}, {redis}generator {m.generator_cpu_share:.0%}{note}"


def plural(workers: int) -> str:
    return "1 worker" if workers == 1 else f"{workers} workers"


def text(measurement: FleetMeasurement) -> str:
    m = measurement
    lines: list[tuple[str, object]] = [
        ("CPU a frame", f"{m.cpu_us_per_frame:.1f} us"),
        ("shares", shares(m)),
        ("added delay", m.audio_delay),
        ("results within", m.transcript_delay_within),
    ]
    if m.redis_commands_per_call_second is not None:
        lines += [
            ("results across", m.transcript_delay_across),
            ("Redis", f"{m.redis_commands_per_call_second:.1f} commands a call-second"),
            ("  idle", f"{m.redis_commands_per_second_idle:.0f} commands a second"),
        ]
    lines += [
        ("lost, wrong", m.losses),
        ("generator late", m.generator_lateness),
    ]
    return f"{plural(m.workers)}, {m.calls} calls\n" + "\n".join(f"  {name:<18} {value}" for name, value in lines)
