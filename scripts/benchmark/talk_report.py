"""The figures of a run in which callers talk with a character, and how they are shown."""

from __future__ import annotations

from dataclasses import dataclass

from .model import TOKEN_SECONDS
from .report import BUSIEST_GENERATOR, LATEST_GENERATOR_MS, LONGEST_WAIT, Delays, machine_and_cores

TARGET_MS = 15.0
"""The most that is to be ours at p99 (issue 5)."""

METHOD = """\
How conversations are measured ({machine}).
The server runs {server}, eSpeak NG in it; the generator (callers, the stand-ins for Deepgram and for the model) runs
{generator}. {calls} callers talk to one character at once: each asks, hears the answer to its end, and asks again
half a second later; in each third turn it speaks over a long answer. All go on sending media messages. First with a
script, then with OpenAI's library against the stand-in, which sends a token every {token_ms:.0f} ms. {seconds:.0f} s of
each are measured, after every answer has been said once, so that the voice has nothing to do.
  ours               the stand-in for Deepgram sends the result that ends the turn -> the first media message of the
                     answer has arrived at the call's socket (on Linux by the kernel's clock, so that a generator that
                     reads it late adds nothing); less the time from when the model's socket had the whole request
                     until the model sent what completes the first phrase: a token, or the end of its answer
  core free          the same, less what the server stood in line for its core meanwhile: nothing, on a calm machine
  stages             as the server measures them, see phonegame/characters/timing.py; what a socket, a library or a busy
                     event loop adds before a message is read counts for whoever was waited for
  CPU a turn         user and system time of the server, less what the calls take while nobody says anything
  interruption       an interim result with a word of the last half second is sent -> `clear` is at the call's socket
  wrong              each answer comes once, and sounds, byte by byte, as it did before, to its end or up to the
                     `clear`; the model is asked once, and told what was heard; the server times and counts each turn
"""


@dataclass(frozen=True, slots=True)
class TalkMeasurement:
    brain: str
    pinned: bool
    calls: int
    seconds: float
    turns: int
    ours: Delays | None
    ours_with_core: Delays | None
    """Had the server's core been free for it, where the system tells that; else the same."""
    stages: dict[str, Delays]
    """And `ours`, by the server's own count."""
    cpu_ms_per_turn: float
    cpu_share: float
    wait_share: float | None
    audio_delay: Delays | None
    interruptions: Delays | None
    unseen: int
    wrong: int
    first_wrong: str | None
    faults: int
    first_fault: str | None
    untimed_turns: int
    uncounted_turns: int
    lost_frames: int
    calls_ended_by_server: int
    generator_lateness: Delays | None
    generator_cpu_share: float

    @property
    def nothing_wrong(self) -> bool:
        lost = self.lost_frames or self.calls_ended_by_server or self.untimed_turns or self.uncounted_turns
        return not (self.wrong or self.faults or self.unseen or lost)


def method(cores: tuple[int, int] | None, calls: int, seconds: float) -> str:
    machine, server, generator = machine_and_cores(cores)
    return METHOD.format(
        machine=machine,
        server=server,
        generator=generator,
        calls=calls,
        seconds=seconds,
        token_ms=TOKEN_SECONDS * 1e3,
    )


def text(m: TalkMeasurement) -> str:
    lines: list[tuple[str, object]] = [
        (f"ours (p99 < {TARGET_MS:.0f})", m.ours),
        ("  core free", m.ours_with_core),
        *((f"  {stage}", found) for stage, found in m.stages.items()),
        ("interruption", m.interruptions),
        ("  without effect", m.unseen),
        ("CPU a turn", f"{m.cpu_ms_per_turn:.2f} ms   ({m.turns} turns)"),
        ("server's core", _server_core(m)),
        ("added delay", m.audio_delay),
        ("lost, wrong", _wrong(m)),
        ("generator late", m.generator_lateness),
        ("generator's core", _generator_core(m)),
    ]
    return f"{m.calls} conversations, {m.brain}\n" + "\n".join(
        f"  {name:<18} {'not measured' if value is None else value}" for name, value in lines
    )


def _server_core(m: TalkMeasurement) -> str:
    busy = f"{m.cpu_share:.0%} busy"
    if m.wait_share is None:
        return busy
    note = " SHARED WITH SOMETHING ELSE" if m.wait_share > LONGEST_WAIT else ""
    return f"{busy}, not free for it {m.wait_share:.0%} of the time{note}"


def _generator_core(m: TalkMeasurement) -> str:
    late = m.generator_lateness is not None and m.generator_lateness.p99 > LATEST_GENERATOR_MS
    note = " THE BOTTLENECK" if late or m.generator_cpu_share > BUSIEST_GENERATOR else ""
    return f"{m.generator_cpu_share:.0%} busy{note}"


def _wrong(m: TalkMeasurement) -> str:
    faults = "; ".join(filter(None, (m.first_wrong, m.first_fault)))
    return (
        f"{'nothing' if m.nothing_wrong else 'SOMETHING'}: {m.wrong} answers, {m.faults} messages wrong; "
        f"{m.untimed_turns} turns not timed, {m.uncounted_turns} not in /metrics; {m.lost_frames} frames lost, "
        f"{m.calls_ended_by_server} calls dropped" + (f"; {faults}" if faults else "")
    )
