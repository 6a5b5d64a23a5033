"""The figures of a run in which games speak, and how they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .report import (
    BUSIEST_GENERATOR,
    LATEST_GENERATOR_MS,
    Delays,
    machine_and_cores,
)
from .speech_run import Around

METHOD = """\
How speaking is measured ({machine}).
The server runs {server}, eSpeak NG in it; the generator (callers, games, the stand-ins for Deepgram's ear and for its
voice, Aura) runs {generator}. All calls go on sending media messages; half the games speak phonegame.v1, half the
text protocol. First {idle_calls} calls are there ("idle"), then, on the same server, {calls}.
  first sound        a game sends `say` -> the first media message is at the call's socket. "cached": said before;
                     "eSpeak live", "Aura": never said before. The time that the stand-in for Aura takes is subtracted
  being spoken to    each game says a long text that nobody may interrupt, all within a second. From when media comes,
                     each caller's playback is computed as Twilio plays
  under-run          nothing left to play in the middle of a sentence
  lead               how much is there to be played when a piece has come: 0.4 s and one piece (0.1 s) at most
  piece late         behind the moment 0.4 s before its first sample plays; the first pieces are due at once
  CPU                user and system time of the server, synthesis included. A spoken second: from the first word to
                     the last receipt, less what the calls took before, / seconds of audio that came
  cores              what the main thread waits for may be something else on its core, or the server's own synthesis
  added delay        of the callers' own frames meanwhile, as in the measurement of frames
  interruption       the stand-in for Deepgram sends an interim result with a word of the last half second
                     -> `clear` is at the call's socket. All calls are being spoken to, and told the text again
  wrong              each saying must sound as it did before, byte by byte, have exactly one say_started and one
                     say_finished (v1), whose seconds and text fit what came; nothing else may come; events have no hole
"""


@dataclass(frozen=True, slots=True)
class FirstSounds:
    delays: dict[str, Delays]
    """By protocol and voice."""
    aura_own: Delays | None
    around: dict[str, Around]
    """By voice."""


@dataclass(frozen=True, slots=True)
class SpokenTo:
    """All calls at once."""

    pieces: int
    under_runs: int
    longest_under_run_ms: float
    largest_lead_ms: float
    late: Delays | None
    pauses: Delays | None
    cpu_ms_per_spoken_second: float
    """On top of what the calls take anyway."""
    around: Around


@dataclass(frozen=True, slots=True)
class Interruptions:
    delay: Delays | None
    unseen: int
    receipt_error: Delays | None
    """How far the `seconds` of receipts were from what was computed to have been heard."""
    around: Around


@dataclass(frozen=True, slots=True)
class SpeechMeasurement:
    pinned: bool
    idle_calls: int
    calls: int
    first_sounds: dict[str, FirstSounds]
    """`idle` and `calls`, as `interruptions`."""
    without_speech: Around
    spoken_to: dict[str, SpokenTo]
    """By voice."""
    interruptions: dict[str, Interruptions]
    sayings: int
    wrong_sayings: int
    first_wrong: str | None
    faults: int
    first_fault: str | None
    lost_frames: int
    lost_transcripts: int
    calls_ended_by_server: int

    @property
    def nothing_wrong(self) -> bool:
        lost = self.lost_frames or self.lost_transcripts or self.calls_ended_by_server
        return not (self.wrong_sayings or self.faults or lost)


def method(cores: tuple[int, int] | None, idle_calls: int, calls: int) -> str:
    machine, server, generator = machine_and_cores(cores)
    return METHOD.format(machine=machine, server=server, generator=generator, idle_calls=idle_calls, calls=calls)


def text(m: SpeechMeasurement) -> str:
    lines = [f"phonegame speaks, {m.calls} calls"]
    for load, title in (("idle", f"idle, {m.idle_calls} calls"), ("calls", f"{m.calls} calls")):
        lines.append(f"  first sound, {title}")
        lines += _first_sounds(m.first_sounds[load])
    lines.append(f"  {m.calls} calls, nobody is spoken to")
    lines += _around(m.without_speech)
    for voice, spoken in m.spoken_to.items():
        lines.append(f"  {m.calls} calls being spoken to, {voice}")
        lines += _spoken_to(spoken)
    for load, title in (("idle", f"{m.idle_calls} calls"), ("calls", f"{m.calls} calls")):
        lines.append(f"  interruption, {title} being spoken to")
        lines += _interruptions(m.interruptions[load])
    lines.append(f"  {'lost, wrong':<18} {_wrong(m)}")
    return "\n".join(lines)


def _line(name: str, value: object) -> str:
    return f"    {name:<20} {'not measured' if value is None else value}"


def _first_sounds(figures: FirstSounds) -> Iterator[str]:
    for kind, found in figures.delays.items():
        yield _line(kind, found)
    yield _line("Aura's own, p50", None if figures.aura_own is None else f"{figures.aura_own.p50:.2f} ms")
    for voice, around in figures.around.items():
        yield _line(f"cores, {voice}", cores_line(around))


def _around(around: Around) -> Iterator[str]:
    yield _line("CPU a call-second", f"{around.cpu_ms_per_call_second:.2f} ms")
    yield _line("added delay", around.audio_delay)
    yield _line("transcript delay", around.transcript_delay)
    yield _line("generator late", around.generator_lateness)
    yield _line("cores", cores_line(around))


def _spoken_to(spoken: SpokenTo) -> Iterator[str]:
    worst = f", the longest {spoken.longest_under_run_ms:.0f} ms" if spoken.under_runs else ""
    yield _line("under-runs", f"{spoken.under_runs} in {spoken.pieces} pieces{worst}")
    yield _line("between sentences", spoken.pauses)
    yield _line("largest lead", f"{spoken.largest_lead_ms:.0f} ms")
    yield _line("piece late", spoken.late)
    yield _line("CPU a spoken second", f"{spoken.cpu_ms_per_spoken_second:.2f} ms, on top of the call's own")
    yield from _around(spoken.around)


def _interruptions(figures: Interruptions) -> Iterator[str]:
    yield _line("to clear", figures.delay)
    yield _line("  without effect", figures.unseen)
    yield _line("receipt off by", figures.receipt_error)
    yield _line("cores", cores_line(figures.around))


def cores_line(around: Around) -> str:
    wait = around.wait_share
    waited = "" if wait is None else f", its main thread waited for it {wait:.0%} of the time"
    late = around.generator_lateness is not None and around.generator_lateness.p99 > LATEST_GENERATOR_MS
    bottleneck = " THE BOTTLENECK" if late or around.generator_cpu_share > BUSIEST_GENERATOR else ""
    return f"server {around.cpu_share:.0%} busy{waited}; generator {around.generator_cpu_share:.0%}{bottleneck}"


def _wrong(m: SpeechMeasurement) -> str:
    faults = "; ".join(filter(None, (m.first_wrong, m.first_fault)))
    return (
        f"{'nothing' if m.nothing_wrong else 'SOMETHING'}: {m.wrong_sayings} of {m.sayings} sayings, "
        f"{m.faults} messages wrong; {m.lost_frames} frames, {m.lost_transcripts} results lost, "
        f"{m.calls_ended_by_server} calls dropped" + (f"; {faults}" if faults else "")
    )
