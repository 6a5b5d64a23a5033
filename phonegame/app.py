"""The server as an application: routes and what they share. Nothing else."""

from __future__ import annotations

import hashlib
import random
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
import trio
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, Scope
from quart import request
from quart_trio import QuartTrio

from phonegame import hypercorn_trio
from phonegame.asgi import RawWebsocket
from phonegame.call import Call, CallLimits, Ended
from phonegame.codes import CodePool, parse_codes
from phonegame.game import Games
from phonegame.interruption import Interruption
from phonegame.listen.listener import Listener
from phonegame.logs import set_up_logs
from phonegame.settings import Settings
from phonegame.speak.voices import Voices
from phonegame.spoken import CodeBook
from phonegame.switchboard import SeatClosed, Switchboard
from phonegame.switchboard.memory import MemorySwitchboard
from phonegame.visitors import Visitors
from phonegame.wire.v1.asyncapi import asyncapi

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class PhoneGame:
    """What the visitors of one process share, and who they are at present."""

    def __init__(self, settings: Settings) -> None:
        codes = parse_codes(settings.codes)
        self.settings = settings
        self.book = CodeBook(codes)
        self.switchboard: Switchboard = MemorySwitchboard(CodePool(codes, random=random.SystemRandom()))
        self.voices = Voices(
            settings.voice,
            speak_url=settings.deepgram_speak_url,
            deepgram_key=settings.deepgram_api_key.get_secret_value(),
        )
        self.voices.keep(settings.fixed_prompts())
        self.calls = Visitors[Call]()
        self.games = Games(
            self.switchboard,
            settings.twilio_phone_number,
            away_seconds=settings.away_seconds,
            game_queue=settings.game_queue,
        )
        self.ending = False
        self._number_key = secrets.token_bytes(32)

    async def serve_game(self, socket: RawWebsocket) -> None:
        await self.games.serve(socket)

    async def serve_call(self, socket: RawWebsocket) -> None:
        if self.ending:
            await socket.refuse()
            return
        settings = self.settings
        listener = Listener(
            settings.deepgram_url,
            settings.deepgram_api_key.get_secret_value(),
            final_seconds=settings.final_seconds,
            reconnect_seconds=settings.reconnect_seconds,
            stall_seconds=settings.stall_seconds,
        )
        limits = CallLimits(settings.wrong_codes, settings.code_seconds, settings.drain_seconds)
        call = Call(
            socket,
            self.switchboard,
            self.book,
            listener,
            self.voices,
            settings,
            Interruption(settings.interrupt, settings.interrupt_words),
            limits,
            self._known_as,
        )
        with self.calls.present(call):
            await call.run()

    def end_nowait(self) -> None:
        """Ends every call, with a spoken goodbye where there is a voice, and every game. Lets nobody in any more."""
        if self.ending:
            return
        self.ending = True
        for call in self.calls:
            call.end_nowait(Ended.SHUTDOWN)
        self.games.leave_nowait(SeatClosed.SHUTDOWN)

    def _known_as(self, number: str) -> str:
        """With a key of this process: there are too few phone numbers for a hash alone to hide one."""
        return hashlib.blake2b(number.encode(), key=self._number_key, digest_size=16).hexdigest()

    async def wait_until_empty(self) -> None:
        await self.calls.wait_until_empty()
        await self.games.wait_until_empty()


@contextmanager
def _errors_logged() -> Iterator[None]:
    """Hypercorn loses an error that comes together with a cancellation."""
    try:
        yield
    except Exception:
        log.exception("error of ours; the connection ends")
        raise


class WebsocketMiddleware:
    """Takes `/game` and `/twilio` out before Quart sees them; see `asgi`."""

    def __init__(self, quart: Any, phonegame: PhoneGame) -> None:
        self._quart = quart
        self._phonegame = phonegame
        self._routes = {"/game": phonegame.serve_game, "/twilio": phonegame.serve_call}

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] == "websocket" and (serve := self._routes.get(scope["path"])) is not None:
            await self._serve(serve, RawWebsocket(scope, receive, send))
        else:
            await self._quart(scope, receive, send)

    async def _serve(self, serve: Callable[[RawWebsocket], Awaitable[None]], socket: RawWebsocket) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._end_with_server, socket)
            with _errors_logged():
                await serve(socket)
            nursery.cancel_scope.cancel()

    async def _end_with_server(self, socket: RawWebsocket) -> None:
        """For hypercorn's own command: the end of the ASGI lifespan comes only after all connections have ended."""
        await socket.server_terminated()
        self._phonegame.end_nowait()


def create_app(settings: Settings | None = None) -> QuartTrio:
    """Raises `SettingsError` where the environment's settings cannot be used.

    Under hypercorn's own command calls and games are told of its end too, but have its `--graceful-timeout`, three
    seconds unless set, for it: what is not spoken by then is cut off.
    """
    settings = settings or Settings.load()
    set_up_logs(settings.log, settings.log_level)
    hypercorn_trio.install()
    phonegame = PhoneGame(settings)

    app = QuartTrio("phonegame")
    app.extensions["phonegame"] = phonegame
    app.asgi_app = WebsocketMiddleware(app.asgi_app, phonegame)  # type: ignore[method-assign]

    @app.get("/game")
    @app.get("/twilio")
    async def no_websocket() -> tuple[str, int, dict[str, str]]:
        return "Connect with a websocket: ws:// or wss://.\n", 426, {"Upgrade": "websocket"}

    @app.get("/asyncapi.json")
    async def asyncapi_document() -> dict[str, Any]:
        return asyncapi(request.host, "wss" if request.scheme == "https" else "ws")

    @app.before_serving
    async def start_voices() -> None:
        await app.nursery.start(phonegame.voices.run)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    return app
