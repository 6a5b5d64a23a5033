"""The figures of a run, and how they are shown."""

from __future__ import annotations

import math
import platform
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

METHOD = """\
How it is measured ({machine}).
The server runs {server}; the generator, which is callers, games and the stand-in for Deepgram in one, runs
{generator}; everything goes over loopback. Each call sends a media message of 160 bytes of audio every 20 ms
by absolute deadlines (the calls spread evenly over the 20 ms), has keyed the code of its game, and is sent a
result by the stand-in once a second. After some calls to warm up, the ramp and a second of rest,
{seconds:.0f} s of steady traffic are measured.
  CPU a frame        user and system time of the server process in the window / media messages sent in it
  server's core      must be the server's alone: what it waits for it shows in all delays
  added delay        send() of the media message -> the last byte of its audio is at the stand-in for Deepgram
  transcript delay   send() of a result by the stand-in -> the game has it
  lost, wrong        each byte of audio is compared with what was sent at its place, each result at its turn
  memory             resident memory of the server with all calls, less that with the games only, / calls
  hang-up            a caller sends `stop` and closes -> CloseStream (or the end) has come to the stand-in
  game gone          a game closes while all codes are taken -> a new game, which comes at once, has its code
  generator          how late it sent by its deadlines, and how busy it kept its core; it must not be the bottleneck:
                     over 90 %, or a frame (20 ms) late at p99, the figures are its own and not the server's
"""

BUSIEST_GENERATOR = 0.9
LATEST_GENERATOR_MS = 20.0
LONGEST_WAIT = 0.03


@dataclass(frozen=True)
class Delays:
    """In milliseconds."""

    p50: float
    p99: float
    max: float
    count: int

    def __str__(self) -> str:
        return f"p50 {self.p50:.1f}   p99 {self.p99:.1f}   max {self.max:.1f} ms   ({self.count})"


@dataclass(frozen=True, kw_only=True)
class Figures(ABC):
    """What every run has. None: nothing has arrived in it."""

    calls: int
    seconds: float
    cpu_us_per_frame: float
    audio_delay: Delays | None
    lost_frames: int
    lost_transcripts: int
    faults: int
    first_fault: str | None
    calls_ended_by_server: int
    generator_lateness: Delays | None
    generator_cpu_share: float

    @property
    def nothing_lost(self) -> bool:
        return not (self.lost_frames or self.lost_transcripts or self.faults or self.calls_ended_by_server)

    @property
    def generator_is_bottleneck(self) -> bool:
        """Or something else used its core: then it is late without being busy."""
        late = self.generator_lateness is not None and self.generator_lateness.p99 > LATEST_GENERATOR_MS
        return late or self.generator_cpu_share > BUSIEST_GENERATOR

    @property
    @abstractmethod
    def slowest_p99(self) -> float | None:
        """Milliseconds, of audio and of results. None: some of them have not arrived."""

    @property
    def losses(self) -> str:
        return (
            f"{'nothing' if self.nothing_lost else 'SOMETHING'}: {self.lost_frames} frames, "
            f"{self.lost_transcripts} results lost, {self.faults} wrong, {self.calls_ended_by_server} calls dropped"
        ) + (f"; {self.first_fault}" if self.first_fault else "")


@dataclass(frozen=True, kw_only=True)
class Measurement(Figures):
    """One server with so many calls. None: not measured in this run."""

    server: str
    pinned: bool
    frames: int
    cpu_ms_per_call_second: float
    cpu_share: float
    wait_share: float | None
    transcript_delay: Delays | None
    tail_frames_lost: int | None
    endings_unseen: int | None
    hang_up_to_deepgram: Delays | None
    game_gone_to_code_free: Delays | None
    kilobytes_per_game: float
    kilobytes_per_call: float

    @property
    def slowest_p99(self) -> float | None:
        audio, results = self.audio_delay, self.transcript_delay
        return max(audio.p99, results.p99) if audio and results else None


def delays(seconds: Sequence[float]) -> Delays | None:
    """None for none. A percentile is the smallest value that so many of all do not exceed."""
    if not seconds:
        return None
    ordered = sorted(seconds)

    def at(share: float) -> float:
        return ordered[math.ceil(share * len(ordered)) - 1] * 1e3

    return Delays(at(0.5), at(0.99), ordered[-1] * 1e3, len(ordered))


def method(cores: tuple[int, int] | None, seconds: float) -> str:
    """How the figures came about, in words."""
    machine, server, generator = machine_and_cores(cores)
    return METHOD.format(server=server, generator=generator, seconds=seconds, machine=machine)


def machine_and_cores(cores: tuple[int, int] | None) -> tuple[str, str, str]:
    """The machine, where the server runs, and where the generator does."""
    server, generator = ("UNPINNED",) * 2 if cores is None else (f"on core {core}" for core in cores)
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{platform.system()} on {platform.machine()}, {python}", server, generator


def server_core(measurement: Measurement) -> str:
    """How busy the server kept its core, and how long it stood in line for it behind something else."""
    wait = measurement.wait_share
    busy = f"{measurement.cpu_share:.0%} busy"
    if wait is None:
        return busy
    note = " SHARED WITH SOMETHING ELSE" if wait > LONGEST_WAIT else ""
    return f"{busy}, not free for it {wait:.0%} of the time{note}"


def generator_core(measurement: Measurement) -> str:
    note = " THE BOTTLENECK" if measurement.generator_is_bottleneck else ""
    return f"{measurement.generator_cpu_share:.0%} busy{note}"


def text(measurement: Measurement) -> str:
    m = measurement
    lines = [
        ("CPU a frame", f"{m.cpu_us_per_frame:.1f} us   ({m.frames} frames)"),
        ("CPU a call-second", f"{m.cpu_ms_per_call_second:.2f} ms"),
        ("server's core", server_core(m)),
        ("added delay", m.audio_delay),
        ("transcript delay", m.transcript_delay),
        ("lost, wrong", m.losses),
        ("hang-up", m.hang_up_to_deepgram),
        ("  its last audio", None if m.tail_frames_lost is None else f"{m.tail_frames_lost} frames lost"),
        ("game gone", m.game_gone_to_code_free),
        ("  without effect", None if m.endings_unseen is None else f"{m.endings_unseen} of both, after 5 s"),
        ("memory a call", f"{m.kilobytes_per_call:.0f} kB   (and {m.kilobytes_per_game:.0f} kB a game)"),
        ("generator late", m.generator_lateness),
        ("generator's core", generator_core(m)),
    ]
    return f"{m.server}, {m.calls} calls\n" + "\n".join(
        f"  {name:<18} {'not measured' if value is None else value}" for name, value in lines
    )
