"""One call: a media stream at `/twilio`, an ear at Deepgram, and the line to a game once the caller has named its code.

    async with trio.open_nursery() as last_words:     outlives the caller, by PHONEGAME_DRAIN_SECONDS at most
        listen                    audio -> Deepgram -> messages
        receive_from_deepgram     messages -> code, then -> the line; interruptions
        async with trio.open_nursery() as live:       as long as the phone is connected
            receive_from_twilio   media -> the ear; dtmf, mark, stop
            begin                 finds out whether it may come in, and whose call it is
            receive_keys          keys -> code
            speak_to_twilio       sayings -> media, mark, clear
            character             answers the caller, where there is one: thinks, speaks, asks the game for actions
            say_goodbye           where the call is ended by us
            patch_outgoing        where we have called: the line at once, and whether a machine has answered
            watch                 no code in time, no audio any more, the game hangs up

Whatever ends the call goes through `end_nowait`, once: it lets go of the line before anything else, needs no await,
and tells the ear to finish. What waits for Deepgram's last words is shielded as a whole, and bounded by a deadline.
"""

from __future__ import annotations

import contextvars
import secrets
from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar, assert_never

import structlog
import trio

from phonegame.asgi import Batch, RawWebsocket
from phonegame.board import CallNotes
from phonegame.call_beginning import CallBeginning, Happened
from phonegame.call_character import CallCharacter, Casting
from phonegame.call_limits import DELIVERY_SECONDS, CallLimits
from phonegame.call_outgoing import OutgoingSide
from phonegame.call_recording import CallRecording, Recordings
from phonegame.call_speech import CallSpeech
from phonegame.call_watch import wait_dead, wait_hang_up
from phonegame.caller import caller_of
from phonegame.characters.setting import End
from phonegame.dialling.desk import Dialled
from phonegame.ended import TURNED_AWAY, Ended
from phonegame.front_desk import FrontDesk, TurnedAway
from phonegame.interruption import Interruption
from phonegame.limits.shared import Guesses
from phonegame.listen.listener import Listener
from phonegame.prompts import Prompts
from phonegame.speak.voices import Voices
from phonegame.spoken import CodeBook
from phonegame.stream_tokens import Facts
from phonegame.switchboard import (
    ActionResult,
    Caller,
    CallProblem,
    Clear,
    Command,
    Expect,
    GameAway,
    GameBack,
    GameLeft,
    HangUp,
    PlayCharacter,
    Record,
    Say,
    StopCharacter,
    Switchboard,
)
from phonegame.twilio.messages import Dtmf, Mark, Start, Stop
from phonegame.twilio.stream import Happening, StreamReader

T = TypeVar("T")

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Call:
    def __init__(
        self,
        socket: RawWebsocket,
        switchboard: Switchboard,
        book: CodeBook,
        listener: Listener,
        voices: Voices,
        prompts: Prompts,
        interruption: Interruption,
        limits: CallLimits,
        known_as: Callable[[str], str],
        admit: Callable[[Start], Awaitable[Facts | None]],
        on_ended: Callable[[Call], None],
        claim: Callable[[str], Awaitable[Dialled | None]],
        *,
        casting: Casting,
        guesses: Guesses,
        recordings: Recordings,
        notes: CallNotes,
        only_announced: bool,
    ) -> None:
        """`known_as`: a number -> what games and logs may know of it, the same for each call.

        `admit`: what is known of the call, None for one that is refused. With `only_announced` nothing is heard before.
        `on_ended` is called as soon as `ended` is set: the caller may still be there, for the goodbye.
        `claim`: see `OutgoingSide`.
        """
        self._socket = socket
        self._listener = listener
        self._voices = voices
        self._prompts = prompts
        self._limits = limits
        self._known_as = known_as
        self._beginning = CallBeginning(socket, admit)
        self._on_ended = on_ended
        self._casting = casting
        self.notes = notes
        self._admitted = not only_announced
        self.call_sid = ""
        self._stream = StreamReader()
        self._id = secrets.token_hex(8)
        caller = Caller(call_id=self._id)
        self._desk = FrontDesk(switchboard, book, caller, self, guesses, wrong_codes=limits.wrong_codes)
        self._tell = notes.telling(self._desk.deliver_nowait)
        self._speech = CallSpeech(voices, prompts, interruption, socket.send_text, self._tell)
        self._recording = CallRecording(recordings, prompts, self._speech, listener, self._tell)
        self._character = CallCharacter(
            casting, prompts, self._speech, listener, self._recording.deliver_nowait, self.end_nowait
        )
        notes.watch(self._speech, self._character)
        self._outgoing = OutgoingSide(
            claim, self._desk, self._speech, self.end_nowait, self._character.meet_machine_nowait
        )
        self._began = self._last_media = 0.0
        self._live = trio.CancelScope()
        self._ending = trio.Event()
        self._hang_up = trio.Event()
        self._last_words = trio.CancelScope(shield=True)
        self._deliveries = trio.CancelScope(shield=True)
        self._ended: Ended | None = None
        self.said_goodbye = False
        """Or is saying it: the caller learns from us that the call has ended."""

    @property
    def ended(self) -> Ended | None:
        return self._ended

    @property
    def direction(self) -> Literal["incoming", "outgoing"]:
        return self._character.caller.direction

    async def run(self) -> None:
        """Serves the call. Returns when it has ended, and the game has had its last words."""
        structlog.contextvars.bind_contextvars(call=self._id)
        self._listener.on_refused = lambda why: self._tell(CallProblem("vocabulary_refused", why))
        self._context = contextvars.copy_context()
        self._began = self._last_media = trio.current_time()
        async with self._recording.present(), trio.open_nursery() as last_words:
            last_words.start_soon(self._listen)
            last_words.start_soon(self._receive_from_deepgram)
            try:
                await self._serve_phone()
            finally:
                self.end_nowait(Ended.FAILED)
                self._speech.speaker.close_nowait()
        assert self._ended is not None
        log.info(
            "call ended",
            why=self._ended.why,
            seconds=round(trio.current_time() - self._began, 1),
            malformed=self._stream.malformed,
            filled_bytes=self._stream.filled,
            dropped_bytes=self._stream.dropped,
        )

    def end_nowait(self, why: Ended) -> None:
        """Ends the call; the first reason counts. On return the line is free; the goodbye is yet to be said."""
        if self._ended is not None:
            return
        self._ended = why
        self.notes.end(why)
        self._recording.end_nowait(why.reason)
        # before the line is released, behind the recording's end: receipts of what will not be said any more
        self._character.stop_nowait(End.CALL_ENDED)
        self._speech.stop_nowait()
        self._desk.leave_nowait(why.reason)
        self._listener.finish()
        self._last_words.deadline = trio.current_time() + self._limits.drain_seconds
        self._deliveries.deadline = self._last_words.deadline + DELIVERY_SECONDS
        self.said_goodbye = why.has_said_goodbye
        if self._speech.can_say(why.goodbye(self._prompts)):
            self.said_goodbye = True
            self._ending.set()
        else:
            self._live.cancel()
        self._on_ended(self)
        self._outgoing.finish_nowait()

    # what the front desk finds out

    def has_joined(self) -> None:
        self.notes.patch(self._desk.code)
        self._speech.confirm_joined()

    def has_named_wrong(self, said: str) -> None:
        self._speech.name_wrong(said)

    def turn_away(self, why: TurnedAway) -> None:
        self.end_nowait(TURNED_AWAY[why])

    def take_command(self, command: Command) -> None:
        # a copy: the game may answer to what this very call has just told it
        self._guarded(self._obey, command, self._context.copy())

    def _obey(self, command: Command) -> None:
        match command:
            case Say(saying=saying, after_tone=after_tone):
                self._speech.say(saying, after_tone=after_tone)
            case Clear():
                self._speech.clear()
            case HangUp(at_once=True):
                self.end_nowait(Ended.GAME_HUNG_UP)
            case HangUp():
                self._hang_up.set()
            case Expect(words=words):
                self._character.expect_nowait(words)
            case PlayCharacter():
                self._character.play_nowait(command, has_game=True)
            case StopCharacter():
                self._character.stop_nowait()
            case ActionResult():
                self._recording.note_result(command)
                self._character.take_result_nowait(command)
            case Record(on=on):
                self._recording.record_nowait(on)
            case GameAway() if self._character.is_playing:
                log.info("the game is away; its character goes on")
            case GameAway():
                self._speech.game_away()
            case GameBack():
                self._speech.game_back()
            case GameLeft() if self._character.game_left_nowait():
                log.info("the game has left; the server's own character goes on")
            case GameLeft():
                self.end_nowait(Ended.GAME_LEFT)
            case _:
                assert_never(command)

    # the phone

    async def _serve_phone(self) -> None:
        context = self._context
        await self._socket.accept(lambda batch: self._guarded(self._receive_from_twilio, batch, context))
        with self._live:
            async with trio.open_nursery() as live:
                live.start_soon(self._begin)
                live.start_soon(self._desk.receive_keys, lambda: self._listener.live_position)
                live.start_soon(self._speech.speaker.run)
                live.start_soon(self._speech.hold_the_line)
                live.start_soon(self._say_goodbye)
                live.start_soon(self._outgoing.patch)
                live.start_soon(self._character.run)
                live.start_soon(self._watch_for_code)
                live.start_soon(self._watch_for_audio)
                live.start_soon(self._watch_for_hang_up)
                await self._socket.receive_until_closed()
                self.end_nowait(Ended.HUNG_UP)
                self._live.cancel()
        why = self._ended or Ended.FAILED
        await self._socket.close(1011 if why is Ended.FAILED else 1000, why.why)

    def _guarded(self, take: Callable[[T], None], what: T, context: contextvars.Context) -> None:
        """From a task of somebody else's, where log lines would not name the call, and where no error may get to."""

        def guarded() -> None:
            try:
                take(what)
            except Exception:
                log.exception("error in a call; it ends")
                self.end_nowait(Ended.FAILED)

        context.run(guarded)

    def _receive_from_twilio(self, batch: Batch) -> None:
        happened = self._stream.read(batch)
        if self._ended is not None or not self._beginning.hold_nowait(happened):
            self._take(happened)

    def _take(self, happened: Happened) -> None:
        audio, happenings = happened
        if audio and self._admitted and self._ended is None:
            self._last_media = trio.current_time()
            self._listener.hear_nowait(audio)
        if self._recording.tape is not None:
            self._recording.tape.hear_nowait(audio, trio.current_time())
        for happening in happenings:
            self._receive_happening(happening)
        if self._stream.flooded:
            self.end_nowait(Ended.MALFORMED)
        elif self._stream.unusable:
            self.end_nowait(Ended.UNUSABLE)

    def _receive_happening(self, happening: Happening) -> None:
        match happening:
            case Dtmf() if not self._admitted:
                pass
            case Dtmf(digit=digit):
                if not self._desk.joined.is_set():
                    # who keys a code has heard enough of the welcome
                    self._speech.speaker.interrupt_nowait()
                self.notes.press(digit)
                self._recording.press(digit)
                self._character.press()
                self._desk.press_nowait(digit)
            case Mark(name=name):
                self._speech.speaker.mark_returned_nowait(name)
            case Stop():
                self.end_nowait(Ended.HUNG_UP)
                self._live.cancel()

    async def _begin(self) -> None:
        start, facts = await self._beginning.wait()
        await self._outgoing.claim(facts)
        self._guarded(lambda facts: self._begin_with(start, facts), facts, self._context)
        for happened in self._beginning.release_nowait():
            self._guarded(self._take, happened, self._context)

    def _begin_with(self, start: Start, facts: Facts | None) -> None:
        if self._ended is not None:
            self._outgoing.finish_nowait()  # it was claimed meanwhile
            return
        self.call_sid = start.call_sid
        if facts is None:
            self.end_nowait(Ended.REFUSED)
            return
        self._admitted = True
        log.info("call started", call_sid=start.call_sid, direction=facts.direction)
        caller = caller_of(facts, self._id, self._known_as)
        self._desk.caller = self._character.caller = self._recording.caller = caller
        self.notes.begin(caller, facts.call_id)
        self._voices.warm_nowait()
        self._speech.speaker.begin_nowait(start.stream_sid)
        self._recording.begin_nowait()
        if facts.direction == "outgoing" and not self._outgoing.start():
            self.notes.patch(None)
            return
        if self._casting.own is None:
            self._speech.welcome()
        else:
            self._desk.need_no_code_nowait()
            self._character.play_nowait(PlayCharacter(self._casting.own, is_servers_own=True), has_game=False)

    async def _watch_for_audio(self) -> None:
        await wait_dead(lambda: self._last_media)
        self.end_nowait(Ended.SILENT)

    async def _watch_for_code(self) -> None:
        if not await self._desk.wait_for_code(self._limits.code_seconds, self._speech.remind_of_code):
            self.end_nowait(Ended.NO_CODE)

    async def _watch_for_hang_up(self) -> None:
        await wait_hang_up(self._hang_up, self._speech.wait_said)
        self.end_nowait(Ended.GAME_HUNG_UP)

    async def _say_goodbye(self) -> None:
        await self._ending.wait()
        assert self._ended is not None
        await self._speech.say_goodbye(self._ended.goodbye(self._prompts))
        self._live.cancel()

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
            self._desk.close_nowait((self._ended or Ended.FAILED).reason, round(trio.current_time() - self._began, 3))

    async def _receive_one(self) -> bool:
        heard = None
        try:
            with trio.move_on_at(self._desk.deadline):
                heard = await self._listener.heard.receive()
        except trio.EndOfChannel:
            return False
        if heard is None:
            await self._desk.settle()
            return True
        self.notes.hear(heard, self._listener.live_position)
        self._recording.hear(heard)
        if self._ended is None:
            self._speech.hear(heard, self._listener.live_position)
            self._character.hear(heard)
        await self._desk.hear(heard)
        return True
