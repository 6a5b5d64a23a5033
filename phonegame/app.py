"""The server as an application: routes and what they share. Nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from functools import partial

import structlog
import trio
from quart_trio import QuartTrio

from phonegame import hypercorn_trio
from phonegame.access import Access, require_locks, warn_of_open_doors
from phonegame.admission import Admission
from phonegame.asgi import RawWebsocket
from phonegame.board import Board, CallNotes
from phonegame.call import Call
from phonegame.call_character import Casting
from phonegame.call_limits import CallLimits
from phonegame.call_recording import Recordings
from phonegame.call_traces import CallTraces
from phonegame.carrier import Carrier
from phonegame.characters.brain import BrainMissing
from phonegame.characters.budget import CallBudget
from phonegame.characters.day import DayBudget, DayPurse
from phonegame.characters.files import CharacterFileError, CharacterFiles
from phonegame.characters.keeping.keeper import Keeper
from phonegame.characters.keeping.opening import open_memory
from phonegame.characters.persona import Persona
from phonegame.characters.troupe import Troupe
from phonegame.codes import parse_codes
from phonegame.dialling import Dialler, DialQuota
from phonegame.dialling.desk import DialDesk
from phonegame.dialling.quota import DialLimits
from phonegame.dialling.shared import SharedDialLimits
from phonegame.ended import Ended
from phonegame.game import Games
from phonegame.interruption import Interruption
from phonegame.limits import ConnectionLimits, GuessLimits, KeyGuesses
from phonegame.limits.shared import Guesses
from phonegame.listen.listener import Listener
from phonegame.logs import set_up_logs
from phonegame.loop_load import LoopLoad
from phonegame.metrics import Failure, Metrics
from phonegame.settings import Settings, SettingsError
from phonegame.speak.voices import Voices
from phonegame.spoken import CodeBook
from phonegame.stream_tokens import Facts
from phonegame.switchboard import SeatClosed
from phonegame.switchboard.opening import number_key, open_switchboard
from phonegame.twilio.messages import Start
from phonegame.twilio.numbers import CALLER_PARAMETER
from phonegame.twilio.twiml import CALLED_PARAMETER, TOKEN_PARAMETER
from phonegame.visitors import Visitors
from phonegame.web.assets import asset_pages
from phonegame.web.demo import demo_pages
from phonegame.web.doors import guard
from phonegame.web.faults import tell_faults
from phonegame.web.front_door import FrontDoor
from phonegame.web.machines import Readiness, machine_pages
from phonegame.web.operator import Situation, operator_pages
from phonegame.web.webhooks import Webhooks
from phonegame.workers.alone import why_alone

GOODBYE_SECONDS = 12
"""For goodbyes to be spoken and last words to come through."""
NO_GAMES = "callers of this server talk to its own character; games need one without PHONEGAME_CHARACTER"

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class PhoneGame:
    """What the visitors of one process share, and who they are at present."""

    def __init__(self, settings: Settings) -> None:
        codes = parse_codes(settings.codes)
        self.settings = settings
        self.book = CodeBook(codes)
        self.shared, self.switchboard = open_switchboard(settings, codes)
        self._notes = self.shared.notes if self.shared is not None else None
        self.voices = Voices(
            settings.voice,
            speak_url=settings.deepgram_speak_url,
            deepgram_key=settings.deepgram_api_key.get_secret_value(),
        )
        self.voices.keep(settings.fixed_prompts())
        self.day = DayPurse(
            DayBudget(settings.day_turns, settings.day_tokens, settings.day_minutes, settings.day_characters)
        )
        memory = open_memory(settings)
        self.keeper = Keeper(memory, self.day, days=settings.memory_days) if memory is not None else None
        self._number_key = memory.number_key if memory is not None else number_key(settings)
        self.calls = Visitors[Call]()
        self.load = LoopLoad(lambda seconds: self.metrics.lag_measured(seconds))
        self.admission = Admission(settings, lambda: len(self.calls), self.load)
        self.dialler = self._dialler()
        self.desk = DialDesk(self.dialler, self.shared.switchboard if self.shared is not None else None)
        self.metrics = Metrics(
            calls=lambda: (call.direction for call in self.calls),
            games=lambda: len(self.games),
            dialled=lambda: len(self.dialler),
        )
        self.tell_metrics: Callable[[], Awaitable[str]] = self.metrics.as_text
        """For `/metrics`. One of several workers is given a way to ask the others as well."""
        self.metrics.show_load(settings.max_calls, self.load, lambda: self.draining)
        self.dialler.on_over = self.metrics.outgoing_over
        self.character_files = CharacterFiles(settings.characters)
        self.games = Games(
            self.switchboard,
            settings.twilio_phone_number,
            self.dialler.dial_nowait,
            away_seconds=settings.away_seconds,
            game_queue=settings.game_queue,
            use=self.character_files.use,
            find_brain=lambda persona: self.casting.find_brain(persona),
            why_none=NO_GAMES if settings.character else "",
            others=self.shared.switchboard if self.shared is not None else None,
        )
        self.board = Board(self.games.shown, past_calls=settings.past_calls, lines=settings.transcript_lines)
        self.dialler.on_status = self.board.tell_status
        self.draining = False
        """Whether no new calls and games are taken; those that are there go on."""
        self.is_replaced = False
        """Whether another process answers at this address while this one stops."""
        self.ending = False
        self.access = Access(settings)
        self.call_traces = CallTraces(self._notes)
        self.connections = ConnectionLimits(
            settings.sockets_per_address, settings.connects_per_minute, trusted_proxies=settings.trusted_proxies
        )
        self.key_guesses = KeyGuesses()
        self.guesses = Guesses(GuessLimits(most := settings.number_wrong_codes), most, self._notes)
        budget = CallBudget(settings.call_turns, settings.call_tokens, settings.call_minutes, settings.call_characters)
        self.recordings = Recordings(settings.recordings, is_always=settings.record == "always")
        self.troupe = Troupe(settings.model, url=settings.model_url, key=settings.model_key.get_secret_value())
        self.casting = Casting(
            self.troupe.find,
            budget,
            settings.model_tokens,
            own=self._own_character(),
            newest=self.character_files.newest,
            day=self.day,
            keeper=self.keeper,
            on_turn=self.metrics.turn_timed,
            on_failed=self.metrics.character_failed,
            on_spent=self.metrics.spent,
            on_voice_failed=self.metrics.voice_failed,
        )

    def _dialler(self) -> Dialler:
        settings = self.settings
        limits = DialLimits(
            settings.dial_per_minute, settings.dial_per_game, settings.dial_per_number, settings.dial_at_once
        )
        return Dialler(
            None if self.why_no_calls else Carrier(settings),
            self.switchboard,
            DialQuota(limits),
            allow=settings.dial_allow,
            known_as=self._known_as,
            ring_seconds=settings.ring_seconds,
            why_no_calls=self.why_no_calls,
            has_character=settings.character is not None,
            why_full=self._why_full,
            worker=self.shared.switchboard.worker if self.shared is not None else "",
            shared=SharedDialLimits(limits, self._notes) if self._notes is not None else None,
        )

    def _why_full(self) -> str | None:
        why = self.admission.why_full()
        return None if why is None else f"this server has as much to do as {why.setting} allows; try again later"

    def _own_character(self) -> Persona | None:
        """Whom callers talk to in the place of games. Raises `SettingsError`."""
        if self.settings.character is None:
            return None
        try:
            own = self.character_files.load_at_start(self.settings.character)
            self.troupe.find(own)
        except (CharacterFileError, BrainMissing) as error:
            raise SettingsError([f"PHONEGAME_CHARACTER: cannot be played: {error}"]) from None
        if not self.voices.has_voice:
            raise SettingsError([f"PHONEGAME_CHARACTER: {own.name} cannot speak: PHONEGAME_VOICE names no voice"])
        log.info("callers talk to a character", name=own.name)
        return own

    @property
    def why_no_calls(self) -> str:
        return Carrier.why_no_calls(self.settings)

    async def serve_game(self, socket: RawWebsocket, known_as: str, memory: str) -> None:
        await self.games.serve(socket, known_as, memory)

    async def serve_call(self, socket: RawWebsocket, announced: Callable[[], None]) -> None:
        if self.ending:
            await socket.refuse()
            return
        with self.board.notes() as notes:
            call = self._call(socket, announced, notes)
            with self.calls.present(call):
                await call.run()

    def _call(self, socket: RawWebsocket, announced: Callable[[], None], notes: CallNotes) -> Call:
        settings = self.settings
        return Call(
            socket,
            self.switchboard,
            self.book,
            self._listener(notes),
            self.voices,
            settings,
            Interruption(settings.interrupt, settings.interrupt_words),
            CallLimits(settings.wrong_codes, settings.code_seconds, settings.drain_seconds),
            self._known_as,
            partial(self._admit, announced),
            self._record_end,
            self.desk.claim,
            casting=self.casting,
            guesses=self.guesses,
            recordings=self.recordings,
            notes=notes,
            only_announced=self.access.is_twilio_checked,
        )

    def _listener(self, notes: CallNotes) -> Listener:
        settings = self.settings
        listener = Listener(
            settings.deepgram_url,
            settings.deepgram_api_key.get_secret_value(),
            final_seconds=settings.final_seconds,
            reconnect_seconds=settings.reconnect_seconds,
            stall_seconds=settings.stall_seconds,
            # none is taken from a stream before it has shown its token
            waits_for_audio=self.access.is_twilio_checked,
        )

        def note_failure(outcome: Failure) -> None:
            self.metrics.deepgram_failed(outcome)
            notes.listening_failed(outcome)

        listener.on_failed = note_failure
        return listener

    async def stop(self, seconds: float) -> None:
        """Takes no new calls and games, lets calls go on for so long, then ends those that are left. May run twice."""
        self._drain_nowait(seconds)
        with trio.move_on_after(seconds):
            # phones that ring become calls, and games leave when their last one is over
            await self.dialler.wait_until_empty()
            await self.calls.wait_until_empty()
            await self.games.wait_until_empty()
        self.end_nowait()

    async def terminate(self, seconds: float) -> None:
        """Where the ASGI server has its own way to stop: of these seconds, goodbyes need the last ones."""
        await self.stop(max(0, min(self.settings.stop_seconds, seconds - GOODBYE_SECONDS)))

    def _drain_nowait(self, seconds: float) -> None:
        if self.draining or seconds == 0:
            return
        self.draining = True
        self.dialler.close_nowait()
        self.games.drain_nowait(seconds)

    def end_nowait(self) -> None:
        """Ends every call, with a spoken goodbye where there is a voice, and every game. Lets nobody in any more."""
        if self.ending:
            return
        self.ending = self.draining = True
        for call in self.calls:
            call.end_nowait(Ended.SHUTDOWN)
        self.board.close_nowait()
        self.dialler.end_nowait()
        self.games.leave_nowait(SeatClosed.SHUTDOWN)

    def hang_up_nowait(self, call_id: str) -> bool:
        """For the operator: ends a call, or the ringing of a phone. False: there is no such call."""
        for call in self.calls:
            if call.notes.call_id == call_id and call.ended is None:
                call.end_nowait(Ended.OPERATOR_HUNG_UP)
                return True
        return self.dialler.hang_up_nowait(call_id)

    async def _admit(self, announced: Callable[[], None], start: Start) -> Facts | None:
        """A stream that brings a token must be the one that it was made for; where Twilio is checked, all must."""
        parameters = start.custom_parameters
        if token := parameters.get(TOKEN_PARAMETER):
            facts = await self.call_traces.redeem(token, start.call_sid)
            if facts is not None:
                self.admission.arrived_nowait()
                self.call_traces.expect_nowait(start.call_sid)
                if self.access.is_twilio_checked:
                    announced()
            return facts
        if self.access.is_twilio_checked or self.draining:
            # whoever has a token was let in before the server was told to stop
            return None
        return Facts(caller=parameters.get(CALLER_PARAMETER, ""), called=parameters.get(CALLED_PARAMETER, ""))

    def _record_end(self, call: Call) -> None:
        assert call.ended is not None
        self.metrics.call_ended(call.direction, call.ended)
        self.call_traces.record_nowait(call.call_sid, call.ended, said_goodbye=call.said_goodbye)

    @property
    def readiness(self) -> Readiness:
        if self.draining and not self.is_replaced:
            return "stopping"
        return "ok" if self.admission.why_full() is None else "full"

    @property
    def situation(self) -> Situation:
        own = self.casting.own
        return Situation(
            number=self.settings.twilio_phone_number,
            why_no_calls=self.why_no_calls,
            character=own.name if own is not None else "",
            keeps_transcripts=self.settings.transcript_lines > 0,
        )

    def _known_as(self, number: str) -> str:
        """With a key of this process, or the memory's: there are too few phone numbers for a hash alone to hide one."""
        return hashlib.blake2b(number.encode(), key=self._number_key, digest_size=16).hexdigest()

    async def wait_until_empty(self) -> None:
        await self.calls.wait_until_empty()
        await self.games.wait_until_empty()
        await self.dialler.wait_until_empty()
        await self.call_traces.wait_until_asked()


def create_app(settings: Settings | None = None) -> QuartTrio:
    """Raises `SettingsError` where the environment's settings cannot be used.

    Under hypercorn's own command calls and games are told of its end too, but have its `--graceful-timeout`, three
    seconds unless set, for it: what is not spoken by then is cut off.
    """
    settings = settings or Settings.load()
    require_locks(settings)
    set_up_logs(settings.log, settings.log_level)
    warn_of_open_doors(settings)
    hypercorn_trio.install()
    hypercorn_trio.refuse_workers(partial(why_alone, settings))
    phonegame = PhoneGame(settings)

    app = QuartTrio("phonegame", static_folder=None)
    app.extensions["phonegame"] = phonegame
    app.asgi_app = FrontDoor(app.asgi_app, phonegame)  # type: ignore[method-assign]
    guard(app, phonegame)
    tell_faults(app)

    app.register_blueprint(machine_pages(lambda: phonegame.readiness, lambda: phonegame.tell_metrics()))
    app.register_blueprint(
        operator_pages(lambda: phonegame.situation, phonegame.board, phonegame.dialler.dial, phonegame.hang_up_nowait)
    )
    app.register_blueprint(asset_pages())
    app.register_blueprint(demo_pages(settings, phonegame.why_no_calls))
    webhooks = Webhooks(
        settings,
        phonegame.access,
        phonegame.connections,
        phonegame.call_traces,
        phonegame.dialler,
        phonegame.desk,
        has_voice=lambda: phonegame.voices.has_voice,
        has_others=settings.redis_url is not None,
        admission=phonegame.admission,
        metrics=phonegame.metrics,
        is_stopping=lambda: phonegame.draining,
        is_over=lambda: phonegame.ending,
    )
    app.register_blueprint(webhooks.blueprint())

    @app.before_serving
    async def start_services() -> None:
        if phonegame.shared is not None:
            await app.nursery.start(phonegame.shared.run)
        await app.nursery.start(phonegame.call_traces.run)
        if phonegame.games.relay is not None:
            await app.nursery.start(phonegame.games.relay.run)
        await app.nursery.start(phonegame.voices.run)
        await app.nursery.start(phonegame.dialler.run)
        await app.nursery.start(phonegame.load.watch)
        await app.nursery.start(phonegame.troupe.run)
        await phonegame.recordings.finish_left_behind()
        if phonegame.keeper is not None:
            await app.nursery.start(phonegame.keeper.run)

    return app
