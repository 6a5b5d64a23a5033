"""Measures one server with so many calls, from its start to its end."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

from .loop import Loop
from .peers import SpeechService
from .profiling import Profiler
from .report import Measurement, delays
from .run import Run, UnderTest
from .server import Server, cores, running
from .traffic import MediaFrames

_WARM_UP_CALLS = 4
PROFILER_START_SECONDS = 30.0


def measure(
    name: str, calls: int, seconds: float, *, endings: bool = True, profiler: Profiler | None = None
) -> Measurement:
    """Raises `BenchError` when the server cannot be started or does not do its work."""
    with generator() as loop:
        speech = SpeechService(loop)
        with running(name, speech.url, codes=calls) as server:
            frames = MediaFrames()
            warm_up(loop, speech, server, frames, min(calls, _WARM_UP_CALLS))
            run = Run(loop, server, frames, calls)
            speech.claim = run.claim
            return _measure(run, server, calls, seconds, endings, profiler)


def _measure(
    run: Run, server: Server, calls: int, seconds: float, endings: bool, profiler: Profiler | None
) -> Measurement:
    memory_before = server.resident_bytes()
    run.connect_games()
    memory_with_games = server.resident_bytes()
    run.dial()
    usage = run.talk(seconds)
    memory_with_calls = server.resident_bytes()
    if profiler:
        with profiler.record(server.process.pid) as finished:
            run.talk_on(finished, profiler.seconds + PROFILER_START_SECONDS)
    callers_gone = run.callers_gone()
    lost_frames, lost_results = run.drain()
    endings_unseen = run.end_one_by_one() if endings else None
    probe = run.probe
    return Measurement(
        server=server.name,
        pinned=cores() is not None,
        calls=calls,
        seconds=usage.seconds,
        frames=usage.frames,
        cpu_us_per_frame=usage.server_cpu_seconds / usage.frames * 1e6,
        cpu_ms_per_call_second=usage.server_cpu_seconds / calls / usage.seconds * 1e3,
        cpu_share=usage.server_cpu_seconds / usage.seconds,
        wait_share=None if usage.server_wait_seconds is None else usage.server_wait_seconds / usage.seconds,
        audio_delay=delays(probe.audio_delays),
        transcript_delay=delays(probe.transcript_delays),
        lost_frames=lost_frames,
        lost_transcripts=lost_results,
        faults=probe.faults,
        first_fault=probe.first_fault,
        calls_ended_by_server=callers_gone,
        tail_frames_lost=probe.tail_frames_lost if endings else None,
        endings_unseen=endings_unseen,
        hang_up_to_deepgram=delays(probe.hang_ups) if endings else None,
        game_gone_to_code_free=delays(probe.codes_freed) if endings else None,
        kilobytes_per_game=(memory_with_games - memory_before) / calls / 1e3,
        kilobytes_per_call=(memory_with_calls - memory_with_games) / calls / 1e3,
        generator_lateness=delays(probe.lateness),
        generator_cpu_share=usage.generator_cpu_seconds / usage.seconds,
    )


def warm_up(loop: Loop, speech: SpeechService, server: UnderTest, frames: MediaFrames, calls: int) -> None:
    """What a server loads or compiles for its first call is not the cost of a call."""
    run = Run(loop, server, frames, calls)
    speech.claim = run.claim
    run.connect_games()
    run.dial()
    run.leave()


@contextlib.contextmanager
def generator() -> Iterator[Loop]:
    """A loop whose rhythm no garbage collection disturbs."""
    _allow_many_sockets()
    with contextlib.closing(Loop()) as loop:
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            yield loop
        finally:
            gc.enable()
            gc.unfreeze()


def _allow_many_sockets() -> None:
    """Raises the limit on open files as far as this process may; the server inherits it."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 65536 if hard == resource.RLIM_INFINITY else hard
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
