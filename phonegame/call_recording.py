"""The recording of a call: asked for, announced, begun, ended.

    nothing --record, or the operator's setting--> the notice --heard to its end--> recorded --record off--> nothing
                                                      |                                |----the disk fails--> nothing
                                                      +--cannot be said--> nothing     |----the call ends---> over
                                                      +--cleared away: is said again

Of a caller who has not heard the notice nothing is kept, not even a file. What the caller hears after the call has
ended, a goodbye, is recorded still, and so are last words.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import structlog
import trio

from phonegame.audio import BYTES_PER_SECOND
from phonegame.call_speech import Announcer, CallSpeech
from phonegame.listen.listener import Listener
from phonegame.listen.transcript import Heard
from phonegame.prompts import Prompts
from phonegame.recording import lines
from phonegame.recording.folder import folder_fault
from phonegame.recording.left_behind import finish_left_behind
from phonegame.recording.tape import Tape
from phonegame.recording.writer import RecordingFailed, Writer
from phonegame.speak.saying import Dropped, Priority, Receipt, Saying
from phonegame.switchboard import (
    ActionResult,
    Caller,
    CallEvent,
    CallProblem,
    RecordingStarted,
    RecordingStopped,
)

THREADS = 8
"""That wait for the disk at once, over all calls. A piece takes a millisecond, and a call has one a second."""

PROBE_SECONDS = 2.0

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Recordings:
    """What all calls have in common. `is_always`: every call is recorded, whatever its game says."""

    folder: Path | None = None
    is_always: bool = False
    threads: trio.CapacityLimiter = field(default_factory=lambda: trio.CapacityLimiter(THREADS))

    async def finish_left_behind(self) -> None:
        """Of a server before this one, which was killed."""
        if self.folder is None:
            return
        finished, unfinished = await trio.to_thread.run_sync(finish_left_behind, self.folder, limiter=self.threads)
        if finished:
            log.warning("files of recordings that a killed server had left are finished", names=finished)
        if unfinished:
            log.error("files of recordings that a killed server has left cannot be renamed", names=unfinished)


class _Recording:
    """One of a call's recordings, from when it is asked for."""

    def __init__(self, writer: Writer, recording_id: str) -> None:
        self.id = recording_id
        self.writer = writer
        self.tape = writer.tape
        self.notice_id = f"notice {recording_id}"
        self.decided = trio.Event()
        """It has begun, or never will."""


class CallRecording(Announcer):
    """One for each call. `deliver` takes events for the game."""

    def __init__(
        self,
        recordings: Recordings,
        prompts: Prompts,
        speech: CallSpeech,
        listener: Listener,
        deliver: Callable[[CallEvent], None],
    ) -> None:
        self.caller = Caller(call_id="")
        self.tape: Tape | None = None
        """Takes the caller's audio, while there is one."""
        self._recordings = recordings
        self._prompts = prompts
        self._speech = speech
        self._listener = listener
        self._deliver = deliver
        self._recording: _Recording | None = None
        self._count = 0
        self._wanted = trio.Event()
        self._call_ended = False
        self._closed = False
        speech.on_said.append(self._note_said)

    # what the call tells

    def begin_nowait(self) -> None:
        """Somebody is on the phone."""
        if self._recordings.is_always:
            self._ask()

    def record_nowait(self, on: bool) -> None:
        """The game wants it. Nothing happens where it is so already."""
        if self._call_ended:
            return
        if on:
            self._ask()
        elif self._recordings.is_always:
            self._refuse("this server records all its calls")
        else:
            self._stop("asked")

    def end_nowait(self, reason: str) -> None:
        """Before the game is told, and before what is being said is cut."""
        self._call_ended = True
        recording = self._recording
        if recording is None:
            return
        if recording.tape.has_begun:
            self._note("call_ended", {"reason": reason})
            self._deliver(RecordingStopped(recording.id, "call_ended"))
        else:
            self._drop()

    @asynccontextmanager
    async def present(self) -> AsyncIterator[None]:
        """The call. What has been recorded is written on leaving the block, and by then nothing more may come."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._run)
            try:
                yield
            finally:
                self._closed = True
                self._drop()
                self._wanted.set()

    # what happens in the call

    def deliver_nowait(self, event: CallEvent) -> None:
        """To the game, and into the log."""
        if (noted := lines.of_event(event)) is not None:
            self._note(*noted)
        self._deliver(event)

    def hear(self, heard: Heard) -> None:
        if self.tape is None or not self.tape.has_begun:
            return
        said = lines.caller_said(heard, since := self.tape.began_at)
        if said is not None:
            begin, end, text = said
            self._note("caller_said", {"until": round(end - since, lines.DIGITS), "text": text}, max(begin - since, 0))

    def press(self, digit: str) -> None:
        self._note("key", {"digit": digit})

    def note_result(self, result: ActionResult) -> None:
        fields = {"action_id": result.action_id, "result": result.result, "failed": result.failed}
        self._note("action_result", fields)

    def _note_said(self, by: str, saying: Saying, receipt: Receipt) -> None:
        if self.tape is None:
            return
        started = self.tape.take_start(saying)
        if started is not None and receipt.seconds > 0:
            self._note("said", lines.said(by, saying, receipt), started)

    def _note(self, event: str, fields: lines.Fields, at: float | None = None) -> None:
        """`at`: seconds of the recording; None: now."""
        recording = self._recording
        if recording is not None and recording.tape.has_begun:
            at = recording.tape.seconds_at(trio.current_time()) if at is None else at
            recording.writer.note(at, event, fields)

    # from nothing to the notice

    def _ask(self) -> None:
        folder = self._recordings.folder
        if self._recording is not None:
            return
        if folder is None:
            self._refuse("this server keeps no recordings; its operator would have to set PHONEGAME_RECORDINGS")
        elif not self._speech.has_voice:
            self._refuse("this server has no voice to tell the caller; its operator would have to set PHONEGAME_VOICE")
        else:
            self._prepare(folder)

    def _prepare(self, folder: Path) -> None:
        self._count += 1
        began = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        name = f"{began}-{self.caller.call_id}" + (f"-{self._count}" if self._count > 1 else "")
        tape = Tape(round(self._listener.position * BYTES_PER_SECOND), trio.current_time())
        self._recording = _Recording(Writer(folder, name, tape, self._recordings.threads), name)
        self.tape = self._speech.speaker.tape = tape
        self._wanted.set()

    def _say_notice(self, recording: _Recording) -> None:
        text = self._prompts.prompt_recording
        notice = Saying(say_id=recording.notice_id, text=text, interruptible=False, priority=Priority.NEXT)
        self._speech.perform(notice, self)

    def say_started(self, saying: Saying) -> None:
        pass

    def say_finished(self, saying: Saying, receipt: Receipt) -> None:
        """Of the notice."""
        recording = self._recording
        if recording is None or saying.say_id != recording.notice_id:
            return
        match receipt.dropped:
            case None:
                self._begin(recording)
            case Dropped.CLEARED | Dropped.REPLACED:
                self._say_notice(recording)
            case _:
                why = receipt.error or receipt.dropped.value
                self._drop()
                self._refuse(f"the caller could not be told that the call is recorded: {why}")

    # recorded

    def _begin(self, recording: _Recording) -> None:
        recording.tape.begin_nowait(trio.current_time())
        recording.decided.set()
        self._note("recording_started", self._heading(recording), 0.0)
        log.info("recording", recording=recording.id)
        self._deliver(RecordingStarted(recording.id))

    def _heading(self, recording: _Recording) -> lines.Fields:
        return {
            "recording_id": recording.id,
            "began": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "call_id": self.caller.call_id,
            "direction": self.caller.direction,
            "caller": self.caller.shown,
            "notice": self._prompts.prompt_recording,
        }

    def _stop(self, reason: Literal["asked", "failed"]) -> None:
        recording = self._recording
        if recording is None:
            return
        has_begun = recording.tape.has_begun
        self._note("recording_stopped", {"reason": reason})
        self._drop()
        if has_begun:
            self._deliver(RecordingStopped(recording.id, reason))
        else:
            self._speech.take_back([recording.notice_id])

    def _drop(self) -> None:
        """Nothing more goes into the recording; one that has not begun never will."""
        recording, self._recording = self._recording, None
        self.tape = self._speech.speaker.tape = None
        if recording is not None:
            recording.writer.stop_nowait()
            recording.decided.set()

    def _refuse(self, why: str) -> None:
        log.warning("not recorded", why=why)
        self._deliver(CallProblem("recording_refused", why))

    # the task

    async def _run(self) -> None:
        while not self._closed:
            await self._wanted.wait()
            self._wanted = trio.Event()
            if self._recording is not None:
                await self._record(self._recording)

    async def _record(self, recording: _Recording) -> None:
        assert self._recordings.folder is not None
        fault: str | None = "does not answer"
        with trio.move_on_after(PROBE_SECONDS):
            fault = await trio.to_thread.run_sync(
                folder_fault, self._recordings.folder, limiter=self._recordings.threads, abandon_on_cancel=True
            )
        if self._recording is not recording:
            return
        if fault is not None:
            self._drop()
            self._refuse(f"the folder for recordings {fault}")
            return
        self._say_notice(recording)
        await recording.decided.wait()
        if recording.tape.has_begun:
            await self._write(recording)

    async def _write(self, recording: _Recording) -> None:
        try:
            await recording.writer.run()
        except RecordingFailed as failure:
            log.error("recording failed", recording=recording.id, why=str(failure))
            if not self._call_ended:
                self._deliver(CallProblem("recording_failed", str(failure)))
            if self._recording is recording and not self._call_ended:
                self._stop("failed")
            elif self._recording is recording:
                self._drop()
        else:
            log.info("recorded", recording=recording.id, seconds=round(recording.tape.seconds, 3))
