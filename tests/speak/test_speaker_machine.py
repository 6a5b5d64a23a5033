"""Whatever happens in whatever order: the rules at the top of phonegame/speak/speaker.py hold."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

import structlog
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from phonegame.audio import BYTES_PER_SECOND
from phonegame.speak.saying import Dropped, Priority
from phonegame.speak.speaker import LEAD_SECONDS, PIECE_BYTES
from tests.speak.fake_voice import FakeVoice, audio_of
from tests.speak.spoken_call import STREAM, SpokenCall, spoken_call, whole_audio

SHORT = [0.0, 0.01, 0.02, 0.1, 0.26, 0.4]
LONG = [1.0, 2.5, 12.0]


def voices() -> dict[str | None, FakeVoice]:
    return {
        None: FakeVoice(),
        "live": FakeVoice(first_after=0.2, speed=1.5, chunk_bytes=480),
        "too slow": FakeVoice(first_after=0.1, speed=0.7, chunk_bytes=333),
        "silent": FakeVoice(silent=True),
        "breaks": FakeVoice(first_after=0.1, fails_at=1700),
        "errs": FakeVoice(fails_at=0, error=ZeroDivisionError("boom")),
        "stalls": FakeVoice(fails_at=1200, error=None),
    }


@dataclass(frozen=True)
class Say:
    sentences: int
    voice: str | None
    priority: Priority
    interruptible: bool
    start_within: float | None


@dataclass(frozen=True)
class Play:
    samples: int
    priority: Priority
    interruptible: bool


Plain = Literal["interrupt", "clear", "begin", "close", "lose marks", "return marks"]
Step = Say | Play | Plain

says = st.builds(
    Say,
    sentences=st.integers(0, 3),
    voice=st.sampled_from([*voices(), "nobody"]),
    priority=st.sampled_from(Priority),
    interruptible=st.booleans(),
    start_within=st.sampled_from([None, None, 0.0, 0.3, 2.0]),
)
plays = st.builds(Play, st.sampled_from([1, 159, 160, 3000, 9999]), st.sampled_from(Priority), st.booleans())
plain: st.SearchStrategy[Plain] = st.sampled_from(
    ["interrupt", "interrupt", "interrupt", "clear", "begin", "lose marks", "return marks", "close"]
)
waits = st.sampled_from(SHORT) | st.sampled_from(SHORT + LONG)
scripts = st.lists(st.tuples(says | says | plays | plain, waits), max_size=20)


class Driven:
    """One call, and the steps that are done to it."""

    def __init__(self, call: SpokenCall) -> None:
        self.call = call
        self.loses_marks = False
        self.is_closed = False
        self._numbers = itertools.count()

    def do(self, step: Step) -> None:
        match step:
            case Say():
                # every sentence of its own, so that its audio is told from any other
                text = " ".join(f"Say {next(self._numbers)} so." for _ in range(step.sentences))
                self.call.say(
                    text,
                    voice=step.voice,
                    priority=step.priority,
                    interruptible=step.interruptible,
                    start_within=step.start_within,
                )
            case Play():
                audio = audio_of(f"clip {next(self._numbers)}" * 5)[: step.samples]
                self.call.say(audio=audio, priority=step.priority, interruptible=step.interruptible)
            case "interrupt":
                self.call.speaker.interrupt_nowait()
            case "clear":
                self.call.speaker.clear_nowait()
                assert self.call.receipts.keys() == self.call.said.keys()
            case "begin":
                self.call.speaker.begin_nowait(STREAM)
            case "close":
                self.is_closed = True
                self.call.speaker.close_nowait()
                assert self.call.receipts.keys() == self.call.said.keys()
            case "lose marks" | "return marks":
                self.loses_marks = step == "lose marks"
            case _:
                assert_never(step)


async def speak_and_check(script: Sequence[tuple[Step, float]], begun: bool) -> None:
    lost: list[bool] = []
    async with spoken_call(begun=begun, keeps_mark=lambda name: bool(lost)) as call:
        call.voices.voices = voices()
        driven = Driven(call)
        for step, wait in script:
            driven.do(step)
            lost[:] = [True] * driven.loses_marks
            if driven.is_closed:
                break
            await trio.sleep(wait)
        if not driven.is_closed:
            call.speaker.begin_nowait(STREAM)
            with trio.fail_after(600):
                await call.speaker.wait_silent()
        check(call)
    check_log(call)


def check(call: SpokenCall) -> None:
    # exactly what the receipts tell was heard, and in their order
    assert call.twilio.played == call.heard_audio
    assert call.twilio.longest_lead <= LEAD_SECONDS + PIECE_BYTES / BYTES_PER_SECOND + 1e-6
    for say_id, receipt in call.receipts.items():
        said = call.said[say_id]
        if not receipt.interrupted and receipt.dropped is None:
            assert receipt.heard == said.text
            assert said.voice == "silent" or receipt.seconds * BYTES_PER_SECOND == len(whole_audio(said))
        assert said.text.startswith(receipt.heard)
        assert said.interruptible or not receipt.interrupted
        assert (receipt.error is not None) == (receipt.dropped in (Dropped.VOICE_FAILED, Dropped.QUEUE_FULL))


def check_log(call: SpokenCall) -> None:
    assert len(set(call.log)) == len(call.log), "nothing is told twice"
    started = {say_id for what, say_id in call.log if what == "started"}
    assert all(call.log.index(("started", say_id)) < call.log.index(("finished", say_id)) for say_id in started)
    assert started >= {say_id for say_id, receipt in call.receipts.items() if receipt.seconds}
    for at, event, piece in call.twilio.sent:
        # a shorter piece may be part of anything
        if event == "media" and len(piece) >= 16:
            owner = next(say_id for say_id, said in call.said.items() if piece in whole_audio(said))
            assert call.times["started", owner] <= at <= call.times["finished", owner]


@settings(max_examples=150, deadline=None)
@given(scripts, st.sampled_from([True, True, False]))
def test_every_saying_is_accounted_for(script: list[tuple[Step, float]], begun: bool) -> None:
    with structlog.testing.capture_logs():
        trio.run(speak_and_check, script, begun, clock=MockClock(autojump_threshold=0))
