"""The notice that cannot be said, and characters in the log."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trio

from phonegame.call_recording import CallRecording, Recordings
from phonegame.call_speech import CallSpeech
from phonegame.interruption import Interruption
from phonegame.listen.listener import Listener
from phonegame.prompts import Prompts
from phonegame.speak.saying import Saying
from phonegame.switchboard import (
    ActionResult,
    CallEvent,
    CallProblem,
    CharacterAsks,
    RecordingStarted,
    RecordingStopped,
)
from tests.recording.test_files import names
from tests.speak.fake_twilio import FakeTwilio
from tests.speak.fake_voice import FakeVoice, FakeVoices


class OwnVoice(FakeVoices):
    has_voice = True


@dataclass
class Recorded:
    recording: CallRecording
    speech: CallSpeech
    events: list[CallEvent] = field(default_factory=list)
    changed: trio.Event = field(default_factory=trio.Event)

    def deliver(self, event: CallEvent) -> None:
        self.events.append(event)
        self.changed.set()

    async def next(self) -> CallEvent:
        while not self.events:
            self.changed = trio.Event()
            await self.changed.wait()
        return self.events.pop(0)


@asynccontextmanager
async def recorded(folder: Path, voice: FakeVoice) -> AsyncIterator[Recorded]:
    async def send_text(text: str) -> None:
        await twilio.send_text(text)

    prompts = Prompts(_env_file=None, prompt_recording="Told.")
    speech = CallSpeech(OwnVoice({None: voice}), prompts, Interruption("words"), send_text, lambda event: None)
    twilio = FakeTwilio(speech.speaker.mark_returned_nowait)
    listener = Listener("ws://127.0.0.1:1", "", final_seconds=1, reconnect_seconds=1, stall_seconds=5)
    recording = CallRecording(Recordings(folder), prompts, speech, listener, lambda event: call.deliver(event))
    call = Recorded(recording, speech)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(twilio.run)
        nursery.start_soon(speech.speaker.run)
        speech.speaker.begin_nowait("MZ")
        async with recording.present():
            yield call
            recording.end_nowait("hung_up")
            speech.speaker.close_nowait()
        nursery.cancel_scope.cancel()


async def test_where_the_voice_fails_nobody_is_recorded(tmp_path: Path) -> None:
    async with recorded(tmp_path, FakeVoice(fails_at=0)) as call:
        call.recording.record_nowait(True)
        event = await call.next()
        assert isinstance(event, CallProblem)
        assert event.code == "recording_refused"
        assert "out of order" in event.message
        assert call.recording.tape is None
        assert call.speech.speaker.tape is None
    assert names(tmp_path) == []


async def test_what_a_character_wants_done_and_what_became_of_it_is_in_the_log(tmp_path: Path) -> None:
    async with recorded(tmp_path, FakeVoice()) as call:
        call.recording.record_nowait(True)
        started = await call.next()
        assert isinstance(started, RecordingStarted)
        asked = CharacterAsks("a-1", "ring", {"times": 2})
        call.recording.deliver_nowait(asked)
        assert await call.next() == asked
        call.recording.note_result(ActionResult("a-1", "done"))
        call.recording.press("7")
    assert await call.next() == RecordingStopped(started.recording_id, "call_ended")
    lines = [json.loads(text) for text in (tmp_path / f"{started.recording_id}.jsonl").read_text().splitlines()]
    assert [each["event"] for each in lines] == ["recording_started", "action", "action_result", "key", "call_ended"]
    assert (lines[1]["arguments"], lines[2]["result"]) == ({"times": 2}, "done")


async def test_asked_twice_it_is_announced_once_and_nothing_is_asked_of_a_call_that_is_over(tmp_path: Path) -> None:
    async with recorded(tmp_path, FakeVoice()) as call:
        call.recording.record_nowait(True)
        call.recording.record_nowait(True)
        assert isinstance(await call.next(), RecordingStarted)
        call.recording.record_nowait(True)
        call.speech.say(Saying(say_id="a", text="Hi."))
        await call.speech.wait_said()
        assert call.events == []
    assert isinstance(await call.next(), RecordingStopped)
    call.recording.record_nowait(True)
    assert call.events == []
    assert len(names(tmp_path)) == 2
