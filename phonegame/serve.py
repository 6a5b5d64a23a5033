"""`phonegame serve`: the application under hypercorn's trio worker."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
import structlog
import trio
from hypercorn.trio import serve as hypercorn_serve

from phonegame.access import require_locks
from phonegame.app import PhoneGame, create_app
from phonegame.garbage import spare_what_is_loaded
from phonegame.groups import leaves
from phonegame.hypercorn_trio import CallConfig
from phonegame.logs import masked
from phonegame.settings import NO_NUMBER, Settings, SettingsError
from phonegame.speak.voice import SpeakError
from phonegame.stop_signals import run_until_stopped

MAX_MESSAGE_BYTES = 128 * 1024
"""Hypercorn closes what is longer. The routes have narrower limits, and give reasons."""
PING_SECONDS = 10
SHUTDOWN_SECONDS = 12
"""For goodbyes to be spoken and last words to come through; then hypercorn cancels what is left."""

MAX_DESCRIPTORS = (65536, 10240)
"""A call has four: two sockets, each with a second descriptor. macOS may refuse the larger number."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def hypercorn_config(settings: Settings) -> CallConfig:
    config = CallConfig()
    config.bind = [settings.proxy_url]
    if settings.tls:
        config.certfile = str(settings.cert_pem)
        config.keyfile = str(settings.key_pem)
    config.handshake_seconds = config.ssl_handshake_timeout = settings.handshake_seconds
    config.body_seconds = settings.body_seconds
    config.keep_alive_timeout = settings.idle_seconds
    config.websocket_max_message_size = MAX_MESSAGE_BYTES
    config.websocket_ping_interval = PING_SECONDS
    config.graceful_timeout = 3
    config.include_server_header = False
    # phonegame says itself where it listens; hypercorn's errors go the way of all logs
    config.errorlog = logging.getLogger("hypercorn.error")
    config.errorlog.setLevel(logging.WARNING)
    return config


def raise_descriptor_limit() -> None:
    """As far as a process may by itself: the usual 1024 are 250 calls. Windows has no such limit."""
    if sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        for number in MAX_DESCRIPTORS:
            wanted = number if hard == resource.RLIM_INFINITY else min(number, hard)
            if soft == resource.RLIM_INFINITY or soft >= wanted:
                return
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
                return


class CannotListen(Exception):
    """The address is taken, not of this machine, or not allowed."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `addresses` are its URLs, such as http://127.0.0.1:5000."""

    addresses: list[str]
    phonegame: PhoneGame


async def run_server(
    settings: Settings,
    wait_for_stop: Callable[[], Awaitable[None]],
    *,
    task_status: trio.TaskStatus[Server] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serves until `wait_for_stop` returns, then ends calls and games in order. Raises `CannotListen`, in a group."""
    raise_descriptor_limit()
    app = create_app(settings)
    phonegame: PhoneGame = app.extensions["phonegame"]

    async def told_to_stop() -> None:
        await wait_for_stop()
        log.info("stopping", calls=len(phonegame.calls), games=len(phonegame.games))
        phonegame.end_nowait()
        with trio.move_on_after(SHUTDOWN_SECONDS):
            await phonegame.wait_until_empty()

    async with trio.open_nursery() as nursery:
        addresses: list[str]
        try:
            addresses = await nursery.start(
                partial(hypercorn_serve, app, hypercorn_config(settings), shutdown_trigger=told_to_stop, mode="asgi")
            )
        except* OSError as group:
            why = leaves(group)[0]
            raise CannotListen(f"PROXY_URL: cannot listen at {settings.proxy_url}: {why}") from why
        known = settings.twilio_phone_number != NO_NUMBER
        number = masked(settings.twilio_phone_number) if known else "none: callers use `phonegame call`"
        log.info("listening", at=" ".join(addresses), number=number)
        task_status.started(Server(addresses, phonegame))


async def serve_for_good(settings: Settings, wait_for_stop: Callable[[], Awaitable[None]]) -> None:
    """As what this process is there for."""
    async with trio.open_nursery() as nursery:
        await nursery.start(run_server, settings, wait_for_stop)
        spare_what_is_loaded()


@click.command()
@click.option(
    "--character",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Callers talk to this character: no code, no game.  [default: PHONEGAME_CHARACTER]",
)
@click.option("--insecure", is_flag=True, help="Start even though a key is missing that would lock a door.")
def serve(insecure: bool, character: Path | None) -> None:
    """Run the server that patches phone calls into games.

    Settings come from environment variables and from a file .env in this folder; the README lists them.
    """
    try:
        given = {"insecure": insecure or None, "character": character}
        settings = Settings.load(**{name: value for name, value in given.items() if value is not None})
        require_locks(settings)
    except SettingsError as error:
        raise SystemExit(str(error)) from None
    try:
        trio.run(run_until_stopped, partial(serve_for_good, settings))
    except* (SpeakError, CannotListen, SettingsError) as group:
        raise SystemExit("\n".join(str(error) for error in leaves(group))) from None
