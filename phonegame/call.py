"""One call: a media stream at `/twilio`, an ear at Deepgram, and the line to a game once the caller has named its code.

    async with trio.open_nursery() as last_words:     outlives the caller, by PHONEGAME_DRAIN_SECONDS at most
        listen                    audio -> Deepgram -> messages
        receive_from_deepgram     messages -> code, then -> the line
        async with trio.open_nursery() as live:       as long as the phone is connected
            receive_from_twilio   media -> the ear; dtmf, mark, stop
            receive_keys          keys -> code
            speak_to_twilio       sentences -> media, mark
            watch                 no code in time, no audio any more

Whatever ends the call goes through `end_nowait`, once: it lets go of the line before anything else, needs no await,
and tells the ear to finish. What waits for Deepgram's last words is shielded as a whole, and bounded by a deadline.
"""

from __future__ import annotations

import contextvars
import secrets
from dataclasses import dataclass
from enum import Enum

import structlog
import trio

from phonegame.asgi import Batch, RawWebsocket
from phonegame.front_desk import FrontDesk, TurnedAway
from phonegame.listen.listener import Listener
from phonegame.speak import Voice
from phonegame.speak.speaker import Speaker
from phonegame.spoken import CodeBook
from phonegame.switchboard import Line, Switchboard
from phonegame.twilio.messages import Dtmf, Mark, Start, Stop
from phonegame.twilio.stream import Happening, StreamReader

DEAD_AFTER_SECONDS = 10
"""Twilio sends fifty messages a second, silence included: a stream that is silent for so long is dead."""
GOODBYE_SECONDS = 10
DELIVERY_SECONDS = 1.0
"""What Deepgram has said until the last moment is handed to the game within this; it takes microseconds."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Ended(Enum):
    """Why a call has ended: for the log, and for the caller where there is a voice and somebody to hear it."""

    HUNG_UP = ("the caller hung up", None)
    SILENT = ("no audio came any more", None)
    MALFORMED = ("too many malformed messages", None)
    UNUSABLE = ("the audio is not mu-law, 8000 Hz, mono", None)
    FAILED = ("an error of ours", None)
    GAME_LEFT = ("the game left", "The game has ended. Goodbye.")
    BUSY = ("the game has another caller", "Somebody else is on the phone with this game. Goodbye.")
    WRONG_CODES = (
        "too many wrong codes",
        "I cannot find your game. Please check the code, and call again. Goodbye.",
    )
    NO_CODE = ("no code was named in time", "I have not heard a code. Please call again. Goodbye.")
    DEEPGRAM = ("Deepgram cannot be used", "I am sorry, I cannot hear you. Please call again later. Goodbye.")
    SHUTDOWN = ("the server is going down", "I am sorry, the line is closing. Goodbye.")

    def __init__(self, why: str, goodbye: str | None) -> None:
        self.why = why
        self.goodbye = goodbye


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Fields of `Settings`, which says what they mean."""

    wrong_codes: int
    code_seconds: float
    drain_seconds: float


class Call:
    def __init__(
        self,
        socket: RawWebsocket,
        switchboard: Switchboard,
        book: CodeBook,
        listener: Listener,
        voice: Voice | None,
        limits: CallLimits,
    ) -> None:
        self._socket = socket
        self._listener = listener
        self._limits = limits
        self._stream = StreamReader()
        self._speaker = Speaker(voice, socket.send_text)
        self._id = secrets.token_hex(4)
        self._desk = FrontDesk(switchboard, book, self._id, wrong_codes=limits.wrong_codes, turn_away=self._turn_away)
        self._last_media = 0.0
        self._live = trio.CancelScope()
        self._game_speaks = trio.CancelScope()
        self._last_words = trio.CancelScope(shield=True)
        self._deliveries = trio.CancelScope(shield=True)
        self._ended: Ended | None = None

    async def run(self) -> None:
        """Serves the call. Returns when it has ended, and the game has had its last words."""
        structlog.contextvars.bind_contextvars(call=self._id)
        began = self._last_media = trio.current_time()
        async with trio.open_nursery() as last_words:
            last_words.start_soon(self._listen)
            last_words.start_soon(self._receive_from_deepgram)
            try:
                await self._serve_phone()
            finally:
                self.end_nowait(Ended.FAILED)
        assert self._ended is not None
        log.info(
            "call ended",
            why=self._ended.why,
            seconds=round(trio.current_time() - began, 1),
            malformed=self._stream.malformed,
            filled_bytes=self._stream.filled,
            dropped_bytes=self._stream.dropped,
        )

    def end_nowait(self, why: Ended) -> None:
        """Ends the call; the first reason counts. On return the line is free; the goodbye is yet to be said."""
        if self._ended is not None:
            return
        self._ended = why
        self._desk.leave_nowait()
        self._listener.finish()
        self._last_words.deadline = trio.current_time() + self._limits.drain_seconds
        self._deliveries.deadline = self._last_words.deadline + DELIVERY_SECONDS
        if why.goodbye and self._speaker.has_voice:
            self._game_speaks.cancel()
        else:
            self._live.cancel()

    def _turn_away(self, why: TurnedAway) -> None:
        self.end_nowait(Ended.BUSY if why is TurnedAway.BUSY else Ended.WRONG_CODES)

    # the phone

    async def _serve_phone(self) -> None:
        # messages come from the task that reads the socket, whose log lines would not name the call
        context = contextvars.copy_context()
        await self._socket.accept(lambda batch: context.run(self._take, batch))
        with self._live:
            async with trio.open_nursery() as live:
                live.start_soon(self._desk.receive_keys, lambda: self._listener.position)
                live.start_soon(self._speak_to_twilio)
                live.start_soon(self._watch_for_code)
                live.start_soon(self._watch_for_audio)
                await self._socket.receive_until_closed()
                self.end_nowait(Ended.HUNG_UP)
                self._live.cancel()
        why = self._ended or Ended.FAILED
        await self._socket.close(1011 if why is Ended.FAILED else 1000, why.why)

    def _take(self, batch: Batch) -> None:
        """From the task that reads the socket: it does not wait here, and no error may get to it."""
        try:
            self._receive_from_twilio(batch)
        except Exception:
            log.exception("error in a call; it ends")
            self.end_nowait(Ended.FAILED)

    def _receive_from_twilio(self, batch: Batch) -> None:
        audio, happenings = self._stream.read(batch)
        if audio and self._ended is None:
            self._last_media = trio.current_time()
            self._listener.hear_nowait(audio)
        for happening in happenings:
            self._receive_happening(happening)
        if self._stream.flooded:
            self.end_nowait(Ended.MALFORMED)
        elif self._stream.unusable:
            self.end_nowait(Ended.UNUSABLE)

    def _receive_happening(self, happening: Happening) -> None:
        match happening:
            case Start(stream_sid=stream_sid, call_sid=call_sid):
                log.info("call started", call_sid=call_sid)
                self._speaker.begin(stream_sid)
            case Dtmf(digit=digit):
                self._desk.press_nowait(digit)
            case Mark(name=name):
                self._speaker.mark_returned(name)
            case Stop():
                self.end_nowait(Ended.HUNG_UP)
                self._live.cancel()

    async def _watch_for_audio(self) -> None:
        while self._ended is None:
            await trio.sleep_until(self._last_media + DEAD_AFTER_SECONDS)
            if trio.current_time() - self._last_media >= DEAD_AFTER_SECONDS:
                self.end_nowait(Ended.SILENT)

    async def _watch_for_code(self) -> None:
        with trio.move_on_after(self._limits.code_seconds):
            await self._desk.joined.wait()
            return
        self.end_nowait(Ended.NO_CODE)

    async def _speak_to_twilio(self) -> None:
        """The only task that sends audio. The game's sentences, then a goodbye where the call is ended by us."""
        with self._game_speaks:
            await self._desk.joined.wait()
            assert self._desk.line is not None
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._speak_sentences, self._desk.line)
                await self._desk.line.game_left.wait()
                nursery.cancel_scope.cancel()
            self.end_nowait(Ended.GAME_LEFT)
        goodbye = self._ended.goodbye if self._ended else None
        if goodbye:
            with trio.move_on_after(GOODBYE_SECONDS):
                await self._speaker.say(goodbye)
                await self._speaker.heard()
        self._live.cancel()

    async def _speak_sentences(self, line: Line) -> None:
        async for sentence in line.sentences:
            await self._speaker.say(sentence)

    # the ear

    async def _listen(self) -> None:
        with self._last_words:
            await self._listener.run()

    async def _receive_from_deepgram(self) -> None:
        """Ends with the listener, which closes the channel at the latest when its deadline has passed."""
        try:
            with self._deliveries, self._listener.heard:
                while await self._receive_one():
                    pass
                if self._listener.failure is not None:
                    self.end_nowait(Ended.DEEPGRAM)
        finally:
            self._desk.close_nowait()

    async def _receive_one(self) -> bool:
        heard = None
        try:
            with trio.move_on_at(self._desk.deadline):
                heard = await self._listener.heard.receive()
        except trio.EndOfChannel:
            return False
        if heard is not None:
            await self._desk.hear(heard)
        else:
            await self._desk.settle()
        return True
