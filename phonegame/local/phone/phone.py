"""A phone that calls the server as Twilio would: what a caller can do, and `place_call`."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import trio

from phonegame.audio import BYTES_PER_SECOND
from phonegame.local.phone import dial, wav
from phonegame.local.phone.errors import HungUpError
from phonegame.local.phone.incoming import Complaint
from phonegame.local.phone.outgoing import Identity
from phonegame.local.phone.playback import Arrival, Cleared, MarkBack, Underrun
from phonegame.local.phone.quirks import Quirks
from phonegame.local.phone.stream import Ended, MediaStream, Outgoing, PhoneEvent
from phonegame.local.voice_sign import signed
from phonegame.speak.espeak import ESpeakVoice

KEYS = frozenset("0123456789*#")
KEY_SECONDS = 0.2
"""From one key press to the next: a brisk caller."""
CALLER_PARAMETER = "from"
"""Under this name the TwiML hands the caller's number over: `<Parameter name="from" value="+1555...">`."""


class Phone:
    """One call, made by `place_call`. Its awaitables raise HungUpError once the server has hung up."""

    def __init__(self, identity: Identity, stream: MediaStream, voice: ESpeakVoice | None) -> None:
        self.identity = identity
        self._stream = stream
        self._voice = voice
        self._turn = trio.StrictFIFOLock()

    # --- what a caller does ---

    async def say(self, text: str) -> None:
        """Returns when the last sound has been sent. Raises SpeakError (phonegame.speak.espeak)."""
        voice = self._voice or ESpeakVoice()  # only here: a phone that does not speak needs no eSpeak NG
        await self.play(signed(await voice.synthesise(text)))

    async def play_wav(self, path: str | Path) -> None:
        """Any sample rate and width, mono or stereo. Raises OSError, WavError."""
        await self.play(await trio.to_thread.run_sync(wav.read, path))

    async def play(self, mulaw: bytes) -> None:
        """Returns when the last byte has been sent. Two tasks take turns; a cancelled one falls silent."""
        async with self._turn:
            self._stream.mouth.say(mulaw)
            try:
                await self._until(lambda: self._stream.mouth.shut)
            finally:
                self._stream.mouth.say(b"")

    def hear_nowait(self, mulaw: bytes) -> None:
        """What a microphone has just heard, piece by piece. It is sent while nothing else is said: see `LiveSound`."""
        self._stream.mouth.microphone.put(mulaw)

    async def key(self, digits: str) -> None:
        """Presses keys one after the other: 0 to 9, * and #."""
        if not KEYS.issuperset(digits):
            raise ValueError(f"a phone has the keys 0 to 9, * and #, so it cannot key {digits!r}")
        for digit in digits:
            await self._send(partial(self._word_key, digit))
            await self.pause(KEY_SECONDS)

    async def pause(self, seconds: float) -> None:
        """Listens, while silence is sent."""
        with trio.move_on_after(seconds):
            await self._until(lambda: False)

    async def send_raw(self, message: str | bytes) -> None:
        """Any text, or a binary frame, between the phone's own messages. Returns when it is queued."""
        await self._send(lambda: [message])

    async def let_marks_go(self) -> None:
        """Echoes those that are due and were held back (`Quirks.holds_marks`). Returns when they are queued."""
        try:
            await self._stream.let_marks_go()
        except trio.BrokenResourceError:
            _raise_ended(await self.wait_ended())

    async def hang_up(self) -> None:
        """`stop`, then the websocket is closed. Leaving `place_call` does the same. Twice does no harm."""
        self._stream.finish()
        await self.wait_ended()

    def abort(self) -> None:
        """The socket dies: no `stop`, no closing handshake, a TCP reset."""
        self._stream.abort()

    # --- what a caller waits for ---

    async def wait_heard(self, seconds: float = 0.1) -> None:
        """Until that much sound (silence does not count) has been played since the call of this method."""
        ear = self._stream.ear
        enough = ear.sound_bytes + seconds * BYTES_PER_SECOND
        await self._until(lambda: ear.sound_bytes >= enough)

    async def wait_silence(self, seconds: float) -> None:
        """Until the server has had nothing played for so long, counted from the start of the stream at the earliest.

        A clip of silence is something that is played.
        """
        playback, enough = self._stream.playback, seconds * BYTES_PER_SECOND
        await self._until(lambda: not playback.buffered and playback.now - playback.played_until >= enough)

    async def listen(self, seconds: float) -> None:
        """Until the server has had something played, and then nothing for so long."""
        await self.wait_heard()
        await self.wait_silence(seconds)

    async def wait_cleared(self, count: int = 1) -> Cleared:
        """Until the server has sent so many `clear`s in this call; at once if it has already. Returns the last of them.

        Not counted from the call of this method: whoever speaks over a sentence may have been noticed before that.
        """
        await self._until(lambda: len(self.clears) >= count)
        return self.clears[count - 1]

    async def wait_mark(self, name: str) -> None:
        """Until the mark of that name has been echoed to the server; at once if it has been already."""
        await self._until(lambda: name in self.marks)

    async def wait_ended(self) -> Ended:
        """Until the call has ended, whoever ended it: the awaitable for "the server hung up"."""
        while self._stream.ended is None:
            await self._stream.wait_changed()
        return self._stream.ended

    # --- what there is to see ---

    @property
    def ended(self) -> Ended | None:
        """None while the call lasts."""
        return self._stream.ended

    @property
    def seconds(self) -> float:
        """The call's clock: seconds since the start of the stream."""
        return trio.current_time() - self._stream.started_at

    @property
    def heard(self) -> bytes:
        """mu-law from the start of the stream on, silence where nothing played."""
        return bytes(self._stream.playback.heard)

    @property
    def sound_seconds(self) -> float:
        """How much of `heard` is sound."""
        return self._stream.ear.sound_bytes / BYTES_PER_SECOND

    @property
    def unplayed_seconds(self) -> float:
        """What the server has sent and the caller has not heard yet; once the call has ended, never will."""
        return self._stream.playback.buffered / BYTES_PER_SECOND

    @property
    def marks(self) -> list[str]:
        """Names of the marks that were echoed to the server, in order."""
        return self._stream.marks

    @property
    def marks_back(self) -> list[MarkBack]:
        """As `marks`, each with its place in what was heard."""
        return self._stream.playback.marks_back

    @property
    def clears(self) -> list[Cleared]:
        """Where the server cut what was played."""
        return self._stream.playback.clears

    @property
    def underruns(self) -> list[Underrun]:
        """Holes in what the server played."""
        return self._stream.playback.underruns

    @property
    def arrivals(self) -> list[Arrival]:
        """Every media message of the server's."""
        return self._stream.playback.arrivals

    @property
    def lead_seconds(self) -> float:
        """How far ahead of playback the server's audio was at most."""
        return max((arrival.buffered for arrival in self.arrivals), default=0) / BYTES_PER_SECOND

    @property
    def complaints(self) -> list[Complaint]:
        """The warnings that Twilio would raise about the server's messages; the first hundred."""
        return self._stream.complaints

    def write_recording(self, path: str | Path) -> None:
        """`heard` as a WAV: 16 bit, mono, 8000 Hz. Raises OSError."""
        wav.write(path, self.heard)

    def _word_key(self, digit: str) -> list[str | bytes]:
        return [self._stream.wording.dtmf(digit)]

    async def _until(self, reached: Callable[[], bool]) -> None:
        while not reached():
            if self._stream.ended is not None:
                _raise_ended(self._stream.ended)
            await self._stream.wait_changed()

    async def _send(self, outgoing: Outgoing) -> None:
        try:
            await self._stream.send(outgoing)
        except trio.BrokenResourceError:
            _raise_ended(await self.wait_ended())


def _raise_ended(ended: Ended) -> None:
    if ended.by == "server":
        raise HungUpError(ended.code, ended.reason)
    raise RuntimeError("this phone has hung up")


@asynccontextmanager
async def place_call(
    url: str,
    *,
    from_number: str | None = None,
    parameters: Mapping[str, str] | None = None,
    identity: Identity | None = None,
    auth_token: str | None = None,
    voice: ESpeakVoice | None = None,
    quirks: Quirks | None = None,
    on_event: Callable[[PhoneEvent], None] = lambda _: None,
    on_heard: Callable[[bytes], None] | None = None,
    ssl_context: ssl.SSLContext | None = None,
    stream: trio.abc.Stream | None = None,
) -> AsyncGenerator[Phone]:
    """Calls the server at `url`; leaving the block hangs up, and so does an error in it or its cancellation.

    With `auth_token` the upgrade is signed. `parameters` are what the TwiML's `<Parameter>`s would hand over,
    `from_number` is one of them. `on_event` is called for sounds, complaints, clears and the end, `on_heard` with
    every stretch of what is heard (mu-law, silence included) as it is played; both inside the call's task: they
    must not block. `stream` is a connection to the server that is open already (a memory stream in a
    test).

    Raises DialError if no call comes about; what the block raises comes out as it is, not in a group.
    """
    address = dial.parse_address(url)
    caller = {CALLER_PARAMETER: from_number} if from_number is not None else {}
    identity = identity or Identity(parameters={**caller, **(parameters or {})})
    media_stream = MediaStream(identity, quirks or Quirks(), on_event, on_heard)
    connection = stream or await dial.open_stream(address, ssl_context)
    failure: Exception | None = None
    async with trio.open_nursery() as nursery:
        try:
            await nursery.start(media_stream.run, connection, address, auth_token)
            yield Phone(identity, media_stream, voice)
        except Exception as error:  # noqa: BLE001 - raised below, where no nursery wraps it
            failure = error
        finally:
            media_stream.finish()
    if failure is not None:
        raise failure
