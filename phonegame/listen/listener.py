"""A call's ear: audio in, what Deepgram heard out, over as many sessions as it takes.

async with trio.open_nursery() as nursery:
    nursery.start_soon(listener.run)          # ends after finish(), or when Deepgram cannot be had
    ...  listener.hear_nowait(audio)          # from the task that reads the phone's socket
    ...  async for heard in listener.heard    # in a task of its own
    listener.expect_nowait(words)             # what the game expects to hear, whenever that changes
    listener.finish()                         # the call is over: the last words still come
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import structlog
import trio

from phonegame.audio import BYTES_PER_MS, BYTES_PER_SECOND, SILENCE
from phonegame.deepgram.failures import DeepgramFailure
from phonegame.deepgram.flux import is_flux
from phonegame.deepgram.messages import CLOSE_STREAM, ConfigureFailure, ConfigureSuccess, Metadata
from phonegame.groups import leaves
from phonegame.listen.api import ListenApi
from phonegame.listen.api_flux import ApiFlux
from phonegame.listen.api_v1 import ApiV1
from phonegame.listen.audio_buffer import KEEP_SECONDS, AudioBuffer
from phonegame.listen.audio_clock import AudioClock
from phonegame.listen.heard import Heard
from phonegame.listen.pace import Pace
from phonegame.listen.session import Session, open_session
from phonegame.listen.transcript import Transcript
from phonegame.listen.vocabulary import Vocabulary

KEEP_ALIVE_SECONDS = 4
"""Deepgram hangs up after 10 s without a message; its documentation advises 3 to 5 s."""
WATCH_SECONDS = 1
SILENCE_SECONDS = 0.4
"""Where no audio has come for so long, and a turn waits for its end, so much silence is sent."""
AT_ONCE_BYTES = 250 * BYTES_PER_MS
"""Larger pieces, a filled gap mostly, go as backlog does."""
FIRST_RETRY_SECONDS = 0.25
LONGEST_RETRY_SECONDS = 4.0
SETTLED_SECONDS = 10
"""A session that lived so long, and did not owe answers, was a good one although it gave no results."""
QUIET_SECONDS = 5
"""How long a session that is to be left may be waited for to have no words that wait for their final."""
GOODBYE_SECONDS = 1.5
"""How long a session that is left may take for its last results. What they do not cover the next one hears again."""
HEARD_QUEUE = 64
"""Messages that wait for the call's task. They come once or twice a second, and it never waits long."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Listener:
    def __init__(
        self,
        url: str,
        key: str,
        *,
        final_seconds: float,
        reconnect_seconds: float,
        stall_seconds: float,
        waits_for_audio: bool = False,
    ) -> None:
        """`waits_for_audio`: no connection to Deepgram, which costs, before there is something to hear."""
        self._key = key
        self._reconnect_seconds = reconnect_seconds
        self._api: ListenApi = ApiFlux(url, stall_seconds) if is_flux(url) else ApiV1(stall_seconds)
        self._least_bytes = self._api.piece_bytes
        self._waits_for_audio = waits_for_audio
        self._vocabulary = Vocabulary(url, lambda why: self.on_refused(why))
        self._buffer = AudioBuffer()
        self._clock = AudioClock()
        self._pace = Pace()
        self._transcript = Transcript(self._api, final_seconds)
        self._session: Session | None = None
        self._unanswered_from = 0  # position up to which audio had been sent when Deepgram last spoke
        self._good = False  # whether this session gives reason for patience with the next
        self._leaving = False  # whether this session is being left for another one
        self._catching_up = False  # whether audio that has waited is being sent
        self._silence_due = False
        self._fell_behind = trio.Event()
        self._work = trio.Event()
        self._progress = trio.Event()
        self._finished = trio.Event()
        self._undelivered: deque[Heard] = deque()
        self._send_heard, self.heard = trio.open_memory_channel[Heard](HEARD_QUEUE)
        self.failure: DeepgramFailure | None = None
        """Why `heard` ended, where that was Deepgram's doing."""
        self.on_failed: Callable[[Literal["away", "given_up"]], None] = lambda outcome: None
        """Called for each connection that has failed, and at the end where that was the last one."""
        self.on_refused: Callable[[str], object] = lambda why: None
        """Called with a sentence for the game where Deepgram does not take its words; must neither wait nor raise."""

    @property
    def position(self) -> float:
        """Seconds of audio that have come since the call began."""
        return self._buffer.end / BYTES_PER_SECOND

    @property
    def live_position(self) -> float:
        """Which second of the call's audio is being spoken: ahead of `position` while the network holds audio up."""
        return self._clock.position(trio.current_time())

    def hear_nowait(self, audio: bytes) -> None:
        """Takes mu-law audio; it goes to Deepgram as soon as it makes a piece, where nothing older is waiting."""
        buffer, unsent_from, now = self._buffer, self._buffer.cursor, trio.current_time()
        waiting = buffer.end - unsent_from
        buffer.append(audio)
        self._clock.came_nowait(buffer.end / BYTES_PER_SECOND, now)
        if buffer.cursor != unsent_from:
            self._fell_behind.set()
        unsent = waiting + len(audio)
        if unsent < self._least_bytes:
            return
        # a stalled machine gets what has come meanwhile in small pieces, one right behind the other
        is_in_time = waiting < self._least_bytes and unsent <= AT_ONCE_BYTES and now >= self._pace.ready_at
        at_once = is_in_time and not self._catching_up
        piece = buffer.next_piece(unsent) if at_once and waiting else audio
        if at_once and self._session is not None and self._session.send_audio_nowait(piece):
            buffer.cursor = buffer.end
            self._pace.sent(unsent, now)
        else:
            self._work.set()

    def expect_nowait(self, words: Sequence[str], more: Sequence[str] = (), named: Sequence[str] = ()) -> None:
        """The caller is likely to say these words and phrases, and no more the ones before.

        Of `more` as many are taken as there is room for; of `named`, which are among them, `on_refused` tells the rest.

        They come on top of the keyterms in the URL, and hold for all sessions. Where Deepgram does not take them,
        `on_refused` is called, sooner or later, and all else goes on as before.
        """
        if not self._finished.is_set():
            self._vocabulary.expect_nowait(words, more, named)

    def finish(self) -> None:
        """No more audio. `run` sends what there is, waits for Deepgram's last results, and ends."""
        self._finished.set()
        self._work.set()

    async def run(self) -> None:
        """Serves the call until it is finished. Does not raise for Deepgram's faults: see `failure`.

        A cancellation ends it at once; what is known of the last words is still delivered.
        """
        with self._send_heard:
            try:
                await self._keep_listening()
            finally:
                last = self._transcript.end()
                self._undelivered.extend([last] if last is not None else [])
                # without waiting, since this also runs while being cancelled
                try:
                    for heard in self._undelivered:
                        self._send_heard.send_nowait(heard)
                except (trio.WouldBlock, trio.BrokenResourceError):
                    log.warning("last words lost: the call does not take them")

    async def _keep_listening(self) -> None:
        if self._waits_for_audio:
            # or for the end
            await self._work.wait()
            if self._buffer.end == 0:
                return
        retry_seconds, away_since = FIRST_RETRY_SECONDS, trio.current_time()
        while True:
            self._good = False
            failure = await self._listen_once()
            if failure is None and not self._leaving:
                return
            if self._good:
                retry_seconds, away_since = FIRST_RETRY_SECONDS, trio.current_time()
            if failure is None or self._leaving or self._vocabulary.is_to_blame(failure):
                continue
            away_seconds = trio.current_time() - away_since
            wait_seconds = retry_seconds * random.uniform(0.75, 1.25)
            # one that has given results was right in its key and its format: what it says now will pass
            if not (failure.passing or self._good) or away_seconds + wait_seconds > self._reconnect_seconds:
                log.error("Deepgram cannot be used; the call ends", why=str(failure))
                self.failure = failure
                self.on_failed("given_up")
                return
            log.warning("Deepgram is away; trying again", why=str(failure), retry_in=round(wait_seconds, 2))
            self.on_failed("away")
            await self._wait_to_retry(wait_seconds)
            retry_seconds = min(2 * retry_seconds, LONGEST_RETRY_SECONDS)

    async def _wait_to_retry(self, seconds: float) -> None:
        """The end of the call cuts the wait short, once: for its last words there is little time."""
        if self._finished.is_set():
            await trio.sleep(seconds)
        else:
            with trio.move_on_after(seconds):
                await self._finished.wait()

    async def _listen_once(self) -> DeepgramFailure | None:
        """One session, to its end. None: Deepgram has said all that it had to say."""
        self._leaving = False
        url = self._vocabulary.begin_session()
        try:
            async with open_session(url, self._key) as session, trio.open_nursery() as nursery:
                await self._begin(session)
                nursery.start_soon(self._keep_vocabulary, session, nursery.cancel_scope)
                nursery.start_soon(self._send_to_deepgram, session)
                nursery.start_soon(self._watch_session, session)
                nursery.start_soon(self._watch_backlog)
                if self._api.needs_silence:
                    nursery.start_soon(self._watch_silence)
                await self._receive_from_deepgram(session)
                nursery.cancel_scope.cancel()
        except DeepgramFailure as failure:
            return failure
        except BaseExceptionGroup as group:
            # reader and writer may both notice the end; the reader knows the close code
            failures, others = group.split(DeepgramFailure)
            if others is not None:
                raise others from None
            assert failures is not None
            return leaves(failures)[0]
        finally:
            self._session = None
        return None

    async def _begin(self, session: Session) -> None:
        """Lets the session hear again what no result covers, and delivers what it can no longer hear."""
        self._buffer.trim()
        self._fell_behind = trio.Event()
        self._pace = Pace()
        self._catching_up = self._silence_due = False
        resume_at, promoted = self._transcript.lose_session(self._buffer.start / BYTES_PER_SECOND)
        self._buffer.rewind(round(resume_at * BYTES_PER_SECOND))
        start = self._unanswered_from = self._buffer.cursor
        self._transcript.begin_session(start / BYTES_PER_SECOND)
        self._session = session
        self._work.set()
        await self._deliver([promoted] if promoted is not None else [])

    async def _receive_from_deepgram(self, session: Session) -> None:
        while True:
            with trio.move_on_at(self._transcript.deadline) as waiting:
                try:
                    raw = await session.receive()
                except DeepgramFailure:
                    if self._is_closing:
                        return
                    raise
            now = trio.current_time()
            if waiting.cancelled_caught:
                overdue = self._transcript.overdue(now)
                if overdue is None and not self._is_closing:
                    assert self._api.finalize is not None
                    await session.send_text(self._api.finalize)
                heard = [overdue] if overdue is not None else []
            else:
                self._unanswered_from = self._buffer.cursor
                heard = self._transcript.receive(raw, now)
                self._good = self._good or self._api.has_answered
                self._buffer.forget_before(min(self._buffer.cursor, round(self._transcript.covered * BYTES_PER_SECOND)))
            await self._deliver(each for each in heard if not self._keep_to_ourselves(each))
            self._progress.set()

    async def _deliver(self, heard: Iterable[Heard]) -> None:
        """A cancellation, by the end of the session mostly, loses nothing: the next session begins with the rest."""
        self._undelivered.extend(heard)
        while self._undelivered:
            await self._send_heard.send(self._undelivered[0])
            self._undelivered.popleft()

    def _keep_to_ourselves(self, heard: Heard) -> bool:
        """Whether it belongs to a conversation with Deepgram of which nobody else knows."""
        match heard.message:
            case ConfigureSuccess() | ConfigureFailure():
                self._vocabulary.answer(heard.message)
                return True
            case Metadata():
                # the end of a session, but not of the call
                return self._leaving
        return False

    async def _send_to_deepgram(self, session: Session) -> None:
        """Sends what `hear_nowait` could not, and says goodbye when the call is over or the session is to be left."""
        while True:
            await self._work.wait()
            self._work = trio.Event()
            await self._send_backlog(session)
            await self._send_silence(session)
            self._progress.set()
            if self._leaving:
                self._transcript.leave_session(self._buffer.cursor / BYTES_PER_SECOND)
            if self._is_closing:
                await session.send_text(CLOSE_STREAM)
                return

    @property
    def _is_closing(self) -> bool:
        """Whether the session is told, or is about to be told, that no more audio comes."""
        return self._leaving or self._finished.is_set()

    async def _keep_vocabulary(self, session: Session, scope: trio.CancelScope) -> None:
        """Leaves the session, by ending `scope`, where it takes another one to hear what the game expects."""
        await self._vocabulary.keep_session(session.send_text)
        await self._wait_until_quiet()
        if self._finished.is_set():
            return
        log.info("Deepgram gets the game's words with another session")
        self._leaving, self._session = True, None
        self._work.set()
        await trio.sleep(GOODBYE_SECONDS)
        scope.cancel()

    async def _wait_until_quiet(self) -> None:
        """Until it has caught up with the call, and then, within reason, for a moment between two utterances."""
        await trio.lowlevel.checkpoint()
        while self._buffer.unsent > AT_ONCE_BYTES:
            await self._wait_for_progress()
        with trio.move_on_after(QUIET_SECONDS):  # noqa: ASYNC912 - there may be nothing to wait for
            while not self._transcript.is_quiet:
                await self._wait_for_progress()

    async def _wait_for_progress(self) -> None:
        self._progress = trio.Event()
        await self._progress.wait()

    async def _watch_session(self, session: Session) -> None:
        """Keeps the session alive while there is no audio, and ends it when there is audio and no answer."""
        cursor, idle_since = self._buffer.cursor, trio.current_time()
        began = idle_since
        while not self._is_closing:
            await trio.sleep(WATCH_SECONDS)
            unanswered_seconds = (self._buffer.cursor - self._unanswered_from) / BYTES_PER_SECOND
            if unanswered_seconds > (limit := self._api.stall_seconds):
                raise DeepgramFailure(f"Deepgram has not answered {limit:g} s of audio", passing=True)
            if trio.current_time() - began >= SETTLED_SECONDS > 2 * unanswered_seconds:
                self._good = True
            if cursor != self._buffer.cursor:
                cursor, idle_since = self._buffer.cursor, trio.current_time()
            elif trio.current_time() - idle_since >= KEEP_ALIVE_SECONDS:
                await self._api.keep_alive(session)
                idle_since = trio.current_time()

    async def _watch_backlog(self) -> None:
        """Ends a session from whose audio a part had to be left out: its times are those of the call no more."""
        await self._fell_behind.wait()
        raise DeepgramFailure(f"Deepgram is more than {KEEP_SECONDS} s behind the call", passing=True)

    async def _watch_silence(self) -> None:
        """Has silence sent where audio stops in the midst of a turn that ends no other way."""
        while True:
            end = self._buffer.end
            await trio.sleep(SILENCE_SECONDS)
            if end == self._buffer.end and self._api.is_in_turn and not self._is_closing:
                self._silence_due = True
                self._work.set()

    async def _send_silence(self, session: Session) -> None:
        if self._silence_due and not self._buffer.unsent and not self._is_closing:
            # before it is sent: what it is answered by comes later, and audio that comes meanwhile goes behind it
            self._api.add_silence(self._buffer.cursor / BYTES_PER_SECOND, SILENCE_SECONDS)
            self._catching_up = True
            for _ in range(round(SILENCE_SECONDS * BYTES_PER_SECOND / self._api.backlog_bytes)):
                await session.send_audio(SILENCE * self._api.backlog_bytes)
        self._silence_due = self._catching_up = False

    async def _send_backlog(self, session: Session) -> None:
        """No faster than Deepgram takes it."""
        self._catching_up = True
        while self._buffer.unsent and not self._leaving:
            await trio.sleep_until(self._pace.ready_at)
            begin, piece = self._buffer.cursor, self._buffer.next_piece(self._api.backlog_bytes)
            self._pace.sent(len(piece), trio.current_time())
            await session.send_audio(piece)
            # only now: `hear_nowait` must not overtake the piece while it waits for its turn
            self._buffer.sent_until(begin + len(piece))
        self._catching_up = False
