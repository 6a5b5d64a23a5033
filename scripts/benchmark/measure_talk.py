"""Measures conversations with a character, so many at once, from the server's start to its end."""

from __future__ import annotations

import tempfile
import urllib.request
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec

from phonegame.characters.persona import Persona
from phonegame.characters.timing import STAGES

from .measure import PROFILER_START_SECONDS, generator
from .model import ModelService
from .peers import SpeechService
from .profiling import Profiler
from .report import Delays, delays
from .run import Usage
from .server import Server, cores, running
from .talk_report import TalkMeasurement
from .talk_run import TalkRun
from .talk_texts import GREETING, WHO, script
from .talking_call import Turn
from .timers import Timers

BRAINS = ("script", "openai")
_IDLE_SECONDS = 3.0
_SETTINGS = {"PHONEGAME_VOICE": "espeak", "PHONEGAME_INTERRUPT": "words", "PHONEGAME_INTERRUPT_WORDS": "1"}
_OURS_COUNT = "phonegame_turn_ours_seconds_count "


def measure_talk(brain: str, calls: int, seconds: float, profiler: Profiler | None = None) -> TalkMeasurement:
    """`brain`: of `BRAINS`. Raises `BenchError` when the server cannot be started or does not do its work."""
    persona = Persona(
        name="Keeper",
        persona=WHO,
        script=script() if brain == "script" else "",
        greeting=GREETING,
        silence_seconds=0,
        filler="",
    )
    with generator() as loop, tempfile.TemporaryDirectory(prefix="phonegame-bench-") as folder:
        turns, timers, speech = Path(folder, "turns"), Timers(), SpeechService(loop)
        model = ModelService(loop, timers) if brain == "openai" else None
        settings = {"BENCH_PERSONA": msgspec.json.encode(persona).decode(), "BENCH_TURNS": str(turns)}
        settings |= {"PHONEGAME_MODEL": "local", "PHONEGAME_MODEL_URL": model.url} if model is not None else {}
        with running("characters", speech.url, codes=1, settings=_SETTINGS | settings) as server:
            run = TalkRun(loop, server, calls, timers, turns)
            speech.claim = run.claim
            run.gathered.core_wait = partial(_core_wait, server)
            if model is not None:
                model.fault, model.core_wait = run.gathered.fault, run.gathered.core_wait
            return _measure(brain, run, model, server, seconds, profiler)


def _measure(
    brain: str, run: TalkRun, model: ModelService | None, server: Server, seconds: float, profiler: Profiler | None
) -> TalkMeasurement:
    run.dial()
    idle = [run.idle(_IDLE_SECONDS)]
    run.learn()
    before = len(run.server_turns())
    usage, turns = run.converse(seconds)
    idle.append(run.idle(_IDLE_SECONDS))
    of_server = run.server_turns()
    interruptions, unseen = delays(run.gathered.interruptions), run.gathered.unseen
    if profiler:
        run.profile(profiler, PROFILER_START_SECONDS)
    gone = run.callers_gone()
    lost_frames, _ = run.drain()
    wrong = run.audit(model)
    counted = _counted(server)
    return TalkMeasurement(
        brain=brain,
        pinned=cores() is not None,
        calls=run.count,
        seconds=usage.seconds,
        turns=len(turns),
        ours=delays([_ours(turn, model)[0] for turn in turns if turn.first_at is not None]),
        ours_with_core=delays([_ours(turn, model)[1] for turn in turns if turn.first_at is not None]),
        stages=_stages(of_server[before:]),
        cpu_ms_per_turn=_cpu_seconds(usage, idle) / max(len(turns), 1) * 1e3,
        cpu_share=usage.server_cpu_seconds / usage.seconds,
        wait_share=None if usage.server_wait_seconds is None else usage.server_wait_seconds / usage.seconds,
        audio_delay=delays(run.gathered.audio_delays),
        interruptions=interruptions,
        unseen=unseen,
        wrong=len(wrong),
        first_wrong=wrong[0] if wrong else None,
        faults=run.gathered.faults,
        first_fault=run.gathered.first_fault,
        untimed_turns=run.turns_in_all - len(run.server_turns()),
        uncounted_turns=sum(turn["ours"] is not None for turn in run.server_turns()) - counted,
        lost_frames=lost_frames,
        calls_ended_by_server=gone,
        generator_lateness=delays(run.gathered.lateness),
        generator_cpu_share=usage.generator_cpu_seconds / usage.seconds,
    )


def _ours(turn: Turn, model: ModelService | None) -> tuple[float, float]:
    """From the caller's result to the first sound, less what the model took up to the end of a phrase.

    The second one is less, too, what the server stood in line for its core meanwhile, as it does not on a calm machine.
    """
    assert turn.first_at is not None
    taken, waited = turn.first_at - turn.sent_at, turn.waited_at_first - turn.waited_then
    for asked in model.asked.get(turn.question, ()) if model is not None else ():
        if asked.phrased is not None:
            taken -= asked.phrased - asked.asked
            waited -= asked.waited_at_phrase - asked.waited_then
    return taken, taken - waited


def _core_wait(server: Server) -> float:
    return server.core_wait_seconds() or 0.0


def _stages(turns: Sequence[dict[str, float | None]]) -> dict[str, Delays]:
    found = {
        stage: delays([of for turn in turns if (of := turn.get(stage)) is not None]) for stage in (*STAGES, "ours")
    }
    return {stage: each for stage, each in found.items() if each is not None}


def _cpu_seconds(usage: Usage, idle: Sequence[Usage]) -> float:
    """On top of what the calls take anyway, by what they take before and afterwards."""
    share = sum(each.server_cpu_seconds for each in idle) / sum(each.seconds for each in idle)
    return usage.server_cpu_seconds - share * usage.seconds


def _counted(server: Server) -> int:
    """How many turns `/metrics` tells of."""
    host, port = server.address
    with urllib.request.urlopen(f"http://{host}:{port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return next(round(float(line.removeprefix(_OURS_COUNT))) for line in lines if line.startswith(_OURS_COUNT))
