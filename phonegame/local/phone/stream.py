"""The media stream of one call, as Twilio keeps it: what is sent when, what is played, how it ends."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeAlias

import trio
import trio_websocket

from phonegame.audio import BYTES_PER_MS, BYTES_PER_SECOND, SILENCE
from phonegame.local.phone import dial, incoming
from phonegame.local.phone.errors import DialError, NoHandshakeError, RejectedError
from phonegame.local.phone.hearing import Ear, Sound
from phonegame.local.phone.incoming import Clear, Complaint, Mark, Media
from phonegame.local.phone.live_sound import LiveSound
from phonegame.local.phone.outgoing import Identity, Wording
from phonegame.local.phone.playback import Cleared, Playback
from phonegame.local.phone.quirks import Frame, Quirks

FIRST_TIMESTAMP_MS = 100
"""Of the first frame; Twilio's were seen from 102 to 171, never 0."""
BACKLOG_SECONDS = 3.0
"""Audio is thrown away when the server leaves it unread this long, as Twilio does after an unknown time."""
GOODBYE_SECONDS = 2.0
"""For `stop` and the closing handshake; then the connection is dropped."""
OUTBOX_SIZE = 16
"""Answers waiting to be sent. A server that reads none of them is not read from either."""
MAX_COMPLAINTS = 100

Message: TypeAlias = str | bytes
Outgoing: TypeAlias = Callable[[], list[Message]]
"""Words its messages only when they are sent, so that their counters are in the order of sending."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the connection ended. 1006: without a closing handshake."""

    by: Literal["server", "phone"]
    code: int
    reason: str


PhoneEvent: TypeAlias = Sound | Complaint | Cleared | Ended


class Mouth:
    """What is being said: taken frame by frame. Beyond its end what a microphone hears, or silence."""

    def __init__(self) -> None:
        self.microphone = LiveSound()
        self._left = memoryview(b"")

    @property
    def shut(self) -> bool:
        return not self._left

    def say(self, mulaw: bytes) -> None:
        self._left = memoryview(mulaw)

    def take(self, size: int) -> bytes:
        piece, self._left = self._left[:size], self._left[size:]
        live = self.microphone.take(size)
        return bytes(piece).ljust(size, SILENCE) if piece else live


class MediaStream:
    """`run` is the call, the rest for use beside it. `wait_changed` returns with each frame and at the end."""

    def __init__(
        self,
        identity: Identity,
        quirks: Quirks,
        on_event: Callable[[PhoneEvent], None],
        on_heard: Callable[[bytes], None] | None = None,
    ) -> None:
        self.wording = Wording(identity, numeric_counters=quirks.numeric_counters)
        self.mouth = Mouth()
        self.playback = Playback(on_heard)
        self.ear = Ear()
        self.marks: list[str] = []
        self.held_marks: list[str] = []
        self.complaints: list[Complaint] = []
        self.ended: Ended | None = None
        self.started_at = math.inf
        self._stream_sid = identity.stream_sid
        self._quirks = quirks
        self._on_event = on_event
        self._to_send, self._outbox = trio.open_memory_channel[Outgoing](OUTBOX_SIZE)
        self._changed = trio.Event()
        self._scope = trio.CancelScope()
        self._hanging_up = False
        self._transport: trio.abc.Stream | None = None

    # --- beside the tasks ---

    async def send(self, outgoing: Outgoing) -> None:
        """Raises trio.BrokenResourceError when the call is over."""
        await self._to_send.send(outgoing)

    async def wait_changed(self) -> None:
        await self._changed.wait()

    async def let_marks_go(self) -> None:
        """Raises trio.BrokenResourceError when the call is over."""
        names, self.held_marks = self.held_marks, []
        await self.send(partial(self._word_marks, names))

    def finish(self) -> None:
        """Makes `run` hang up at its next frame, and return soon after, whatever the server does."""
        self._hanging_up = True
        self._bound_goodbye()

    def abort(self) -> None:
        """The socket dies with a TCP reset, as soon as other tasks run."""
        if self._transport is not None:
            dial.reset_on_close(self._transport)
        self._scope.cancel()

    # --- the tasks ---

    async def run(
        self,
        stream: trio.abc.Stream,
        address: dial.Address,
        auth_token: str | None,
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Owns `stream`. Raises DialError before it has started, nothing after.

        Once the call is up it is shielded as a whole, so that a cancelled caller still hangs up properly: see
        `finish`.
        """
        failure: DialError | None = None
        self._transport = stream
        try:
            with self._scope:
                async with stream, trio.open_nursery() as nursery:
                    with trio.move_on_after(dial.CONNECT_SECONDS) as patience:
                        socket = await dial.upgrade(nursery, stream, address, auth_token)
                    if patience.cancelled_caught:
                        failure = NoHandshakeError(address.url, "not as a websocket server; should it be ws: or wss:?")
                    else:
                        self._scope.shield = True
                        self.started_at = trio.current_time()
                        nursery.start_soon(self._listen, socket)
                        task_status.started()
                        await self._talk(socket)
                    nursery.cancel_scope.cancel()
        except* trio_websocket.ConnectionRejected as refusal:
            failure = RejectedError(address.url, _status(refusal))
        finally:
            self._end(Ended("phone", 1006, "dropped"))
        if failure is not None:
            raise failure

    async def _talk(self, socket: trio_websocket.WebSocketConnection) -> None:
        """The only task that writes to the socket. Returns when the call has ended."""
        with self._outbox:
            try:
                for message in self._opening():
                    await socket.send_message(message)
                for chunk, offset, size in self._frames():
                    await self._answer_until(self._due(offset), socket)
                    if self._hanging_up or self.ended is not None:
                        break
                    for message in self._tick(chunk, offset, size):
                        await socket.send_message(message)
                if self._hanging_up:
                    await self._say_goodbye(socket)
            except trio_websocket.ConnectionClosed:
                pass  # what was received before that is still being read
        while self.ended is None:
            await self.wait_changed()

    async def _say_goodbye(self, socket: trio_websocket.WebSocketConnection) -> None:
        if self._quirks.stop and self._sends_frames:
            await socket.send_message(self.wording.stop())
        await socket.aclose()

    async def _answer_until(self, due: float, socket: trio_websocket.WebSocketConnection) -> None:
        """Sends what is in the outbox; when late, at most as much as fits in there: the frame must not starve."""
        answered = 0
        while answered < OUTBOX_SIZE or trio.current_time() < due:
            outgoing = await self._next_outgoing(due)
            if outgoing is None:
                return
            for message in outgoing():
                await socket.send_message(message)
            answered += 1

    async def _next_outgoing(self, due: float) -> Outgoing | None:
        try:
            return self._outbox.receive_nowait()  # receive() would see nothing but the deadline once that has passed
        except trio.WouldBlock:
            pass
        with trio.move_on_at(due):
            return await self._outbox.receive()
        return None

    async def _listen(self, socket: trio_websocket.WebSocketConnection) -> None:
        while True:  # noqa: ASYNC913 - get_message waits, or ends the loop
            try:
                message = await socket.get_message()
            except trio_websocket.ConnectionClosed as closed:
                self._closed(closed.reason)
                return
            if names := self._receive(message):
                try:
                    await self.send(partial(self._echo, names))
                except trio.BrokenResourceError:
                    # the socket takes no more; what it still holds is played
                    await trio.lowlevel.checkpoint()

    # --- no task waits below this line ---

    @property
    def _sends_frames(self) -> bool:
        return self._quirks.starts > 0 and not self._quirks.silent

    def _opening(self) -> list[Message]:
        if self._quirks.silent:
            return []
        return [self.wording.connected(), *(self.wording.start() for _ in range(self._quirks.starts))]

    def _frames(self) -> Iterator[tuple[int, int, int]]:
        """(number, first byte, size) of each frame."""
        offset = 0
        for chunk, size in enumerate(itertools.cycle(self._quirks.frame_bytes), 1):
            yield chunk, offset, size
            offset += size

    def _due(self, offset: int) -> float:
        return self.started_at + FIRST_TIMESTAMP_MS / 1000 + offset / BYTES_PER_SECOND

    def _tick(self, chunk: int, offset: int, size: int) -> list[Message]:
        """What is sent when a frame is due: marks that were reached, then the frame."""
        messages = self._echo(self._play())
        frame = Frame(chunk, FIRST_TIMESTAMP_MS + offset // BYTES_PER_MS, self.mouth.take(size))
        if trio.current_time() - self._due(offset) > BACKLOG_SECONDS:
            self._complain_of_backlog()
        elif self._sends_frames:
            messages += [self.wording.media(sent) for sent in self._quirks.mangle(frame)]
        self._notify()
        return messages

    def _play(self) -> list[str]:
        due = self.playback.advance(round((trio.current_time() - self.started_at) * BYTES_PER_SECOND))
        for sound in self.ear.listen(self.playback.heard):
            self._on_event(sound)
        return due

    def _receive(self, message: Message) -> list[str]:
        """Returns the names of the marks to echo."""
        names = self._play()
        match incoming.parse(message, self._stream_sid):
            case Media(audio):
                if not self.playback.media(audio):
                    self._complain(
                        Complaint(incoming.INVALID, "more than ten minutes of audio are waiting to be played")
                    )
            case Mark(name):
                names += self.playback.mark(name)
            case Clear():
                names += self.playback.clear()
                self._on_event(self.playback.clears[-1])
                self._notify()
            case Complaint() as complaint:
                self._complain(complaint)
        return names

    def _echo(self, names: list[str]) -> list[Message]:
        if self._quirks.holds_marks:
            self.held_marks += names
            return []
        return self._word_marks(names)

    def _word_marks(self, names: list[str]) -> list[Message]:
        self.marks += names
        self._notify()
        return [self.wording.mark(name) for name in names]

    def _complain(self, complaint: Complaint) -> None:
        if len(self.complaints) < MAX_COMPLAINTS:
            self.complaints.append(complaint)
            self._on_event(complaint)

    def _complain_of_backlog(self) -> None:
        if not any(complaint.code == incoming.TOO_SLOW for complaint in self.complaints):
            detail = f"the server has not read for {BACKLOG_SECONDS:.0f} s; the caller's audio is thrown away"
            self._complain(Complaint(incoming.TOO_SLOW, detail))

    def _closed(self, how: trio_websocket.CloseReason | None) -> None:
        code, reason = (how.code, how.reason) if how else (1006, None)
        self._end(Ended("phone" if self._hanging_up else "server", code, reason or ""))

    def _end(self, ended: Ended) -> None:
        """The first word on how the call ended stands."""
        if self.ended is None and self.started_at < math.inf:
            self._play()
            for sound in self.ear.finish():
                self._on_event(sound)
            self.ended = ended
            self._on_event(ended)
            self._bound_goodbye()
        self._notify()

    def _bound_goodbye(self) -> None:
        self._scope.deadline = min(self._scope.deadline, trio.current_time() + GOODBYE_SECONDS)

    def _notify(self) -> None:
        self._changed.set()
        self._changed = trio.Event()


def _status(group: BaseExceptionGroup[trio_websocket.ConnectionRejected]) -> int:
    """Of the one refusal that trio_websocket's reader raised in the call's nursery."""
    [refusal] = group.exceptions
    if not isinstance(refusal, trio_websocket.ConnectionRejected):
        raise TypeError("the refusal is not at the top of the group") from group
    status: int = refusal.status_code
    return status
